import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_TOKEN, serve } from '../helpers/server-process.ts';
import { basic, bearer } from '../helpers/start-app.ts';
import { createRepo, createTempFolder } from '../helpers/temp-repo.ts';

/** A server that is not told the administrator's token. */
const NO_TOKEN = { LEAKGATE_ADMIN_TOKEN: undefined };

describe('leakgate serve', () => {
  it('makes its folder and an administrator, serves, ends in order, and comes back with everything', async () => {
    const dataDir = join(createTempFolder(), 'data');
    const repo = createRepo({ bare: true });
    const first = await serve({ dataDir, env: NO_TOKEN });
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

    const second = await serve({ dataDir, env: NO_TOKEN });
    assert.equal(await second.ended, 2);
    assert.match(second.stderr(), /another server has the database/);

    assert.equal(await first.stop(), 0, first.stderr());
    assert.match(first.stderr(), /stopping; scans that run may finish/);
    assert.ok(!first.stderr().includes(token));
    assert.ok(!readFileSync(join(dataDir, 'leakgate.db')).includes(token));

    const again = await serve({ dataDir, env: NO_TOKEN });
    assert.doesNotMatch(again.stdout(), /password is/);
    const shown = await fetch(`${again.url}/rest/api/latest/projects/PRJ/repos/app`, { headers: bearer(token) });
    assert.equal(shown.status, 200);
    assert.equal(await again.stop(), 0);
  });

  it('answers a request that had begun when it was told to end, however slowly it comes, and keeps no idle connection', async () => {
    const dataDir = join(createTempFolder(), 'data');
    const server = await serve({ dataDir });
    const { hostname, port } = new URL(server.url);
    const open = async (): Promise<Socket> => {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      return socket;
    };
    const body = JSON.stringify({ key: 'SLOW', name: 'Sent in two parts' });
    const head = [
      'POST /rest/api/latest/projects HTTP/1.1',
      `Host: ${hostname}`,
      `Authorization: Bearer ${ADMIN_TOKEN}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ].join('\r\n');
    const silent = await open();
    const slow = await open();
    const [silentClosed, slowClosed] = [once(silent, 'close'), once(slow, 'close')];
    let answer = '';
    slow.on('data', (part) => (answer += String(part)));
    slow.write(`${head}\r\n\r\n${body.slice(0, 10)}`);
    await sleep(500);
    const told = performance.now();
    const ended = server.stop();
    await silentClosed;
    // Longer than the five seconds after which such requests used to be cut off.
    await sleep(6000);
    slow.write(body.slice(10));
    await slowClosed;
    assert.match(answer, /^HTTP\/1\.1 201 /);
    assert.match(answer, /"key":"SLOW"/);
    assert.equal(await ended, 0, server.stderr());
    assert.ok(performance.now() - told < 25_000, 'it does not wait for what has been answered');
  });

  it('takes the token of a script, and does not repeat it', async () => {
    const dataDir = join(createTempFolder(), 'data');
    const token = randomBytes(20).toString('hex');
    const server = await serve({ dataDir, env: { LEAKGATE_ADMIN_TOKEN: token } });
    assert.ok(!server.stdout().includes(token));
    const answer = await fetch(`${server.url}/rest/api/latest/admin/users`, { headers: basic('admin', token) });
    assert.equal(answer.status, 200);
    assert.equal(await server.stop(), 0);
  });

  it('refuses a token that could be guessed, a folder that others can read, and a port that is none', async () => {
    const dataDir = join(createTempFolder(), 'data');
    const weak = await serve({ dataDir, env: { LEAKGATE_ADMIN_TOKEN: 'short' } });
    assert.equal(await weak.ended, 2);
    assert.match(weak.stderr(), /LEAKGATE_ADMIN_TOKEN/);
    const open = createTempFolder();
    chmodSync(open, 0o755);
    const exposed = await serve({ dataDir: open, env: NO_TOKEN });
    assert.equal(await exposed.ended, 2);
    assert.match(exposed.stderr(), /open to others .*mode 0755/);
    assert.ok(!existsSync(join(open, 'leakgate.db')));
  });
});
