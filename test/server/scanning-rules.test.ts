import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { listAudit } from '../../src/store/audit.ts';
import { createProject } from '../../src/store/projects.ts';
import { createRepository } from '../../src/store/repositories.ts';
import { ROLES, startApp } from '../helpers/start-app.ts';
import type { Role, StartedApp } from '../helpers/start-app.ts';

const API = '/rest/api/latest';
const SCOPES = {
  global: { path: '', type: 'GLOBAL', allowed: ['admin', 'sysAdmin'] },
  project: { path: '/projects/PRJ', type: 'PROJECT', allowed: ['projectAdmin', 'admin', 'sysAdmin'] },
  repository: {
    path: '/projects/PRJ/repos/app',
    type: 'REPOSITORY',
    allowed: ['repoAdmin', 'projectAdmin', 'admin', 'sysAdmin'],
  },
} as const;
type Scope = keyof typeof SCOPES;

/** The five addresses of lists, with what their audit entries are called. */
const LISTS = [
  { scope: 'global', segment: 'rules', noun: 'Global secret scanning rule', category: 'Global administration' },
  { scope: 'project', segment: 'rules', noun: 'Project secret scanning rule', category: 'Projects' },
  { scope: 'project', segment: 'allowlist', noun: 'Project secret scanning allowlist rule', category: 'Projects' },
  { scope: 'repository', segment: 'rules', noun: 'Repository secret scanning rule', category: 'Repositories' },
  {
    scope: 'repository',
    segment: 'allowlist',
    noun: 'Repository secret scanning allowlist rule',
    category: 'Repositories',
  },
] as const;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & {
    readonly errors?: readonly { readonly context: string | null; readonly message: string }[];
    readonly values?: readonly { readonly id: number; readonly name: string }[];
    readonly nextPageStart?: number | null;
    readonly id?: number;
  };
}

const changes: string[] = [];
let server: StartedApp;

async function call(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  payload?: unknown,
  role: Role = 'sysAdmin',
): Promise<Answer> {
  const answer = await server.app.inject({
    method,
    url: `${API}${path}`,
    headers: server.user(role),
    ...(payload === undefined ? {} : { payload: payload as object }),
  });
  return { status: answer.statusCode, body: answer.body === '' ? {} : (answer.json() as Answer['body']) };
}

function pathOf({ scope, segment }: { readonly scope: Scope; readonly segment: string }): string {
  return `${SCOPES[scope].path}/secret-scanning/${segment}`;
}

function contexts({ body }: Answer): (string | null)[] {
  return (body.errors ?? []).map(({ context }) => context);
}

before(async () => {
  server = await startApp();
  Object.assign(server.context.policies, {
    changed: async (scope: string, resourceId: number, why: string) =>
      void changes.push(`${scope} ${resourceId} ${why}`),
  });
});
after(() => server.close());

for (const list of LISTS) {
  describe(`${list.noun}s`, () => {
    const path = pathOf(list);
    const { type } = SCOPES[list.scope];
    const resourceId = (): number =>
      ({ GLOBAL: 0, PROJECT: server.project.id, REPOSITORY: server.repository.id })[type];
    const scope = (): object => (type === 'GLOBAL' ? { type } : { type, resourceId: resourceId() });

    it('are added, shown, changed and deleted in the shape of Bitbucket', async () => {
      const added = await call('POST', path, { name: ' Token ', lineRegex: '(BBDC-[a-zA-Z0-9+]{44})' });
      const { id } = added.body;
      assert.equal(added.status, 200);
      assert.deepEqual(added.body, { id, name: 'Token', lineRegex: '(BBDC-[a-zA-Z0-9+]{44})', scope: scope() });
      assert.deepEqual((await call('GET', `${path}/${id}`)).body, added.body);

      const both = await call('PUT', `${path}/${id}`, { pathRegex: '\\.pem$' });
      assert.deepEqual(both.body, { ...added.body, pathRegex: '\\.pem$' });
      const one = await call('PUT', `${path}/${id}`, { name: 'Keys', lineRegex: null });
      assert.deepEqual(one.body, { id, name: 'Keys', pathRegex: '\\.pem$', scope: scope() });
      assert.deepEqual(contexts(await call('PUT', `${path}/${id}`, { pathRegex: '', name: null })), [
        'name',
        'lineRegex',
      ]);

      assert.equal((await call('DELETE', `${path}/${id}`)).status, 204);
      assert.equal((await call('DELETE', `${path}/${id}`)).status, 204);
      assert.equal((await call('GET', `${path}/${id}`)).status, 404);
      assert.equal((await call('PUT', `${path}/${id}`, { name: 'x' })).status, 404);
    });

    it('bring each change to the hooks, and into the audit log, once', async () => {
      changes.length = 0;
      const { body } = await call('POST', path, { name: 'a', lineRegex: 'a' });
      await call('PUT', `${path}/${body.id}`, { lineRegex: '(?=a)' });
      await call('PUT', `${path}/${body.id}`, { lineRegex: 'b' });
      await call('DELETE', `${path}/${body.id}`);
      await call('DELETE', `${path}/${body.id}`);
      const actions = ['added', 'changed', 'deleted'].map((verb) => `${list.noun} ${verb}`);
      assert.deepEqual(
        changes,
        actions.map((action) => `${type} ${resourceId()} ${action}`),
      );
      const events = await listAudit(
        server.context.store.db,
        { category: list.category, scope: type, resourceId: resourceId() },
        { start: 0, limit: 3 },
      );
      assert.deepEqual(
        events.slice(0, 3).map(({ action }) => action),
        actions.toReversed(),
      );
      assert.deepEqual(events[0]?.details, { id: body.id, name: 'a' });
      assert.equal(events[0]?.actor, 'sys-admin');
    });

    it('are refused with all that is wrong', async () => {
      const wrong = await call('POST', path, {
        name: 'x'.repeat(256),
        lineRegex: 'a(?!b)',
        pathRegex: 'x'.repeat(2001),
      });
      assert.equal(wrong.status, 400);
      assert.deepEqual(contexts(wrong), ['name', 'lineRegex', 'pathRegex']);
      assert.match(String(wrong.body.errors?.[1]?.message), /negative lookahead/);
      assert.match(String(wrong.body.errors?.[2]?.message), /2001 characters; at most 2000/);
      for (const [payload, expected] of [
        [{}, ['name', 'lineRegex']],
        [{ name: '  ', pathRegex: 'a' }, ['name']],
        [{ name: 'a\u0000b', pathRegex: 'a' }, ['name']],
        [{ name: 'a', lineRegex: 'a\u0000' }, ['lineRegex']],
        [{ name: 7, lineRegex: ['a'] }, ['name', 'lineRegex']],
        [{ name: 'a', lineRegex: '(' }, ['lineRegex']],
        [{ name: 'a', lineRegex: '(a{1000}){1000}' }, ['lineRegex']],
        [{ name: 'a', pathRegex: '*.pem' }, ['pathRegex']],
        [[], [null]],
      ] as const) {
        const answer = await call('POST', path, payload);
        assert.deepEqual([answer.status, contexts(answer)], [400, expected], JSON.stringify(payload));
      }
      assert.equal((await call('POST', path)).status, 400);
      for (const [query, expected] of [
        ['order=DATE', ['order']],
        ['limit=0&start=-1', ['limit', 'start']],
        ['limit=x', ['limit']],
        ['filter=a&filter=b', ['filter']],
        ['filter=%00', [null]],
      ] as const) {
        const answer = await call('GET', `${path}?${query}`);
        assert.equal(answer.status, 400, query);
        assert.deepEqual(new Set(contexts(answer)), new Set(expected), query);
      }
      for (const id of ['0', '-1', 'x', '1e3', '99999999999999999999'])
        assert.equal((await call('GET', `${path}/${id}`)).status, 404, id);
    });

    it('are for admins of their scope only', async () => {
      const { body } = await call('POST', path, { name: 'kept', lineRegex: 'a' });
      const { allowed } = SCOPES[list.scope];
      for (const role of ROLES) {
        const expected = (allowed as readonly string[]).includes(role) ? [200, 200, 200, 200] : [401, 401, 401, 401];
        const answers = [
          await call('GET', path, undefined, role),
          await call('GET', `${path}/${body.id}`, undefined, role),
          await call('PUT', `${path}/${body.id}`, { name: role }, role),
          await call('POST', path, { name: role, lineRegex: 'a' }, role),
        ];
        assert.deepEqual(
          answers.map(({ status }) => status),
          expected,
          role,
        );
        if (expected[0] === 401)
          assert.equal((await call('DELETE', `${path}/${body.id}`, undefined, role)).status, 401);
      }
      const { values = [] } = (await call('GET', `${path}?limit=1000`)).body;
      for (const { id } of values) await call('DELETE', `${path}/${id}`);
    });

    it('come in pages that are the whole list in any order, under any filter', async () => {
      const names = [
        'alpha',
        'Beta',
        'beta',
        'Gamma',
        '100%',
        'a_b',
        'aXb',
        'back\\slash',
        'beta',
        'Äther',
        "quote'd",
        'Zeta',
        'zeta',
      ];
      for (const name of names) await call('POST', path, { name, pathRegex: 'a' });
      const all = (await call('GET', `${path}?limit=1000`)).body.values ?? [];
      assert.deepEqual(all.map(({ name }) => name).toSorted(), names.toSorted());
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 15 }),
          fc.constantFrom('', 'a', 'BETA', '%', '_', '\\', "'", 'nothing like it', 'ETA'),
          fc.constantFrom('NAME_ASC', 'NAME_DESC', undefined),
          async (limit, filter, order) => {
            const found: { readonly id: number; readonly name: string }[] = [];
            for (let start: number | null = 0; start !== null;) {
              const query = new URLSearchParams({
                limit: String(limit),
                start: String(start),
                filter,
                ...(order === undefined ? {} : { order }),
              });
              const { status, body } = await call('GET', `${path}?${query.toString()}`);
              assert.equal(status, 200);
              assert.equal(body['size'], body.values?.length);
              assert.equal(body['limit'], limit);
              assert.equal(body['start'], start);
              assert.equal(body['isLastPage'], body.nextPageStart === null);
              found.push(...(body.values ?? []));
              start = body.nextPageStart ?? null;
            }
            const expected = all.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()));
            assert.deepEqual(
              found.map(({ id }) => id),
              (order === 'NAME_DESC' ? expected.toReversed() : expected).map(({ id }) => id),
            );
          },
        ),
        { numRuns: 40 },
      );
      assert.equal((await call('GET', `${path}?limit=100000`)).body['limit'], 1000);
      assert.deepEqual((await call('GET', `${path}?start=500`)).body.values, []);
    });
  });
}

describe('Scanning rules', () => {
  it('are found at the address of their own scope only', async () => {
    const { db } = server.context.store;
    const other = await createProject(db, { key: 'OTHER', name: 'Other', created: 1 });
    await createRepository(db, { projectId: other.id, name: 'app', path: server.checkout.path, created: 1 });
    const paths = ['', '/projects/PRJ', '/projects/PRJ/repos/app', '/projects/OTHER', '/projects/OTHER/repos/app'].map(
      (path) => `${path}/secret-scanning/rules`,
    );
    for (const path of paths) {
      const { id } = (await call('POST', path, { name: 'mine', lineRegex: 'a' })).body;
      for (const elsewhere of paths.filter((place) => place !== path)) {
        assert.equal((await call('GET', `${elsewhere}/${id}`)).status, 404);
        assert.equal((await call('PUT', `${elsewhere}/${id}`, { name: 'stolen' })).status, 404);
        assert.equal((await call('DELETE', `${elsewhere}/${id}`)).status, 204);
      }
      assert.equal((await call('GET', `${path}/${id}`)).body['name'], 'mine');
    }
  });

  it('are no allowlist rules, and there is no global allowlist', async () => {
    const { id } = (await call('POST', '/projects/PRJ/secret-scanning/rules', { name: 'rule', lineRegex: 'a' })).body;
    const { body } = await call('GET', '/projects/PRJ/secret-scanning/allowlist?filter=rule');
    assert.ok(!(body.values ?? []).some((row) => row.id === id && row.name === 'rule'));
    assert.equal((await call('GET', '/secret-scanning/allowlist')).status, 404);
    assert.equal((await call('PATCH' as 'PUT', '/secret-scanning/rules', {})).status, 405);
  });

  it('answer under 1.0 too, and for personal projects under both addresses', async () => {
    await createRepository(server.context.store.db, {
      projectId: (
        await server.context.store.db
          .insertInto('projects')
          .values({
            key: '~stranger',
            lookupKey: '~stranger',
            name: 'Stranger',
            description: null,
            ownerId: server.account('stranger').id,
            isPublic: 0,
            created: 1,
          })
          .returning('id')
          .executeTakeFirstOrThrow()
      ).id,
      name: 'own',
      path: `${server.checkout.path}/own`,
      created: 1,
    });
    const headers = server.user('stranger');
    for (const path of ['/projects/~stranger/repos/own', '/users/stranger/repos/own', '/users/~stranger/repos/own']) {
      const url = `/rest/api/1.0${path}/secret-scanning/rules`;
      assert.equal(
        (await server.app.inject({ method: 'POST', url, headers, payload: { name: 'a', lineRegex: 'a' } })).statusCode,
        200,
        path,
      );
    }
  });

  it('say what is missing in the order of permissions', async () => {
    assert.equal((await call('GET', '/projects/NOPE/secret-scanning/rules')).status, 404);
    assert.equal((await call('GET', '/projects/PRJ/repos/nope/secret-scanning/rules')).status, 404);
    assert.equal((await call('GET', '/projects/NOPE/secret-scanning/rules', undefined, 'stranger')).status, 401);
  });

  it('are at most 500 of a scope', async () => {
    const { db } = server.context.store;
    const rows = Array.from({ length: 500 }, (_, index) => ({
      ...{ scope: 'PROJECT' as const, resourceId: server.project.id, name: `bulk ${index}` },
      ...{ lineRegex: 'a', pathRegex: null, created: 1, updated: 1 },
    }));
    await db
      .deleteFrom('scanningRules')
      .where('scope', '=', 'PROJECT')
      .where('resourceId', '=', server.project.id)
      .execute();
    await db.insertInto('scanningRules').values(rows).execute();
    const answer = await call('POST', '/projects/PRJ/secret-scanning/rules', { name: 'one more', lineRegex: 'a' });
    assert.equal(answer.status, 400);
    assert.match(String(answer.body.errors?.[0]?.message), /500/);
    assert.equal(
      (await call('POST', '/projects/PRJ/repos/app/secret-scanning/rules', { name: 'elsewhere', lineRegex: 'a' }))
        .status,
      200,
    );
  });
});
