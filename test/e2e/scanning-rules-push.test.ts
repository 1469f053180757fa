/** Rules, allowlists and exemptions that were sent to Bitbucket's interface, met by the next push. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { createPolicyService } from '../../src/server/create-policy-service.ts';
import { createScanningRule } from '../../src/store/scanning-rules.ts';
import { loadFingerprintKey } from '../../src/keyring/fingerprint-key.ts';
import { installInto } from '../helpers/hooked-server.ts';
import { startApp } from '../helpers/start-app.ts';
import type { StartedApp } from '../helpers/start-app.ts';
import { isolatedEnv } from '../helpers/temp-repo.ts';

const OWN = '/projects/PRJ/repos/app/secret-scanning';
let server: StartedApp;

async function call(method: 'POST' | 'PUT' | 'DELETE', path: string, payload?: object): Promise<void> {
  const url = `/rest/api/latest${path}`;
  const answer = await server.app.inject({
    method,
    url,
    headers: server.admin,
    ...(payload === undefined ? {} : { payload }),
  });
  assert.ok(answer.statusCode < 300, answer.body);
}

/** Pushes a file on top of the branch; what the hook says, or undefined when it let the push through. */
function push(path: string, text: string): string | undefined {
  const { checkout } = server;
  const { accepted, stderr } = checkout.write(path, text).commit(`add ${path}`).push('main');
  if (!accepted) checkout.git('reset', '-q', '--hard', 'HEAD~1');
  return accepted ? undefined : stderr;
}

before(async () => {
  server = await startApp();
  const { store, dataDir } = server.context;
  const config = join(dataDir, 'global.yml');
  writeFileSync(config, '');
  const fingerprintKeyFile = join(dataDir, 'key');
  await loadFingerprintKey({ env: isolatedEnv({ LEAKGATE_KEY_FILE: fingerprintKeyFile }) });
  const policies = createPolicyService({
    ...{ store, dataDir, now: Date.now, log: { info: () => {}, warn: () => {}, error: () => {} } },
    ...{ fingerprintKeyFile, systemFolder: join(dataDir, 'none') },
    env: isolatedEnv({ LEAKGATE_CONFIG: config }),
  });
  Object.assign(server.context.policies, policies);
  await installInto(server.origin);
  const rule = { name: '', lineRegex: null, pathRegex: null };
  for (const [scope, content] of [
    [
      { scope: 'GLOBAL', resourceId: 0 },
      { ...rule, name: 'Token at the end', lineRegex: '\\btok_[0-9]{8}$' },
    ],
    [
      { scope: 'PROJECT', resourceId: server.project.id },
      { ...rule, name: 'Key ring file', pathRegex: '\\.keyring$' },
    ],
    [
      { scope: 'PROJECT', resourceId: server.project.id + 1 },
      { ...rule, name: 'Of another project', lineRegex: 'Nothing' },
    ],
    [
      { scope: 'REPOSITORY', resourceId: server.repository.id },
      { ...rule, name: 'In sources', lineRegex: 'sec_[a-z]{8}', pathRegex: '^src/' },
    ],
  ] as const)
    await createScanningRule(store.db, 'scanningRules', scope, content, 1);
  await call('POST', `${OWN}/rules`, { name: 'Café', lineRegex: '(?i)^clé = [^;]+;' });
});
after(() => server.close());

describe('What was sent to the interface', () => {
  it('is met by the next push: rules of all three scopes, on lines and paths', () => {
    assert.match(push('a.txt', 'x\r\nkey tok_12345678\r\ny\r\n') ?? '', /Token at the end/);
    assert.match(push('b.keyring', 'anything\n') ?? '', /Key ring file/);
    assert.match(push('src/c.txt', 'sec_abcdefgh\n') ?? '', /In sources/);
    assert.match(push('d.txt', 'CLé = ab\nclé = something long;\n') ?? '', /Café/);
  });

  it('lets through what no rule means', () => {
    assert.equal(push('e.txt', 'tok_12345678 and more\n'), undefined);
    assert.equal(push('docs/f.txt', 'sec_abcdefgh\n'), undefined);
    assert.equal(push('g.txt', 'Nothing\nclé = \nab;\n'), undefined);
  });

  it('excuses by the allowlist what the line pattern covers, where the path matches', async () => {
    await call('POST', '/projects/PRJ/secret-scanning/allowlist', {
      name: 'Samples',
      lineRegex: '# sample: tok_\\d+',
      pathRegex: '^samples/',
    });
    assert.equal(push('samples/a.txt', '# sample: tok_11111111\n'), undefined);
    assert.match(push('other/a.txt', '# sample: tok_11111111\n') ?? '', /Token at the end/);
    assert.match(push('samples/b.txt', '# sample: tok_11111111 tok_22222222\n') ?? '', /Token at the end/);
  });

  it('is left out for as long as the repository is exempt', async () => {
    await call('PUT', `${OWN}/exempt`);
    assert.equal(push('h.txt', 'tok_33333333\n'), undefined);
    await call('DELETE', `${OWN}/exempt`);
    assert.match(push('i.txt', 'tok_44444444\n') ?? '', /Token at the end/);
  });
});
