import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hardenedEnv } from '../../src/git/environment.ts';
import { openRepository } from '../../src/git/repository.ts';
import { readOutput, runGit, spawnAskedGit, spawnGit, throwIfAborted } from '../../src/git/spawn.ts';
import { LeakgateError } from '../../src/model/errors.ts';
import { createRepo, createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';

const env = isolatedEnv();

describe('runGit', () => {
  it('returns what git printed, and takes exit codes that are answers', async () => {
    const repo = await openRepository(createRepo().write('a', 'a').commit().path, { env });
    assert.equal((await runGit(repo, ['rev-parse', '--is-bare-repository'])).stdout.toString(), 'false\n');
    assert.equal((await runGit(repo, ['symbolic-ref', '-q', 'NOSUCH'], { accept: [1, 128] })).status > 0, true);
  });

  it('fails with the command and with words of git that are safe to print', async () => {
    const repo = await openRepository(createRepo().path, { env });
    await assert.rejects(runGit(repo, ['rev-parse', '--verify', 'esc\u001b[31m\u202e']), (error: Error) => {
      assert.match(error.message, /^git rev-parse ended with 128: fatal: /);
      assert.ok(!/[\u0000-\u001f\u202e]/.test(error.message));
      return (error as LeakgateError).code === 'GIT_FAILED';
    });
  });

  it('keeps only the beginning of what git says on its way down', async () => {
    const repo = await openRepository(createRepo().path, { env });
    const noise = Array.from({ length: 2000 }, (_, i) => `refs/heads/none-${i}`);
    await assert.rejects(
      runGit(repo, ['show-ref', '--verify', ...noise]),
      (error: Error) => error.message.length < 5000,
    );
    await assert.rejects(runGit(repo, ['log', '--no-such-option']), (error: Error) => error.message.length < 5000);
  });

  it('refuses more output than was asked for', async () => {
    const repo = await openRepository(createRepo().write('a', 'x'.repeat(100_000)).commit().path, { env });
    await assert.rejects(runGit(repo, ['cat-file', 'blob', 'HEAD:a'], { maxBytes: 1000 }), {
      code: 'GIT_FAILED',
      message: /more than 1000 bytes/,
    });
  });

  it('says so when git is not there', async () => {
    const place = { gitDir: createTempFolder(), env: { ...hardenedEnv(env), PATH: createTempFolder() } };
    await assert.rejects(runGit(place, ['version']), { code: 'GIT_FAILED', message: /installed and on PATH/ });
  });
});

describe('runGit in a file', () => {
  it('says that it is one, whoever asks, and shows a name with control characters safely', async () => {
    const file = join(createTempFolder(), 'esc\u001b[31m');
    writeFileSync(file, '');
    const mistake = { code: 'TARGET_INVALID', message: /esc.*\[31m is a file, not a repository$/ };
    await assert.rejects(runGit({ gitDir: file, env: hardenedEnv(env) }, ['version']), mistake);
    await assert.rejects(openRepository(file, { env }), mistake);
    await assert.rejects(openRepository(file, { env }), (error: Error) => !error.message.includes('\u001b'));
  });
});

describe('spawnGit', () => {
  it('ends git when it is cancelled, also while git waits for input', async () => {
    const repo = await openRepository(createRepo().path, { env });
    const stop = new AbortController();
    const git = spawnAskedGit(repo, ['cat-file', '--batch'], { signal: stop.signal });
    stop.abort();
    const exit = await git.exit;
    assert.deepEqual([exit.status, exit.signal], [undefined, 'SIGKILL']);
    assert.throws(() => spawnGit(repo, ['version'], { signal: stop.signal }), { code: 'SCAN_CANCELLED' });
  });

  it('survives a git that does not read its input', async () => {
    const repo = await openRepository(createRepo().path, { env });
    const git = spawnGit(repo, ['version'], { input: Buffer.alloc(10_000_000) });
    git.stdout.resume();
    assert.equal((await git.exit).status, 0);
  });
});

describe('spawnGit where no more files can be opened', () => {
  it('fails like any git that cannot be started, and does not end the process', () => {
    const program = `
      const { openSync } = await import('node:fs');
      const { runGit } = await import(${JSON.stringify(new URL('../../src/git/spawn.ts', import.meta.url).href)});
      const place = { gitDir: '/', env: process.env };
      await runGit(place, ['version']);
      try { for (;;) openSync('/dev/null'); } catch {}
      await runGit(place, ['version']).catch(({ code, message }) => console.log(code, message));
      setTimeout(() => console.log('alive'), 50);`;
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', program];
    const { stdout } = spawnSync('sh', ['-c', 'ulimit -n 200 && exec "$@"', 'sh', ...node], { encoding: 'utf8' });
    assert.equal(stdout, 'GIT_FAILED git cannot be started: too many files are open\nalive\n');
  });
});

describe('readOutput', () => {
  it('hands over what git prints and says how it ended', async () => {
    const repo = await openRepository(createRepo().path, { env });
    const chunks: Buffer[] = [];
    const exit = await readOutput(spawnGit(repo, ['rev-parse', '--is-bare-repository', 'NOSUCH']), (chunk) =>
      chunks.push(chunk),
    );
    assert.match(Buffer.concat(chunks).toString(), /^false\n/);
    assert.equal(exit.status, 128);
  });

  it('ends git when its output is refused', async () => {
    const repo = await openRepository(createRepo().path, { env });
    const git = spawnAskedGit(repo, ['cat-file', '--batch']);
    git.stdin.write('HEAD\n');
    const refuse = (): void => {
      throw new LeakgateError('GIT_FAILED', 'too long');
    };
    await assert.rejects(readOutput(git, refuse), { message: 'too long' });
    assert.equal((await git.exit).signal, 'SIGKILL');
  });

  it('fails when the output breaks off', async () => {
    const repo = await openRepository(createRepo().path, { env });
    const git = spawnGit(repo, ['version']);
    git.stdout.destroy(new Error('pulled out'));
    await assert.rejects(
      readOutput(git, () => {}),
      { code: 'GIT_FAILED', message: /cannot be read: pulled out/ },
    );
  });
});

describe('throwIfAborted', () => {
  it('keeps a reason of ours and says cancelled for any other', () => {
    throwIfAborted(undefined);
    throwIfAborted(new AbortController().signal);
    assert.throws(() => throwIfAborted(AbortSignal.abort(new LeakgateError('SCAN_DEADLINE', 'late'))), {
      code: 'SCAN_DEADLINE',
    });
    assert.throws(() => throwIfAborted(AbortSignal.abort(new Error('other'))), { code: 'SCAN_CANCELLED' });
  });
});
