import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createHookedServer, hookBundle } from '../helpers/hooked-server.ts';
import { createRepo, isolatedEnv } from '../helpers/temp-repo.ts';
import type { TempRepo } from '../helpers/temp-repo.ts';

interface Run {
  readonly status: number;
  readonly stderr: string;
}

/** Runs the installed hook as git does, or its bundle without the shim, on objects that the repository has and no ref reaches. */
async function runHook(
  repo: TempRepo,
  input: string,
  options: { env?: NodeJS.ProcessEnv; deaf?: boolean; bare?: boolean } = {},
): Promise<Run> {
  const { env = { GIT_DIR: '.' }, deaf = false, bare = false } = options;
  const [program, ...args] = bare
    ? [process.execPath, join(await hookBundle(), 'hook.cjs')]
    : [join(repo.gitDir, 'hooks/pre-receive')];
  const child = spawn(program, args, {
    cwd: repo.gitDir,
    env: isolatedEnv(env),
    stdio: 'pipe',
  });
  let stderr = '';
  if (deaf) child.stderr.destroy();
  else child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  child.stdout.resume();
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const status = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  return { status, stderr };
}

/** A server, and lines of input for a commit with `text` that is there and reached by no ref. */
async function withCommit(text: string, config?: string): Promise<{ server: TempRepo; line: string }> {
  const server = await createHookedServer(createRepo(), config === undefined ? {} : { config });
  const oid = server.commitTree(server.makeTree([{ mode: '100644', name: 'a.txt', oid: server.hashObject(text) }]));
  return { server, line: `${'0'.repeat(40)} ${oid} refs/heads/main\n` };
}

const LEAK = `token = ${fakeGithubPat('hook-process')}\n`;

describe('the hook process', () => {
  it('ends with 0 for a clean push and 1 for one with a secret', async () => {
    const clean = await withCommit('clean\n');
    assert.deepEqual(await runHook(clean.server, clean.line), { status: 0, stderr: '' });
    const leak = await withCommit(LEAK);
    const { status, stderr } = await runHook(leak.server, leak.line);
    assert.equal(status, 1, stderr);
  });

  // Something is in the way of the compiled form, as a full disk would be.
  it('leaves nothing behind of what it could not keep for the next push', async () => {
    const { server, line } = await withCommit('clean\n');
    const folder = join(server.gitDir, 'leakgate');
    mkdirSync(join(folder, 'hook.code'));
    assert.deepEqual(await runHook(server, line), { status: 0, stderr: '' });
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('reads no certificates, and says nothing of those it cannot read', async () => {
    const { server, line } = await withCommit('clean\n');
    const env = { GIT_DIR: '.', NODE_EXTRA_CA_CERTS: '/no/such/bundle.pem' };
    assert.deepEqual(await runHook(server, line, { env }), { status: 0, stderr: '' });
    const { stderr } = await runHook(server, line, { env, bare: true });
    assert.match(stderr, /extra certs/, 'node itself would have said so');
  });

  it('keeps its verdict when nobody listens', async () => {
    const leak = await withCommit(LEAK);
    assert.equal((await runHook(leak.server, leak.line, { deaf: true })).status, 1);
    const warned = await withCommit(LEAK, 'settings: { hook: { mode: warn } }\n');
    assert.equal((await runHook(warned.server, warned.line, { deaf: true })).status, 0);
  });

  it('accepts deletions without asking git', async () => {
    const server = await createHookedServer(createRepo());
    const line = `${'a'.repeat(40)} ${'0'.repeat(40)} refs/heads/gone\n`;
    assert.deepEqual(await runHook(server, line, { env: { GIT_DIR: '.', PATH: '/nowhere' } }), {
      status: 0,
      stderr: '',
    });
  });

  it('accepts no input at all, which names no ref', async () => {
    const server = await createHookedServer(createRepo());
    assert.deepEqual(await runHook(server, ''), { status: 0, stderr: '' });
  });

  const FAILURES: Readonly<
    Record<
      string,
      { readonly input: (line: string) => string; readonly env?: NodeJS.ProcessEnv; readonly says: RegExp }
    >
  > = {
    'input that is not git’s': { input: () => 'hello\n', says: /HOOK_INPUT: line 1 of the hook's input/ },
    'a second line that is not git’s': { input: (line) => `${line}x\n`, says: /HOOK_INPUT: line 2/ },
    'ids of the wrong length': {
      input: () => `${'0'.repeat(64)} ${'a'.repeat(64)} refs/heads/main\n`,
      says: /HOOK_INPUT|GIT_FAILED|sha256/,
    },
    'no GIT_DIR': { input: (line) => line, env: { GIT_DIR: undefined }, says: /HOOK_INPUT: GIT_DIR is not set/ },
    'no git': {
      input: (line) => line,
      env: { GIT_DIR: '.', PATH: '/nowhere' },
      says: /GIT_FAILED: git cannot be started/,
    },
    'no repository': { input: (line) => line, env: { GIT_DIR: '/nowhere' }, says: /refused/ },
    'a key that others can read': {
      input: (line) => line,
      env: { GIT_DIR: '.', LEAKGATE_KEY_FILE: '/etc/hostname' },
      says: /KEY_INVALID/,
    },
    'a configuration that is not there': {
      input: (line) => line,
      env: { GIT_DIR: '.', LEAKGATE_CONFIG: '/nowhere.yml' },
      says: /CONFIG_INVALID/,
    },
    'too many push options': {
      input: (line) => line,
      env: { GIT_DIR: '.', GIT_PUSH_OPTION_COUNT: '99999999' },
      says: /HOOK_INPUT/,
    },
  };
  for (const [what, { input, env, says }] of Object.entries(FAILURES)) {
    it(`refuses with 2 and says why: ${what}`, async () => {
      const { server, line } = await withCommit('clean\n');
      const bare = env?.['LEAKGATE_CONFIG'] !== undefined;
      const { status, stderr } = await runHook(server, input(line), { bare, ...(env === undefined ? {} : { env }) });
      assert.equal(status, 2, stderr);
      assert.match(stderr, /^error: Leakgate could not check (?:all of )?this push, so it is refused\.$/m);
      assert.match(stderr.replaceAll('\nerror: ', ' '), says);
      assert.match(stderr, /^hint: /m);
      assert.doesNotMatch(stderr, /\n {4}at /, 'no stack trace');
    });
  }
});
