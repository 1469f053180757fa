import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runCli } from '../helpers/run-cli.ts';

describe('this project', () => {
  it('holds no secret, by its own judgement', async () => {
    const { status, stdout } = await runCli(['scan', '.', '--gitignore'], { cwd: join(import.meta.dirname, '../..') });
    assert.equal(status, 0, stdout);
  });
});
