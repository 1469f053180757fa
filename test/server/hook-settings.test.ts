import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { writeSetting } from '../../src/store/settings.ts';
import { startSoteri, type Soteri } from '../helpers/soteri-fixture.ts';

const KEY = 'com.mohami.bitbucket.security-for-bitbucket:credentials-validation-hook';
const PROJECT = '/rest/api/latest/projects/PRJ/settings/hooks';
const REPOSITORY = '/rest/api/latest/projects/PRJ/repos/app/settings/hooks';

interface Hook {
  readonly enabled: boolean;
  readonly configured: boolean;
  readonly scope: { readonly type: string; readonly resourceId?: number };
  readonly details: Readonly<Record<string, unknown>>;
}

let soteri: Soteri;
before(async () => {
  soteri = await startSoteri();
});
after(() => soteri.close());
beforeEach(async () => {
  await soteri.server.context.store.db.deleteFrom('hookStates').execute();
  await writeSetting(soteri.server.context.store.db, 'hookMode', 'on');
  soteri.changes.length = 0;
});

async function hook(base: string): Promise<Hook> {
  const answer = await soteri.call('GET', `${base}/${KEY}`);
  assert.equal(answer.status, 200);
  return answer.body;
}
const settings = async (base: string): Promise<unknown> => (await soteri.call('GET', `${base}/${KEY}/settings`)).body;

describe("the hook's settings", () => {
  it('have the hook on and blocking where nobody said anything', async () => {
    const { enabled, configured, scope, details } = await hook(REPOSITORY);
    assert.deepEqual([enabled, configured, scope], [true, false, { type: 'GLOBAL' }]);
    assert.deepEqual(details['supportedScopes'], ['PROJECT', 'REPOSITORY']);
    assert.deepEqual(details['scopeTypes'], ['PROJECT', 'REPOSITORY']);
    assert.deepEqual([details['key'], details['type']], [KEY, 'PRE_RECEIVE']);
    assert.deepEqual(await settings(REPOSITORY), { warnOnVulnerabilities: false });
  });

  it('switch it on to warn, keep what they do not know, and keep it all when switched on without a body', async () => {
    const body = { warnOnVulnerabilities: true, other: { kept: [1] } };
    const on = await soteri.call('PUT', `${REPOSITORY}/${KEY}/enabled`, { body });
    assert.equal(on.status, 200);
    assert.deepEqual((on.body as Hook).scope, { type: 'REPOSITORY', resourceId: soteri.server.repository.id });
    assert.deepEqual(await settings(REPOSITORY), body);
    assert.equal((await soteri.call('PUT', `${REPOSITORY}/${KEY}/enabled`)).status, 200);
    assert.deepEqual(await settings(REPOSITORY), body);
    await soteri.call('PUT', `${REPOSITORY}/${KEY}/enabled`, { body: { warnOnVulnerabilities: false } });
    assert.deepEqual(await settings(REPOSITORY), { warnOnVulnerabilities: false });
  });

  it('switch it off, also after a reset and twice', async () => {
    for (let i = 0; i < 2; i++) {
      const off = await soteri.call('DELETE', `${REPOSITORY}/${KEY}/enabled`);
      assert.deepEqual([off.status, (off.body as Hook).enabled], [200, false]);
    }
    assert.equal((await soteri.call('DELETE', `${REPOSITORY}/${KEY}`)).status, 204);
    assert.equal((await hook(REPOSITORY)).enabled, true);
    assert.equal((await soteri.call('DELETE', `${REPOSITORY}/${KEY}`)).status, 204);
    assert.equal(((await soteri.call('DELETE', `${REPOSITORY}/${KEY}/enabled`)).body as Hook).enabled, false);
  });

  it('of a project hold for its repositories that say nothing', async () => {
    await soteri.call('PUT', `${PROJECT}/${KEY}/enabled`, { body: { warnOnVulnerabilities: true } });
    const inherited = await hook(REPOSITORY);
    assert.deepEqual([inherited.enabled, inherited.scope.type], [true, 'PROJECT']);
    assert.deepEqual(await settings(REPOSITORY), { warnOnVulnerabilities: true });
    await soteri.call('DELETE', `${PROJECT}/${KEY}/enabled`);
    assert.equal((await hook(REPOSITORY)).enabled, false);
    await soteri.call('PUT', `${REPOSITORY}/${KEY}/enabled`);
    assert.equal((await hook(REPOSITORY)).enabled, true);
    assert.equal((await soteri.call('DELETE', `${PROJECT}/${KEY}`)).status, 204);
    assert.equal((await hook(PROJECT)).configured, false);
  });

  it("go by the server's own mode where nothing is set, and cannot switch it off when that is always", async () => {
    const { db } = soteri.server.context.store;
    await writeSetting(db, 'hookMode', 'off');
    assert.equal((await hook(REPOSITORY)).enabled, false);
    await soteri.call('DELETE', `${REPOSITORY}/${KEY}/enabled`);
    await writeSetting(db, 'hookMode', 'always');
    const { enabled, scope } = await hook(REPOSITORY);
    assert.deepEqual([enabled, scope.type], [true, 'GLOBAL']);
  });

  it('can be changed without switching anything', async () => {
    await soteri.call('DELETE', `${PROJECT}/${KEY}/enabled`);
    const changed = await soteri.call('PUT', `${REPOSITORY}/${KEY}/settings`, {
      body: { warnOnVulnerabilities: true },
    });
    assert.deepEqual([changed.status, changed.body], [200, { warnOnVulnerabilities: true }]);
    assert.equal((await hook(REPOSITORY)).enabled, false);
  });

  it('are listed as a page, of pre-receive hooks', async () => {
    const listed = async (query: string): Promise<{ size: number; values: unknown[] }> =>
      (await soteri.call('GET', `${REPOSITORY}${query}`)).body;
    assert.equal((await listed('')).size, 1);
    assert.equal((await listed('?type=PRE_RECEIVE')).size, 1);
    assert.equal((await listed('?type=POST_RECEIVE')).size, 0);
    assert.equal((await listed('?start=1')).size, 0);
    assert.equal((await soteri.call('GET', `${REPOSITORY}?type=OTHER`)).status, 400);
  });

  it('refuse what they cannot keep', async () => {
    const put = async (body: unknown): Promise<number> =>
      (await soteri.call('PUT', `${REPOSITORY}/${KEY}/enabled`, { body })).status;
    assert.equal(await put({ warnOnVulnerabilities: 'true' }), 400);
    assert.equal(await put([1]), 400);
    assert.equal(await put({ large: 'x'.repeat(33 * 1024) }), 400);
    assert.equal((await soteri.call('PUT', `${REPOSITORY}/other:hook/enabled`)).status, 404);
    assert.equal((await soteri.call('GET', `/rest/api/latest/projects/NONE/settings/hooks/${KEY}`)).status, 404);
    assert.equal((await hook(REPOSITORY)).configured, false);
    assert.deepEqual(soteri.changes, []);
  });

  it('are brought to the policies and written into the audit log with each change', async () => {
    await soteri.call('PUT', `${REPOSITORY}/${KEY}/enabled`, { body: { warnOnVulnerabilities: true } });
    await soteri.call('DELETE', `${PROJECT}/${KEY}/enabled`);
    await soteri.call('DELETE', `${REPOSITORY}/${KEY}`);
    const { repository, project } = soteri.server;
    assert.deepEqual(soteri.changes, [
      `REPOSITORY ${repository.id}`,
      `PROJECT ${project.id}`,
      `REPOSITORY ${repository.id}`,
    ]);
    const [event] = await soteri.audit('Security hook enabled');
    assert.deepEqual(event?.details, { enabled: true, warnOnVulnerabilities: true });
    assert.deepEqual([event?.category, event?.actor], ['Repositories', 'sys-admin']);
  });

  it('are for admins of their level', async () => {
    const status = async (
      role: 'repoAdmin' | 'repoWrite' | 'projectAdmin' | 'projectRead' | 'anonymous',
      method: 'GET' | 'PUT',
      base: string,
    ) => (await soteri.call(method, method === 'GET' ? `${base}/${KEY}` : `${base}/${KEY}/enabled`, { role })).status;
    assert.equal(await status('repoAdmin', 'PUT', REPOSITORY), 200);
    assert.equal(await status('repoWrite', 'PUT', REPOSITORY), 401);
    assert.equal(await status('repoWrite', 'GET', REPOSITORY), 401);
    assert.equal(await status('anonymous', 'GET', REPOSITORY), 401);
    assert.equal(await status('projectAdmin', 'PUT', PROJECT), 200);
    assert.equal(await status('projectRead', 'GET', PROJECT), 200);
    assert.equal(await status('projectRead', 'PUT', PROJECT), 401);
    assert.equal(await status('repoAdmin', 'PUT', PROJECT), 401);
  });
});
