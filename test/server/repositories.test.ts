import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startApp, type Headers, type StartedApp } from '../helpers/start-app.ts';
import { createRepo, createTempFolder } from '../helpers/temp-repo.ts';

let server: StartedApp;
const scheduled: number[] = [];
before(async () => {
  server = await startApp({ realPolicies: true });
  const { queue } = server.context;
  queue.scheduleRepository = async ({ repositoryId }) => {
    scheduled.push(repositoryId);
    return [];
  };
});
after(() => server.close());

const BASE = '/rest/api/latest/projects/PRJ/repos';
const call = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  payload?: object,
  headers: Headers = server.admin,
) => server.app.inject({ method, url: `${BASE}${url}`, headers, ...(payload === undefined ? {} : { payload }) });
const contextsOf = (answer: { json<T>(): T }) =>
  answer.json<{ errors: { context: string }[] }>().errors.map(({ context }) => context);

describe('/projects/{key}/repos', () => {
  it('registers a repository that is there, brings its policy to the hook, and scans it', async () => {
    const { path } = createRepo({ bare: true });
    const made = await call('POST', '', { name: 'My App', scmId: 'git', forkable: true, path });
    assert.equal(made.statusCode, 201, made.body);
    const repository = made.json<{ id: number; slug: string; path: string; state: string }>();
    assert.equal(repository.slug, 'my-app');
    assert.equal(repository.path, path);
    assert.equal(repository.state, 'AVAILABLE');
    assert.ok(existsSync(join(path, 'leakgate/policy.snapshot')));
    assert.ok(scheduled.includes(repository.id));
    const removed = await call('DELETE', '/my-app');
    assert.equal(removed.statusCode, 202);
    assert.ok(!existsSync(join(path, 'leakgate/policy.snapshot')));
    assert.ok(existsSync(join(path, 'HEAD')));
    assert.equal((await call('GET', '/my-app')).statusCode, 404);
  });

  it('shows where a repository lies to its admins only', async () => {
    const admin = await call('GET', '/app', undefined, server.user('repoAdmin'));
    assert.equal(admin.json<{ path: string }>().path, server.origin.path);
    const reader = await call('GET', '/app', undefined, server.user('repoRead'));
    assert.equal(reader.statusCode, 200);
    assert.doesNotMatch(reader.body, /path|cloneUrl/);
  });

  it('refuses a place that is none, and says which field', async () => {
    const folder = createTempFolder();
    const { path } = createRepo({ bare: true });
    for (const [payload, context] of [
      [{ name: 'x' }, 'path'],
      [{ name: 'x', path: 'relative' }, 'path'],
      [{ name: 'x', path: '/nowhere/at/all' }, 'path'],
      [{ name: 'x', path: folder }, 'path'],
      [{ name: 'x', path: join(path, 'objects') }, 'path'],
      [{ name: 'x', path, cloneUrl: 'https://git.example/x.git' }, 'cloneUrl'],
      [{ name: 'x', cloneUrl: 'http://git.example/x.git' }, 'cloneUrl'],
      [{ name: 'x', cloneUrl: 'file:///etc' }, 'cloneUrl'],
      [{ name: 'x', cloneUrl: 'https://169.254.169.254/x.git' }, 'cloneUrl'],
      [{ name: 'x', cloneUrl: 'https://localhost/x.git' }, 'cloneUrl'],
      [{ name: 'x', cloneUrl: 'ext::sh -c id' }, 'cloneUrl'],
      [{ name: 'x', cloneUrl: '--upload-pack=id' }, 'cloneUrl'],
      [{ name: 'x', cloneUrl: 'https://user:password@git.example/x.git' }, 'cloneUrl'],
      [{ name: '', path }, 'name'],
      [{ name: 'x', slug: '../x', path }, 'slug'],
      [{ name: 'x', scmId: 'hg', path }, 'scmId'],
      [{ name: 'x', defaultBranch: 'a b', path }, 'defaultBranch'],
    ] as const) {
      const answer = await call('POST', '', payload);
      assert.equal(answer.statusCode, 400, JSON.stringify(payload));
      assert.deepEqual(contextsOf(answer), [context], JSON.stringify(payload));
      assert.doesNotMatch(answer.body, /password@/);
    }
  });

  it('refuses a repository or slug that is registered already', async () => {
    assert.equal((await call('POST', '', { name: 'other', path: server.origin.path })).statusCode, 409);
    const link = join(createTempFolder(), 'link.git');
    symlinkSync(server.origin.path, link);
    assert.equal((await call('POST', '', { name: 'other', path: link })).statusCode, 409);
    const { path } = createRepo({ bare: true });
    assert.equal((await call('POST', '', { name: 'App', path })).statusCode, 409);
  });

  it('lets admins of a project name public addresses, and nothing that the server alone may read', async () => {
    const headers = server.user('projectAdmin');
    const { path } = createRepo({ bare: true });
    assert.equal((await call('POST', '', { name: 'stolen', path }, headers)).statusCode, 401);
    assert.equal(
      (await call('POST', '', { name: 'stolen', cloneUrl: 'ssh://git@git.example/x.git' }, headers)).statusCode,
      401,
    );
    const made = await call('POST', '', { name: 'mirror', cloneUrl: 'https://git.invalid/x.git' }, headers);
    assert.equal(made.statusCode, 201);
    assert.equal((await call('PUT', '/app', { path }, server.user('repoAdmin'))).statusCode, 401);
  });

  it('keeps to the folders it was given', async () => {
    const root = createTempFolder();
    const other = await startApp({ services: { repositoryRoots: [root] } });
    const register = (path: string) =>
      other.app.inject({ method: 'POST', url: BASE, headers: other.admin, payload: { name: 'inside', path } });
    assert.equal((await register(createRepo({ bare: true }).path)).statusCode, 400);
    const link = join(root, 'out.git');
    symlinkSync(createRepo({ bare: true }).path, link);
    assert.equal((await register(link)).statusCode, 400);
    mkdirSync(join(root, 'team'));
    const inside = createRepo({ bare: true, path: join(root, 'team/in.git') });
    assert.equal((await register(inside.path)).statusCode, 201);
    await other.close();
  });

  it('changes what is sent and keeps the rest; a new name is a new slug', async () => {
    const { path } = createRepo({ bare: true });
    await call('POST', '', { name: 'Before', description: 'stays', path });
    const changed = await call('PUT', '/before', { name: 'After All', public: true });
    assert.equal(changed.statusCode, 201);
    const { slug, description, public: open } = changed.json<{ slug: string; description: string; public: boolean }>();
    assert.deepEqual([slug, description, open], ['after-all', 'stays', true]);
    const moved = createRepo({ bare: true });
    assert.equal((await call('PUT', '/after-all', { path: moved.path })).statusCode, 201);
    assert.ok(!existsSync(join(path, 'leakgate/policy.snapshot')));
    assert.ok(existsSync(join(moved.path, 'leakgate/policy.snapshot')));
  });

  it('lists repositories of a project, and of all, as far as one may see them', async () => {
    const list = await call('GET', '?limit=1', undefined, server.user('projectRead'));
    assert.equal(list.json<{ isLastPage: boolean }>().isLastPage, false);
    const own = await server.app.inject({
      url: '/rest/api/latest/repos?projectkey=prj&permission=REPO_WRITE',
      headers: server.user('repoWrite'),
    });
    assert.deepEqual(
      own.json<{ values: { slug: string }[] }>().values.map(({ slug }) => slug),
      ['app'],
    );
    const none = await server.app.inject({
      url: '/rest/api/latest/repos?visibility=private',
      headers: server.user('stranger'),
    });
    assert.equal(none.json<{ size: number }>().size, 0);
  });
});

describe('branches', () => {
  it('are listed with their tips, and the default one is marked', async () => {
    server.checkout.branch('feature/one');
    server.checkout.push('feature/one');
    const answer = await call('GET', '/app/branches?orderBy=MODIFICATION', undefined, server.user('repoRead'));
    const { values } = answer.json<{ values: { displayId: string; latestCommit: string; isDefault: boolean }[] }>();
    assert.deepEqual(values.map(({ displayId, isDefault }) => `${displayId} ${isDefault}`).sort(), [
      'feature/one false',
      'main true',
    ]);
    assert.match(values[0]?.latestCommit ?? '', /^[0-9a-f]{40}$/);
    const filtered = await call('GET', '/app/branches?filterText=FEAT');
    assert.equal(filtered.json<{ size: number }>().size, 1);
  });

  it('have a default, which can be set to one that is there', async () => {
    for (const path of ['default-branch', 'branches/default']) {
      const shown = await call('GET', `/app/${path}`, undefined, server.user('repoRead'));
      assert.deepEqual(shown.json(), { id: 'refs/heads/main', displayId: 'main', type: 'BRANCH' });
    }
    assert.equal((await call('PUT', '/app/default-branch', { id: 'refs/heads/none' })).statusCode, 404);
    assert.equal((await call('PUT', '/app/default-branch', {})).statusCode, 400);
    assert.equal((await call('PUT', '/app/default-branch', { id: 'feature/one' })).statusCode, 204);
    assert.equal((await call('GET', '/app/default-branch')).json<{ displayId: string }>().displayId, 'feature/one');
  });
});
