import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { listAudit } from '../../src/store/audit.ts';
import { createProject } from '../../src/store/projects.ts';
import { createRepository } from '../../src/store/repositories.ts';
import { ROLES, startApp } from '../helpers/start-app.ts';
import type { Role, StartedApp } from '../helpers/start-app.ts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}
interface ExemptPage {
  readonly values: readonly {
    readonly slug: string;
    readonly exemptionScope: string;
    readonly project: { readonly key: string };
  }[];
  readonly nextPageStart: number | null;
}

const OWN = '/projects/PRJ/repos/app/secret-scanning/exempt';
const PROJECT = '/projects/PRJ/secret-scanning/exempt';
const GLOBAL = '/secret-scanning/exempt';
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
    url: `/rest/api/latest${path}`,
    headers: server.user(role),
    ...(payload === undefined ? {} : { payload: payload as object }),
  });
  return { status: answer.statusCode, body: answer.body === '' ? undefined : (answer.json() as unknown) };
}

/** `PRJ/app`, with the scope of its exemption. */
async function exempt(path: string, query = ''): Promise<string[]> {
  const { values } = (await call('GET', `${path}?limit=1000${query}`)).body as ExemptPage;
  return values.map(({ slug, project, exemptionScope }) => `${project.key}/${slug} ${exemptionScope}`);
}

function contexts({ body }: Answer): (string | null)[] {
  return (body as { errors: { context: string | null }[] }).errors.map(({ context }) => context);
}

before(async () => {
  server = await startApp();
  Object.assign(server.context.policies, {
    changed: async (scope: string, resourceId: number, why: string) =>
      void changes.push(`${scope} ${resourceId} ${why}`),
  });
  const { db } = server.context.store;
  const other = await createProject(db, { key: 'ZOO', name: 'a project', created: 1 });
  for (const [projectId, name] of [
    [server.project.id, 'zebra'],
    [server.project.id, 'Apple'],
    [other.id, 'app'],
    [other.id, 'Bee'],
  ] as const)
    await createRepository(db, { projectId, name, path: `${server.checkout.path}/${projectId}-${name}`, created: 1 });
});
after(() => server.close());

describe('Exemptions', () => {
  it('are a bare true or false for one repository', async () => {
    assert.deepEqual(await call('GET', OWN), { status: 200, body: false });
    assert.deepEqual(await call('PUT', OWN), { status: 204, body: undefined });
    assert.deepEqual(await call('GET', OWN), { status: 200, body: true });
    assert.equal((await call('PUT', OWN)).status, 409);
    assert.deepEqual(await exempt(PROJECT), ['PRJ/app PROJECT']);
    assert.deepEqual(await call('DELETE', OWN), { status: 204, body: undefined });
    assert.deepEqual(await call('DELETE', OWN), { status: 204, body: undefined });
    assert.deepEqual(await call('GET', OWN), { status: 200, body: false });
  });

  it('reach the hooks and the audit log, once', async () => {
    changes.length = 0;
    await call('PUT', OWN);
    await call('PUT', OWN);
    await call('DELETE', OWN);
    await call('DELETE', OWN);
    const { id } = server.repository;
    const actions = ['Secret scanning exempt repository added', 'Secret scanning exempt repository deleted'];
    assert.deepEqual(
      changes,
      actions.map((action) => `REPOSITORY ${id} ${action}`),
    );
    const events = await listAudit(
      server.context.store.db,
      { category: 'Repositories', resourceId: id },
      { start: 0, limit: 2 },
    );
    assert.deepEqual(
      events.slice(0, 2).map(({ action }) => action),
      actions.toReversed(),
    );
    assert.deepEqual(events[0]?.details, { exemption: 'PROJECT' });
  });

  it('are listed with their scope, by project and repository, in pages that are the whole list', async () => {
    assert.equal(
      (await call('POST', PROJECT, [{ projectKey: 'prj', slug: 'zebra' }, { slug: 'app' }, { slug: 'zebra' }])).status,
      204,
    );
    assert.equal(
      (
        await call('POST', GLOBAL, [
          { projectKey: 'ZOO', slug: 'app' },
          { projectKey: 'PRJ', slug: 'apple' },
          { projectKey: 'ZOO', slug: 'bee' },
        ])
      ).status,
      204,
    );
    const all = ['ZOO/app GLOBAL', 'ZOO/bee GLOBAL', 'PRJ/app PROJECT', 'PRJ/apple GLOBAL', 'PRJ/zebra PROJECT'];
    assert.deepEqual(await exempt(GLOBAL), all);
    assert.deepEqual(await exempt(GLOBAL, '&order=NAME_DESC'), all.toReversed());
    assert.deepEqual(await exempt(PROJECT), all.slice(2));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom(GLOBAL, PROJECT),
        fc.constantFrom('NAME_ASC', 'NAME_DESC'),
        async (limit, path, order) => {
          const found: string[] = [];
          for (let start: number | null = 0; start !== null;) {
            const page = (await call('GET', `${path}?limit=${limit}&start=${start}&order=${order}`)).body as ExemptPage;
            found.push(
              ...page.values.map(({ slug, project, exemptionScope }) => `${project.key}/${slug} ${exemptionScope}`),
            );
            start = page.nextPageStart;
          }
          const expected = path === GLOBAL ? all : all.slice(2);
          assert.deepEqual(found, order === 'NAME_ASC' ? expected : expected.toReversed());
        },
      ),
      { numRuns: 20 },
    );
    const { values } = (await call('GET', `${PROJECT}?limit=1`)).body as ExemptPage;
    assert.deepEqual(Object.keys(values[0] ?? {}).toSorted(), [
      ...[
        'archived',
        'exemptionScope',
        'forkable',
        'hierarchyId',
        'id',
        'name',
        'project',
        'public',
        'scmId',
        'slug',
        'state',
        'statusMessage',
      ],
    ]);
  });

  it('are made all or none', async () => {
    await server.context.store.db.deleteFrom('exemptions').execute();
    await call('POST', GLOBAL, [{ projectKey: 'PRJ', slug: 'app' }]);
    changes.length = 0;
    for (const path of [GLOBAL, PROJECT]) {
      const taken = await call('POST', path, [
        { projectKey: 'PRJ', slug: 'zebra' },
        { projectKey: 'PRJ', slug: 'app' },
      ]);
      assert.equal(taken.status, 409);
      const missing = await call('POST', path, [
        { projectKey: 'PRJ', slug: 'zebra' },
        { projectKey: 'PRJ', slug: 'nope' },
      ]);
      assert.equal(missing.status, 404);
    }
    const wrong = await call('POST', PROJECT, [
      { projectKey: 'PRJ', slug: 'zebra' },
      { projectKey: 'ZOO', slug: 'app' },
      { projectKey: 'NOPE', slug: 'app' },
    ]);
    assert.deepEqual([wrong.status, contexts(wrong)], [400, ['[1].projectKey', '[2].projectKey']]);
    assert.deepEqual(await exempt(GLOBAL), ['PRJ/app GLOBAL']);
    assert.deepEqual(changes, []);
  });

  it('refuse what names no repository', async () => {
    for (const [payload, expected] of [
      [[], [null]],
      [{ projectKey: 'PRJ', slug: 'app' }, [null]],
      [[{ projectKey: 'PRJ', repoSlug: 'app' }], ['[0].slug']],
      [[{ projectKey: 'PRJ', slug: '' }], ['[0].slug']],
      [[{ projectKey: 'PRJ', slug: 'a\u0000' }], ['[0].slug']],
      [[{ slug: 'app' }], ['[0].projectKey']],
      [[{ projectKey: 7, slug: 'app' }], ['[0].projectKey']],
      [['PRJ/app'], ['[0]']],
    ] as const) {
      const answer = await call('POST', GLOBAL, payload);
      assert.deepEqual([answer.status, contexts(answer)], [400, expected], JSON.stringify(payload));
    }
    assert.equal((await call('POST', GLOBAL)).status, 400);
    const nowhere = await call('POST', GLOBAL, [
      { projectKey: 'PRJ', slug: '*' },
      { projectKey: 'P/"é"', slug: '<a>\u001b[2J' },
    ]);
    assert.equal(nowhere.status, 404);
    assert.deepEqual(
      (nowhere.body as { errors: { message: string }[] }).errors.map(({ message }) => message),
      ['Repository PRJ/* does not exist.', 'Repository P/"é"/<a>\\x1b[2J does not exist.'],
    );
    assert.equal((await call('GET', `${GLOBAL}?order=x`)).status, 400);
  });

  it('that are global are ended by admins only', async () => {
    assert.deepEqual(await exempt(GLOBAL), ['PRJ/app GLOBAL']);
    assert.equal((await call('DELETE', OWN, undefined, 'projectAdmin')).status, 401);
    assert.deepEqual(await call('GET', OWN), { status: 200, body: true });
    assert.equal((await call('DELETE', OWN, undefined, 'admin')).status, 204);
    assert.equal((await call('PUT', OWN, undefined, 'projectAdmin')).status, 204);
    assert.equal((await call('DELETE', OWN, undefined, 'projectAdmin')).status, 204);
  });

  it('are for admins of repository, project or server', async () => {
    const admins = ['admin', 'sysAdmin'];
    for (const role of ROLES) {
      const may = (roles: readonly string[], good: number): number => (roles.includes(role) ? good : 401);
      const projectAdmins = ['projectAdmin', ...admins];
      const expected = [
        may(['repoAdmin', ...projectAdmins], 200),
        may(projectAdmins, 200),
        may(admins, 200),
        may(projectAdmins, 204),
        may(projectAdmins, 204),
        may(projectAdmins, 404),
        may(admins, 404),
      ];
      const answers = [
        await call('GET', OWN, undefined, role),
        await call('GET', PROJECT, undefined, role),
        await call('GET', GLOBAL, undefined, role),
        await call('PUT', OWN, undefined, role),
        await call('DELETE', OWN, undefined, role),
        await call('POST', PROJECT, [{ slug: 'nope' }], role),
        await call('POST', GLOBAL, [{ projectKey: 'PRJ', slug: 'nope' }], role),
      ];
      assert.deepEqual(
        answers.map(({ status }) => status),
        expected,
        role,
      );
    }
  });
});
