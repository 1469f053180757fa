import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { basic, bearer } from '../helpers/start-app.ts';
import { createRepo, createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';

const ROOT = join(import.meta.dirname, '../..');

interface Server {
  readonly child: ChildProcess;
  readonly url: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<number | null>;
}

/** `leakgate serve` as its users start it; resolves when it says where it listens, or has ended. */
async function serve(dataDir: string, env: Readonly<Record<string, string>> = {}): Promise<Server> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(ROOT, 'src/cli.ts'), 'serve', '--port', '0', '--data-dir', dataDir],
    {
      cwd: ROOT,
      env: { ...isolatedEnv(), LEAKGATE_KEY_FILE: join(dataDir, '../fingerprint.key'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (part) => (stderr += String(part)));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const listening = new Promise<void>((resolve) => {
    child.stdout.on('data', (part) => {
      stdout += String(part);
      if (/listens at /.test(stdout)) resolve();
    });
  });
  await Promise.race([listening, ended]);
  return { child, url: /listens at (\S+)/.exec(stdout)?.[1] ?? '', stdout: () => stdout, stderr: () => stderr, ended };
}

describe('leakgate serve', () => {
  it('makes its folder and an administrator, serves, ends in order, and comes back with everything', async () => {
    const dataDir = join(createTempFolder(), 'data');
    const repo = createRepo({ bare: true });
    const first = await serve(dataDir);
    assert.match(first.url, /^http:\/\/127\.0\.0\.1:\d+$/, first.stderr());
    for (const part of ['engine', 'git', 'store', 'queue', 'hooks'])
      assert.match(first.stdout(), new RegExp(`^${part} +ok`, 'm'));
    const token = /password is (\S+)/.exec(first.stdout())?.[1] ?? '';
    assert.equal(statSync(dataDir).mode & 0o777, 0o700);
    const send = (url: string, body: object, headers: Readonly<Record<string, string>>) =>
      fetch(`${first.url}${url}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    assert.equal((await send('/rest/api/latest/projects', { key: 'PRJ' }, bearer(token))).status, 201);
    const place = { name: 'app', path: repo.path };
    assert.equal((await send('/rest/api/latest/projects/PRJ/repos', place, basic('admin', token))).status, 201);

    const second = await serve(dataDir);
    assert.equal(await second.ended, 2);
    assert.match(second.stderr(), /another server has the database/);

    first.child.kill('SIGTERM');
    assert.equal(await first.ended, 0, first.stderr());
    assert.match(first.stderr(), /stopping; scans that run may finish/);
    assert.ok(!first.stderr().includes(token));
    assert.ok(!readFileSync(join(dataDir, 'leakgate.db')).includes(token));

    const again = await serve(dataDir);
    assert.doesNotMatch(again.stdout(), /password is/);
    const shown = await fetch(`${again.url}/rest/api/latest/projects/PRJ/repos/app`, { headers: bearer(token) });
    assert.equal(shown.status, 200);
    again.child.kill('SIGTERM');
    assert.equal(await again.ended, 0);
  });

  it('takes the token of a script, and does not repeat it', async () => {
    const dataDir = join(createTempFolder(), 'data');
    const token = randomBytes(20).toString('hex');
    const server = await serve(dataDir, { LEAKGATE_ADMIN_TOKEN: token });
    assert.ok(!server.stdout().includes(token));
    const answer = await fetch(`${server.url}/rest/api/latest/admin/users`, { headers: basic('admin', token) });
    assert.equal(answer.status, 200);
    server.child.kill('SIGTERM');
    assert.equal(await server.ended, 0);
  });

  it('refuses a token that could be guessed, a folder that others can read, and a port that is none', async () => {
    const dataDir = join(createTempFolder(), 'data');
    const weak = await serve(dataDir, { LEAKGATE_ADMIN_TOKEN: 'short' });
    assert.equal(await weak.ended, 2);
    assert.match(weak.stderr(), /LEAKGATE_ADMIN_TOKEN/);
    const open = createTempFolder();
    chmodSync(open, 0o755);
    const exposed = await serve(open);
    assert.equal(await exposed.ended, 2);
    assert.match(exposed.stderr(), /open to others .*mode 0755/);
    assert.ok(!existsSync(join(open, 'leakgate.db')));
  });
});
