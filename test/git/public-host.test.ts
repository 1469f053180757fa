import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseCloneUrl } from '../../src/git/clone-url.ts';
import { cloneRepository } from '../../src/git/clone.ts';
import { updateMirror } from '../../src/git/mirror.ts';
import { isPrivateHost, pinPublicHost } from '../../src/git/public-host.ts';
import { createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';

const env = isolatedEnv();
const resolvesTo =
  (...addresses: readonly string[]) =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address })));
const unknown = () => Promise.reject(new Error('ENOTFOUND'));

describe('a mirror of public hosts only', () => {
  for (const url of [
    'https://127.0.0.1/a.git',
    'https://2130706433/a.git',
    'https://0x7f.1/a.git',
    'https://%31%32%37.0.0.1/a.git',
    'https://127.0.0.1%2e/a.git',
    'https://[::1]/a.git',
    'https://[::ffff:10.0.0.1]/a.git',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost:8443/a.git',
    'https://a.localhost/a.git',
  ])
    it(`refuses ${url}`, async () => {
      const path = join(createTempFolder(), '1.git');
      assert.ok(isPrivateHost(url));
      await assert.rejects(updateMirror(url, path, { env, publicOnly: true }), {
        code: 'TARGET_INVALID',
        message: /private network.*allowPrivateTargets/,
      });
      assert.equal(existsSync(path), false);
    });

  it('judges a name by all addresses it has', async () => {
    const url = 'https://git.example.org/a.git';
    assert.ok(!isPrivateHost(url));
    for (const addresses of [['10.0.0.1'], ['1.1.1.1', '127.0.0.1'], ['1.1.1.1', 'fd00::1']])
      await assert.rejects(
        updateMirror(url, join(createTempFolder(), '1.git'), {
          env,
          publicOnly: true,
          resolve: resolvesTo(...addresses),
        }),
        { code: 'TARGET_INVALID' },
      );
    await assert.rejects(pinPublicHost(parseCloneUrl(url), { resolve: unknown }), { code: 'GIT_FAILED' });
  });

  it('holds git to the addresses that were judged, and to the spelling', async () => {
    const resolve = resolvesTo('1.1.1.1', '2606:4700::1111');
    assert.deepEqual(await pinPublicHost(parseCloneUrl('https://GIT.example.org:8443/a.git'), { resolve }), {
      address: { protocol: 'https', url: 'https://git.example.org:8443/a.git' },
      config: ['http.curloptResolve=git.example.org:8443:1.1.1.1,[2606:4700::1111]'],
    });
    // What the WHATWG reads as a path is a name and password to curl.
    for (const url of ['https://example.org\\@127.0.0.1/', 'https://example.org./a.git'])
      assert.throws(() => parseCloneUrl(url), { code: 'TARGET_INVALID' });
  });

  it('has git connect to what it is held to', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const config = [`http.curloptResolve=git.invalid:${port}:127.0.0.1`];
    await assert.rejects(cloneRepository(`https://git.invalid:${port}/a.git`, { env, config }), { code: 'GIT_FAILED' });
    server.close();
    assert.equal(connections, 1);
  });

  it('leaves names that only a proxy knows to the proxy, and ssh to its keys', async () => {
    const { config } = await pinPublicHost(parseCloneUrl('https://git.example.org/a'), {
      resolve: unknown,
      proxied: true,
    });
    assert.deepEqual(config, []);
    const ssh = parseCloneUrl('git@10.0.0.1:a.git');
    assert.deepEqual(await pinPublicHost(ssh, { resolve: unknown }), { address: ssh, config: [] });
  });
});
