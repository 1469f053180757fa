import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockTimeoutError, withFileLock } from '../../src/util/file-lock.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = createTempFolder();
  path = join(folder, 'file');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('withFileLock', () => {
  it('runs one work at a time and gives its result', async () => {
    let running = 0;
    let most = 0;
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        withFileLock(path, async () => {
          most = Math.max(most, ++running);
          await sleep(2);
          running--;
          return i;
        }),
      ),
    );
    assert.equal(most, 1);
    assert.deepEqual(
      results,
      Array.from({ length: 10 }, (_, i) => i),
    );
    assert.deepEqual(readdirSync(folder), []);
  });

  it('lets go when the work fails', async () => {
    await assert.rejects(
      withFileLock(path, () => Promise.reject(new Error('broken'))),
      /broken/,
    );
    assert.equal(await withFileLock(path, async () => 'next'), 'next');
  });

  it('takes over from a process that died', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    writeFileSync(`${path}.lock`, `${pid} ${hostname()} abc\n`);
    const runs = await Promise.all(Array.from({ length: 5 }, () => withFileLock(path, async () => 1)));
    assert.equal(runs.length, 5);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('waits for a holder that runs or is on another machine, and then names it', async () => {
    for (const holder of [`${process.pid} ${hostname()} abc`, '1 elsewhere.example abc']) {
      writeFileSync(`${path}.lock`, `${holder}\n`);
      const failed = withFileLock(path, async () => {}, { timeoutMs: 50 });
      await assert.rejects(
        failed,
        (error) => error instanceof LockTimeoutError && error.message.includes(`process ${holder.split(' ')[0]} on`),
      );
      assert.ok(existsSync(`${path}.lock`));
    }
  });

  it('stops waiting when told to', async () => {
    writeFileSync(`${path}.lock`, '1 elsewhere.example abc\n');
    await assert.rejects(
      withFileLock(path, async () => {}, { signal: AbortSignal.timeout(20) }),
      { name: /AbortError|TimeoutError/ },
    );
  });
});
