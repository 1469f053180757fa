import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { basic, bearer, PASSWORD, startApp, type Role, type StartedApp } from '../helpers/start-app.ts';

let server: StartedApp;
before(async () => {
  server = await startApp();
});
after(() => server.close());

const API = '/rest/api/latest';
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
const call = (method: Method, url: string, payload?: object, role: Role = 'sysAdmin') =>
  server.app.inject({ method, url, headers: server.user(role), ...(payload === undefined ? {} : { payload }) });
const namesOf = (answer: { json<T>(): T }) =>
  answer.json<{ values: { name: string }[] }>().values.map(({ name }) => name);

describe('/users', () => {
  it('shows and lists users without anything secret', async () => {
    const one = await call('GET', `${API}/users/repo-read`, undefined, 'stranger');
    assert.deepEqual(Object.keys(one.json<object>()).sort(), [
      'active',
      'displayName',
      'emailAddress',
      'id',
      'name',
      'slug',
      'type',
    ]);
    assert.equal((await call('GET', `${API}/users/nobody`)).statusCode, 404);
    const found = await call('GET', `${API}/users?filter=PROJECT-`, undefined, 'stranger');
    assert.deepEqual(namesOf(found), ['project-admin', 'project-creator', 'project-read', 'project-write']);
  });

  it('filters by permission, everywhere it can be held', async () => {
    assert.deepEqual(namesOf(await call('GET', `${API}/users?permission=ADMIN`)), ['admin', 'sys-admin']);
    const onProject = await call('GET', `${API}/users?permission.1=PROJECT_WRITE&permission.1.projectKey=PRJ`);
    assert.deepEqual(namesOf(onProject), ['admin', 'project-admin', 'project-write', 'sys-admin']);
    const onRepository = `${API}/users?permission=LICENSED_USER&permission.1=REPO_ADMIN&permission.1.projectKey=PRJ&permission.1.repositorySlug=app`;
    assert.deepEqual(namesOf(await call('GET', onRepository)), ['admin', 'project-admin', 'repo-admin', 'sys-admin']);
    assert.equal((await call('GET', `${API}/users?permission=EVERYTHING`)).statusCode, 400);
    assert.equal(
      (await call('GET', `${API}/users?permission=PROJECT_READ&permission.projectKey=PRJ`, undefined, 'stranger'))
        .statusCode,
      400,
    );
  });

  it('lets one change oneself', async () => {
    const changed = await call(
      'PUT',
      `${API}/users`,
      { name: 'repo-read', displayName: 'Jane', email: 'jane@example.org' },
      'repoRead',
    );
    assert.equal(changed.json<{ displayName: string }>().displayName, 'Jane');
    assert.equal((await call('PUT', `${API}/users`, { name: 'admin', displayName: 'x' }, 'repoRead')).statusCode, 400);
    assert.equal((await call('PUT', `${API}/users`, { email: 'no address' }, 'repoRead')).statusCode, 400);
  });

  it('changes the password of who knows the old one', async () => {
    const url = `${API}/users/credentials`;
    const next = `${PASSWORD}-2`;
    const send = (oldPassword: string, password: string, passwordConfirm = password) =>
      call('PUT', url, { oldPassword, password, passwordConfirm }, 'repoWrite');
    assert.equal((await send('wrong', next)).statusCode, 400);
    assert.equal((await send(PASSWORD, next, 'different')).statusCode, 400);
    assert.equal((await send(PASSWORD, 'short')).statusCode, 400);
    assert.equal((await send(PASSWORD, next)).statusCode, 204);
    assert.equal(
      (await server.app.inject({ url: `${API}/users`, headers: basic('repo-write', next) })).statusCode,
      200,
    );
    assert.equal(
      (await server.app.inject({ url: `${API}/users`, headers: basic('repo-write', PASSWORD) })).statusCode,
      401,
    );
  });
});

describe('/admin/users and /admin/groups', () => {
  const query = (fields: Readonly<Record<string, string>>) => new URLSearchParams(fields).toString();
  const newUser = (name: string) =>
    `${API}/admin/users?${query({ name, password: PASSWORD, displayName: name, emailAddress: `${name}@example.org` })}`;

  it('create, change and delete accounts', async () => {
    assert.equal((await call('POST', newUser('jdoe'))).statusCode, 204);
    assert.equal((await call('POST', newUser('JDOE'))).statusCode, 409);
    assert.equal((await server.app.inject({ url: `${API}/users`, headers: basic('jdoe', PASSWORD) })).statusCode, 200);
    const changed = await call('PUT', `${API}/admin/users`, {
      name: 'jdoe',
      displayName: 'J. Doe',
      appAccess: true,
      active: false,
    });
    assert.deepEqual(
      Object.entries(changed.json<object>()).filter(([key]) => ['displayName', 'appAccess', 'active'].includes(key)),
      [
        ['active', false],
        ['displayName', 'J. Doe'],
        ['appAccess', true],
      ],
    );
    assert.equal((await server.app.inject({ url: `${API}/users`, headers: basic('jdoe', PASSWORD) })).statusCode, 401);
    assert.equal((await call('DELETE', `${API}/admin/users?name=jdoe`)).statusCode, 200);
    assert.equal((await call('DELETE', `${API}/admin/users?name=jdoe`)).statusCode, 404);
  });

  it('tell everything that is wrong with a new account', async () => {
    const answer = await call('POST', `${API}/admin/users?name=a%20b&password=x&displayName=&emailAddress=x`);
    assert.equal(answer.statusCode, 400);
    const contexts = answer.json<{ errors: { context: string }[] }>().errors.map(({ context }) => context);
    assert.deepEqual(contexts.sort(), ['displayName', 'emailAddress', 'name', 'password']);
    assert.doesNotMatch(answer.body, /"x"/);
  });

  it('give groups members, from both sides', async () => {
    assert.equal((await call('POST', `${API}/admin/groups?name=team`)).statusCode, 200);
    assert.equal((await call('POST', `${API}/admin/groups?name=team`)).statusCode, 409);
    await call('POST', `${API}/admin/groups/add-users`, { group: 'team', users: ['stranger', 'repo-read'] });
    await call('POST', `${API}/admin/users/add-group`, { context: 'admin', itemName: 'team' });
    assert.deepEqual(namesOf(await call('GET', `${API}/admin/groups/more-members?context=team`)), [
      'admin',
      'repo-read',
      'stranger',
    ]);
    await call('POST', `${API}/admin/groups/remove-user`, { context: 'team', itemName: 'admin' });
    assert.deepEqual(namesOf(await call('GET', `${API}/admin/users/more-members?context=stranger`)), ['team']);
    const wrong = await call('POST', `${API}/admin/groups/add-users`, {
      group: 'team',
      users: ['app-access', 'nobody'],
    });
    assert.equal(wrong.statusCode, 404);
    assert.deepEqual(namesOf(await call('GET', `${API}/admin/groups/more-members?context=team`)), [
      'repo-read',
      'stranger',
    ]);
    assert.deepEqual((await call('GET', `${API}/groups`, undefined, 'stranger')).json<{ values: string[] }>().values, [
      'team',
    ]);
  });

  it('give groups permissions, which their members have', async () => {
    const place = '/rest/api/latest/projects/PRJ/repos/app';
    assert.equal((await call('GET', place, undefined, 'stranger')).statusCode, 401);
    assert.equal((await call('PUT', `${place}/permissions/groups?name=team&permission=REPO_READ`)).statusCode, 204);
    assert.equal((await call('GET', place, undefined, 'stranger')).statusCode, 200);
    const list = await call('GET', `${place}/permissions/groups`);
    assert.deepEqual(list.json<{ values: object[] }>().values, [{ group: { name: 'team' }, permission: 'REPO_READ' }]);
    assert.equal((await call('DELETE', `${place}/permissions/groups?name=team`)).statusCode, 204);
    assert.equal((await call('GET', place, undefined, 'stranger')).statusCode, 401);
  });

  it('let no administrator become a system administrator, by any way', async () => {
    const forbidden: readonly (readonly [Method, string, object?])[] = [
      ['PUT', `${API}/admin/permissions/users?name=admin&permission=SYS_ADMIN`],
      ['PUT', `${API}/admin/permissions/groups?name=team&permission=SYS_ADMIN`],
      ['PUT', `${API}/admin/permissions/users?name=sys-admin&permission=LICENSED_USER`],
      ['PUT', `${API}/admin/users/credentials`, { name: 'sys-admin', password: PASSWORD, passwordConfirm: PASSWORD }],
      ['PUT', `${API}/admin/users`, { name: 'sys-admin', email: 'mine@example.org' }],
      ['DELETE', `${API}/admin/users?name=sys-admin`],
    ];
    for (const [method, url, payload] of forbidden)
      assert.equal((await call(method, url, payload, 'admin')).statusCode, 403, url);
    await call('POST', `${API}/admin/groups?name=roots`);
    assert.equal(
      (await call('PUT', `${API}/admin/permissions/groups?name=roots&permission=SYS_ADMIN`)).statusCode,
      204,
    );
    const join = await call('POST', `${API}/admin/groups/add-user`, { context: 'roots', itemName: 'admin' }, 'admin');
    assert.equal(join.statusCode, 403);
  });

  it('leave the server its last system administrator, and nobody locks himself out', async () => {
    assert.equal((await call('DELETE', `${API}/admin/users?name=sys-admin`)).statusCode, 403);
    assert.equal((await call('DELETE', `${API}/admin/permissions/users?name=sys-admin`)).statusCode, 409);
    assert.equal((await call('PUT', `${API}/admin/users`, { name: 'sys-admin', active: false })).statusCode, 403);
    const own = await call(
      'PUT',
      '/rest/api/latest/projects/PRJ/permissions/users?name=project-admin&permission=PROJECT_READ',
      undefined,
      'projectAdmin',
    );
    assert.equal(own.statusCode, 403);
  });

  it('give and take global permissions', async () => {
    assert.equal(
      (await call('PUT', `${API}/admin/permissions/users?name=stranger&name=repo-read&permission=PROJECT_CREATE`))
        .statusCode,
      204,
    );
    const list = await call('GET', `${API}/admin/permissions/users?filter=stranger`);
    assert.equal(list.json<{ values: { permission: string }[] }>().values[0]?.permission, 'PROJECT_CREATE');
    assert.equal((await call('POST', `${API}/projects`, { key: 'STR' }, 'stranger')).statusCode, 201);
    await call('DELETE', `${API}/admin/permissions/users?name=stranger`);
    assert.equal((await call('POST', `${API}/projects`, { key: 'STR2' }, 'stranger')).statusCode, 401);
  });
});

describe('/rest/access-tokens', () => {
  const TOKENS = '/rest/access-tokens/latest';

  it('make tokens that work, are listed without their text, and are revoked', async () => {
    const made = await call(
      'PUT',
      `${TOKENS}/users/repo-admin`,
      { name: 'ci', permissions: ['PROJECT_READ', 'REPO_WRITE'], expiryDays: 30 },
      'repoAdmin',
    );
    assert.equal(made.statusCode, 200, made.body);
    const { id, token, permissions } = made.json<{ id: string; token: string; permissions: string[] }>();
    assert.deepEqual(permissions, ['PROJECT_READ', 'REPO_WRITE']);
    const use = () => server.app.inject({ url: '/rest/api/latest/projects/PRJ/repos/app', headers: bearer(token) });
    assert.equal((await use()).statusCode, 200);
    const list = await call('GET', `${TOKENS}/users/repo-admin`, undefined, 'repoAdmin');
    assert.equal(list.json<{ size: number }>().size, 1);
    assert.ok(!list.body.includes(token));
    assert.equal((await call('DELETE', `${TOKENS}/users/repo-admin/${id}`, undefined, 'admin')).statusCode, 204);
    assert.equal((await use()).statusCode, 401);
  });

  it('are made in person and for oneself', async () => {
    const body = { name: 'x', permissions: ['REPO_READ'] };
    assert.equal((await call('PUT', `${TOKENS}/users/stranger`, body, 'admin')).statusCode, 401);
    const mine = await call('PUT', `${TOKENS}/users/stranger`, body, 'stranger');
    const headers = bearer(mine.json<{ token: string }>().token);
    const another = await server.app.inject({ method: 'PUT', url: `${TOKENS}/users/stranger`, headers, payload: body });
    assert.equal(another.statusCode, 401);
    const password = await server.app.inject({
      method: 'PUT',
      url: `${API}/users/credentials`,
      headers,
      payload: { oldPassword: PASSWORD, password: `${PASSWORD}x`, passwordConfirm: `${PASSWORD}x` },
    });
    assert.equal(password.statusCode, 401);
  });

  it('of a repository stay in it, and are found at its address only', async () => {
    const url = `${TOKENS}/projects/PRJ/repos/app`;
    assert.equal((await call('PUT', url, { name: 'x', permissions: ['PROJECT_READ'] }, 'repoAdmin')).statusCode, 400);
    assert.equal((await call('PUT', url, { name: 'x', permissions: ['SYS_ADMIN'] }, 'repoAdmin')).statusCode, 400);
    const made = await call('PUT', url, { name: 'x', permissions: ['REPO_READ'] }, 'repoAdmin');
    const { id } = made.json<{ id: string }>();
    assert.equal((await call('GET', `${url}/${id}`, undefined, 'repoAdmin')).statusCode, 200);
    assert.equal((await call('GET', `${TOKENS}/projects/PRJ/${id}`, undefined, 'projectAdmin')).statusCode, 404);
    assert.equal((await call('DELETE', `${url}/${id}`, undefined, 'repoAdmin')).statusCode, 204);
  });
});
