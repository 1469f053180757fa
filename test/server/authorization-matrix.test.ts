import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createProject } from '../../src/store/projects.ts';
import { createRepository, updateRepository } from '../../src/store/repositories.ts';
import { writeSetting } from '../../src/store/settings.ts';
import { createToken } from '../../src/store/tokens.ts';
import { readPermissionTable, WHO, type Who } from '../helpers/permission-table.ts';
import { bearer, ROLES, startApp, type Headers, type Role, type StartedApp } from '../helpers/start-app.ts';
import { createRepo } from '../helpers/temp-repo.ts';

/** A caller and what he gets. */
interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

let server: StartedApp;
before(async () => {
  server = await startApp({ realPolicies: true });
  const { store } = server.context;
  // What is switched off answers 403 to everybody.
  await writeSetting(store.db, 'hookScripts', true);
  const foreign = await createProject(store.db, { key: 'FOREIGN', created: 0 });
  const { path } = createRepo({ bare: true });
  await createRepository(store.db, { projectId: foreign.id, name: 'app', path, created: 0 });
});
after(() => server.close());

/** Every route once, without the HEAD that comes with a GET. */
function routes(): readonly (readonly [string, Who])[] {
  const table = readPermissionTable();
  return server.app.routes
    .filter(({ method }) => method !== 'HEAD')
    .map(({ method, url }) => [`${method} ${url}`, table.get(`${method} ${url}`) ?? 'anybody']);
}

/** The path with names in it. Slugs of users are those of the caller. */
function fill(url: string, project: string, userSlug: string): string {
  return url
    .replace(':projectKey', project)
    .replace(':repositorySlug', 'app')
    .replace(':userSlug', userSlug)
    .replace(/:[a-zA-Z]+/g, '1');
}

/**
 * Whether the caller gets past the authorization. What would change something is sent with a body that cannot be read, which is found out after the
 * permission and before the handler.
 */
async function passes({ method, url, headers }: Call): Promise<boolean> {
  const changes = method !== 'GET';
  const answer = await server.app.inject({
    method: method as 'GET',
    url,
    headers: { ...headers, ...(changes ? { 'content-type': 'application/json' } : {}) },
    ...(changes ? { payload: '{' } : {}),
    // A stream of events has no end.
    payloadAsStream: true,
  });
  const { statusCode } = answer;
  answer.stream().destroy();
  assert.ok(statusCode < 500, `${method} ${url}: ${statusCode}`);
  if (changes && statusCode !== 401 && statusCode !== 403) assert.equal(statusCode, 400, `${method} ${url}`);
  if (statusCode === 403) assert.match(url, /^\/rest\/leakgate\//, 'only our own interface answers 403');
  return statusCode !== 401 && statusCode !== 403;
}

async function differences(
  callers: readonly { readonly name: string; readonly headers: Headers; readonly slug: string }[],
  project: string,
  expected: (name: string, who: Who, route: string) => boolean | undefined,
): Promise<string[]> {
  const found: string[] = [];
  for (const [route, who] of routes()) {
    const [method = '', path = ''] = route.split(' ');
    if (path.includes('/1.0/')) continue;
    for (const { name, headers, slug } of callers) {
      const wanted = expected(name, who, route);
      if (wanted === undefined) continue;
      const passed = await passes({ method, url: fill(path, project, slug), headers });
      if (passed !== wanted) found.push(`${name} ${wanted ? 'cannot' : 'can'} ${route}`);
    }
  }
  return found;
}

const allRoles = () =>
  ROLES.map((role) => ({
    name: role,
    headers: server.user(role),
    slug: role === 'anonymous' ? 'x' : server.account(role).slug,
  }));

describe('authorization of every route', () => {
  it('is written down for each route of the application, and for no other', () => {
    const table = readPermissionTable();
    const here = server.app.routes
      .filter(({ method }) => method !== 'HEAD')
      .map(({ method, url }) => `${method} ${url}`);
    assert.deepEqual(
      here.filter((route) => !table.has(route)),
      [],
      'routes nobody wrote down',
    );
    assert.deepEqual(
      [...table.keys()].filter((route) => !here.includes(route)),
      [],
      'routes that are not there',
    );
  });

  it('is the same for HEAD as for GET, and for 1.0 as for latest', () => {
    const access = new Map(server.app.routes.map((route) => [`${route.method} ${route.url}`, route.access]));
    for (const { method, url, access: own } of server.app.routes) {
      if (method === 'HEAD') assert.equal(own, access.get(`GET ${url}`), url);
      if (url.includes('/1.0/')) assert.equal(own, access.get(`${method} ${url.replace('/1.0/', '/latest/')}`), url);
    }
  });

  it('lets each role do what it may, and nothing else', async () => {
    const allowed = (name: string, who: Who): boolean => (WHO[who] as readonly Role[]).includes(name as Role);
    assert.deepEqual(await differences(allRoles(), 'PRJ', allowed), []);
  });

  it("gives nobody but administrators anything in another's project", async () => {
    const OPEN: readonly Who[] = ['admins of the project, or app access'];
    const allowed = (name: string, who: Who, route: string): boolean | undefined => {
      if (!route.includes(':projectKey')) return undefined;
      if (name === 'admin' || name === 'sysAdmin') return true;
      return name === 'appAccess' && OPEN.includes(who);
    };
    assert.deepEqual(await differences(allRoles(), 'FOREIGN', allowed), []);
  });

  it('does not say to whom it may not concern whether a project or repository exists', async () => {
    for (const role of ['stranger', 'repoRead', 'projectCreator'] as const) {
      const headers = server.user(role);
      const known = await server.app.inject({ url: '/rest/api/latest/projects/FOREIGN', headers });
      const unknown = await server.app.inject({ url: '/rest/api/latest/projects/NOWHERE', headers });
      assert.equal(known.statusCode, 401);
      assert.equal(unknown.statusCode, 401);
      assert.equal(known.body, unknown.body);
    }
    const missing = await server.app.inject({
      url: '/rest/api/latest/projects/PRJ/repos/none',
      headers: server.user('projectRead'),
    });
    assert.equal(missing.statusCode, 404);
    const unseen = await server.app.inject({
      url: '/rest/api/latest/projects/PRJ/repos/none',
      headers: server.user('repoAdmin'),
    });
    assert.equal(unseen.statusCode, 401);
  });
});

describe('a project of which one may read a single repository', () => {
  it('is shown with that repository alone, and with nothing else of it', async () => {
    const { store } = server.context;
    const { path } = createRepo({ bare: true });
    const other = { projectId: server.project.id, name: 'other', path, created: 0 };
    await createRepository(store.db, other);
    const listed = async (headers: Headers, key = 'PRJ'): Promise<unknown> => {
      const shown = await server.app.inject({ url: `/rest/api/latest/projects/${key}`, headers });
      const answer = await server.app.inject({ url: `/rest/api/latest/projects/${key}/repos`, headers });
      assert.equal(shown.statusCode, answer.statusCode);
      if (answer.statusCode !== 200) return answer.statusCode;
      return answer.json<{ values: { slug: string }[] }>().values.map(({ slug }) => slug);
    };
    const { text } = await createToken(
      store.db,
      { repositoryId: server.repository.id },
      { name: 'seer', permission: 'REPO_READ', created: 0 },
    );
    assert.deepEqual(await listed(server.user('repoRead')), ['app']);
    assert.deepEqual(await listed(bearer(text)), ['app']);
    assert.deepEqual(await listed(server.user('projectRead')), ['app', 'other']);
    assert.equal(await listed(server.user('repoRead'), 'FOREIGN'), 401);
    assert.equal(await listed(server.user('stranger')), 401);
    for (const rest of ['repos/other', 'settings/hooks', 'permissions/users', 'secret-scanning/rules']) {
      const url = `/rest/api/latest/projects/PRJ/${rest}`;
      assert.equal((await server.app.inject({ url, headers: server.user('repoRead') })).statusCode, 401, rest);
    }
    await updateRepository(store.db, server.repository.id, { isPublic: true });
    assert.deepEqual(await listed(server.user('stranger')), ['app'], 'public is for everybody with an account');
    assert.equal(await listed({}), 401);
    await updateRepository(store.db, server.repository.id, { isPublic: false });
  });
});

describe('authorization of tokens', () => {
  const NEVER: readonly Who[] = [
    'whoever may create projects',
    'app access',
    'administrators',
    'system administrators',
  ];
  /** Handlers that are about the user in person refuse tokens later. */
  const isPersonal = (route: string): boolean => /access-tokens|\/users|gpg|rate-limit/.test(route);

  it("bounds a user's token by its permission, and gives it nothing global", async () => {
    const { store } = server.context;
    const owner = { userId: server.account('sysAdmin').id };
    const most: Readonly<Record<string, readonly Who[]>> = {
      REPO_READ: ['readers of the repository', 'readers of anything in the project', 'readers of the project'],
      REPO_WRITE: [
        'readers of the repository',
        'writers of the repository',
        'readers of anything in the project',
        'readers of the project',
      ],
      REPO_ADMIN: [
        'readers of the repository',
        'writers of the repository',
        'admins of the repository',
        'readers of anything in the project',
        'readers of the project',
      ],
      PROJECT_ADMIN: [
        'readers of the repository',
        'writers of the repository',
        'admins of the repository',
        'readers of anything in the project',
        'readers of the project',
        'admins of the project',
        'admins of the project, or app access',
        'admins of the project, or app access that reads it',
      ],
    };
    const callers = await Promise.all(
      Object.keys(most).map(async (permission) => {
        const { text } = await createToken(store.db, owner, {
          name: 't',
          permission: permission as 'REPO_READ',
          created: 0,
        });
        return { name: permission, headers: bearer(text), slug: 'sys-admin' };
      }),
    );
    const found = await differences(callers, 'PRJ', (name, who, route) => {
      if (NEVER.includes(who)) return false;
      if (isPersonal(route) || who === 'anybody' || who === 'whoever is logged in') return undefined;
      return most[name]?.includes(who);
    });
    assert.deepEqual(found, []);
  });

  it("keeps a repository's and a project's own token in their place", async () => {
    const { store } = server.context;
    const ofRepository = await createToken(
      store.db,
      { repositoryId: server.repository.id },
      { name: 'r', permission: 'REPO_WRITE', created: 0 },
    );
    const ofProject = await createToken(
      store.db,
      { projectId: server.project.id },
      { name: 'p', permission: 'PROJECT_READ', created: 0 },
    );
    const callers = [
      { name: 'repository', headers: bearer(ofRepository.text), slug: 'x' },
      { name: 'project', headers: bearer(ofProject.text), slug: 'x' },
    ];
    const most: Readonly<Record<string, readonly Who[]>> = {
      repository: ['readers of the repository', 'writers of the repository', 'readers of anything in the project'],
      project: ['readers of the repository', 'readers of anything in the project', 'readers of the project'],
    };
    const here = await differences(callers, 'PRJ', (name, who, route) => {
      if (NEVER.includes(who)) return false;
      if (isPersonal(route) || who === 'anybody' || who === 'whoever is logged in') return undefined;
      return most[name]?.includes(who);
    });
    assert.deepEqual(here, []);
    const elsewhere = await differences(callers, 'FOREIGN', (_name, _who, route) =>
      route.includes(':projectKey') ? false : undefined,
    );
    assert.deepEqual(elsewhere, []);
  });
});
