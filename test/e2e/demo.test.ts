import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

describe('the demo of the README', () => {
  it(
    'shows a push that passes and one that is refused',
    { skip: !existsSync(join(ROOT, 'dist/cli.js')) && 'dist/ is not built' },
    () => {
      const { status, stdout } = spawnSync('npm', ['run', '--silent', 'demo'], { cwd: ROOT, encoding: 'utf8' });
      assert.equal(status, 0, stdout);
      assert.match(stdout, /\[new branch\] +main -> main/);
      assert.match(stdout, /\[remote rejected\] main -> main \(pre-receive hook declined\)/);
      assert.match(stdout, /1 secret found/);
    },
  );
});
