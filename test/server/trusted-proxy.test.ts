import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { runCli } from '../helpers/run-cli.ts';
import { bearer, startApp, type Headers, type Role, type StartedApp } from '../helpers/start-app.ts';

let server: StartedApp;
before(async () => {
  server = await startApp({ services: { trustedProxies: ['10.0.0.0/8'] } });
});
after(() => server.close());

const ask = (headers: Headers, from: string, forwarded: string) =>
  server.app.inject({
    url: '/rest/api/latest/groups',
    headers: { ...headers, 'x-forwarded-for': forwarded },
    remoteAddress: from,
  });
const get = (role: Role, from: string, forwarded: string) => ask(server.user(role), from, forwarded);
const guess = async (from: string, forwarded: (count: number) => string): Promise<void> => {
  for (let i = 0; i < 50; i++) await ask(bearer(`wrong-${i}`), from, forwarded(i));
};

describe('behind a proxy that is trusted', () => {
  it('one client that guesses is shut out, and the others are not', async () => {
    await guess('10.0.0.1', () => '198.51.100.7');
    assert.equal((await get('repoRead', '10.0.0.1', '198.51.100.7')).statusCode, 429);
    assert.equal((await get('repoRead', '10.0.0.1', '198.51.100.8')).statusCode, 200);
    // What a client writes in front is not the proxy's word.
    assert.equal((await get('repoWrite', '10.0.0.1', '203.0.113.1, 198.51.100.7')).statusCode, 429);
  });

  it('what others say of themselves is not believed', async () => {
    await guess('192.0.2.1', (count) => `198.51.100.${100 + count}`);
    assert.equal((await get('repoAdmin', '192.0.2.1', '198.51.100.9')).statusCode, 429);
  });
});

describe('--trusted-proxy', () => {
  it('takes addresses and networks only', async () => {
    for (const wrong of ['proxy.example.org', '10.0.0.0/33']) {
      const { status, stderr } = await runCli(['serve', '--port', '0', '--trusted-proxy', wrong]);
      assert.equal(status, 2, wrong);
      assert.match(stderr, /a trusted proxy is an IP address or a network/);
    }
  });
});
