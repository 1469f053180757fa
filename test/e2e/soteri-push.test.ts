/** What is set in Soteri's interface is in force for the very next push: a real server, a real hook, real pushes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RunningServer } from '../../src/server/start-server.ts';
import { startServerIn } from '../helpers/start-server-in.ts';
import { createProject } from '../../src/store/projects.ts';
import { createRepository } from '../../src/store/repositories.ts';
import { writeSetting } from '../../src/store/settings.ts';
import { fakeGithubPat, fakeNpmToken } from '../helpers/fake-secrets.ts';
import { createHookedServer } from '../helpers/hooked-server.ts';
import { createRepo, createTempFolder, isolatedEnv, type PushResult, type TempRepo } from '../helpers/temp-repo.ts';

const HOOK =
  '/rest/api/1.0/projects/PRJ/repos/app/settings/hooks/com.mohami.bitbucket.security-for-bitbucket:credentials-validation-hook';
const PASSWORD = fakeNpmToken('admin').slice(4);

let server: RunningServer;
let client: TempRepo;
let files = 0;

/** Pushes one more commit with this text in it, and takes it back when it is refused. */
function push(text: string): PushResult {
  const result = client.write(`f${++files}.txt`, `token = "${text}"\n`).commit().push('main');
  if (!result.accepted) client.git('reset', '-q', '--hard', 'HEAD~1');
  return result;
}

async function call(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

describe("Soteri's interface and the hook", () => {
  before(async () => {
    const folder = createTempFolder();
    client = createRepo();
    const hooked = await createHookedServer(client);
    assert.ok(client.write('README', 'A start.\n').commit().push('main').accepted);
    server = await startServerIn(join(folder, 'data'), {
      env: isolatedEnv({ LEAKGATE_KEY_FILE: join(folder, 'key') }),
      adminToken: PASSWORD,
    });
    const { store, policies } = server.context;
    await writeSetting(store.db, 'rateLimit', { enabled: false, defaultSettings: { capacity: 60, fillRate: 5 } });
    const project = await createProject(store.db, { key: 'PRJ', name: 'Example project', created: 1 });
    const { id } = await createRepository(store.db, {
      projectId: project.id,
      name: 'app',
      path: hooked.path,
      created: 1,
    });
    await policies.installSnapshot(id);
  });
  after(() => server.close(0));

  it('refuse, warn, let pass and refuse again', async () => {
    assert.equal(push(fakeGithubPat('default')).accepted, false);
    await call('PUT', `${HOOK}/enabled`, { warnOnVulnerabilities: true });
    const warned = push(fakeGithubPat('warned'));
    assert.ok(warned.accepted);
    assert.match(warned.stderr, /f\d+\.txt/);
    await call('DELETE', `${HOOK}/enabled`);
    const off = push(fakeGithubPat('off'));
    assert.ok(off.accepted);
    assert.doesNotMatch(off.stderr, /f\d+\.txt/);
    await call('DELETE', HOOK);
    assert.equal(push(fakeGithubPat('inherited')).accepted, false);
  });

  it('go by custom rules, blocking or not, and by the switches of built-in ones', async () => {
    const { id } = (await call('POST', '/rest/security/latest/rules', { name: 'Ours', regexp: 'ours-[0-9]{6}' })) as {
      id: number;
    };
    assert.equal(push('ours-123456').accepted, false);
    await call('PUT', `/rest/security/latest/rules/${id}`, { blocking: false });
    assert.ok(push('ours-123457').accepted);
    await call('PUT', `/rest/security/latest/rules/${id}`, { blocking: true, enabled: false });
    assert.ok(push('ours-123458').accepted);
    await call('DELETE', '/rest/security/latest/hardcoded/GITHUB_PAT');
    await call('POST', '/rest/security/latest/hardcoded/GITHUB_PAT');
    assert.equal(push(fakeGithubPat('on again')).accepted, false);
  });

  it('let a reviewed text pass, and no longer when the review is ended', async () => {
    const lines = '/rest/security/latest/review-lines/projects/PRJ/repos/app';
    const matchText = fakeGithubPat('reviewed');
    assert.equal(push(matchText).accepted, false);
    await call('POST', `${lines}/create`, { matchText, ruleName: 'GITHUB_PAT' });
    assert.ok(push(matchText).accepted);
    await call('POST', `${lines}/delete`, { matchText: 'another' });
    await call('DELETE', `${lines}/delete?confirm=true`);
    assert.equal(push(fakeGithubPat('not reviewed')).accepted, false);
  });
});
