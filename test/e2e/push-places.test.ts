/** Secrets that stand at an excluded path and at another one, by names, by folders and by what tags name. Each must not hide the other. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createHookedServer } from '../helpers/hooked-server.ts';
import { createRepo, type PushResult, type TempRepo } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat('push-places');
const EXCLUDED = "allowlists:\n  - { description: fixtures, paths: ['fixtures/**'] }\n";

async function pushed(files: Readonly<Record<string, string>> = { 'readme.md': 'hello\n' }): Promise<TempRepo> {
  const client = createRepo();
  await createHookedServer(client, { config: EXCLUDED });
  for (const [path, text] of Object.entries(files)) client.write(path, text);
  client.commit('base');
  const { accepted, stderr } = client.push('main');
  assert.ok(accepted, stderr);
  return client;
}

function expectRefused({ accepted, stderr }: PushResult, where: RegExp): void {
  assert.equal(accepted, false, stderr);
  assert.match(stderr, where);
  assert.ok(!stderr.includes(SECRET), 'no secret in clear');
}

describe('a secret in the name of a file', () => {
  it('is found when its folder moves out of an excluded one as it is', async () => {
    const client = await pushed({ [`fixtures/d/${SECRET}.txt`]: 'a\n' });
    client.rename('fixtures/d', 'src/d').commit();
    expectRefused(client.push('main'), /the name src\/d\/ghp_/);
  });

  it('is found in a folder that stands at an excluded path and at another', async () => {
    const client = await pushed();
    for (const folder of ['fixtures/d', 'src/d']) client.write(`${folder}/${SECRET}.txt`, 'a\n');
    client.commit();
    expectRefused(client.push('main'), /the name src\/d\/ghp_/);
  });
});
