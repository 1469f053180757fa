import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { buildApp } from '../../src/server/app.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { setGrant } from '../../src/store/grants.ts';
import { createProject } from '../../src/store/projects.ts';
import { createRepository } from '../../src/store/repositories.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { startSoteri, type Soteri } from '../helpers/soteri-fixture.ts';

interface Status {
  readonly status: string;
  readonly vulnerabilities: number;
  readonly lastScanDate: number | null;
  readonly children?: Readonly<Record<string, number>>;
  readonly project?: { readonly key: string };
  readonly repository?: { readonly slug: string };
  readonly branch?: { readonly id: string; readonly displayId: string; readonly latestCommit: string };
}
interface Page {
  readonly values: readonly Status[];
  readonly isLastPage: boolean;
  readonly nextPageStart: number | null;
}

describe('security status', () => {
  let soteri: Soteri;
  before(async () => {
    soteri = await startSoteri();
  });
  after(() => soteri.close());
  const one = async (path: string): Promise<Status> => (await soteri.call('GET', path)).body;
  const page = async (path: string): Promise<Page> => (await soteri.call('GET', path)).body;
  const REPOSITORY = '/status/projects/PRJ/repos/app';

  it('goes from not scanned over partially scanned and secure to vulnerable and outdated', async () => {
    const { context, repository, origin } = soteri.server;
    assert.equal((await one(REPOSITORY)).status, 'NOT_SCANNED');
    await soteri.fill('main', [], { now: 5 });
    const secure = await one(REPOSITORY);
    assert.deepEqual(
      [secure.status, secure.vulnerabilities, secure.lastScanDate, secure.repository?.slug],
      ['SECURE', 0, 5, 'app'],
    );
    assert.deepEqual(secure.children, {
      total: 1,
      secure: 1,
      vulnerable: 0,
      notScanned: 0,
      partiallyScanned: 0,
      outdated: 0,
    });
    await soteri.fill('other', []);
    await context.store.db
      .updateTable('branches')
      .set({ scannedCommit: null, scanId: null })
      .where('ref', '=', 'refs/heads/other')
      .execute();
    assert.equal((await one(REPOSITORY)).status, 'PARTIALLY_SCANNED');
    await soteri.fill('other', []);
    await context.store.db
      .updateTable('branches')
      .set({ tip: 'b'.repeat(40) })
      .where('ref', '=', 'refs/heads/other')
      .execute();
    assert.equal((await one(REPOSITORY)).status, 'OUTDATED');
    await soteri.fill('main', [{ secret: fakeGithubPat() }]);
    const vulnerable = await one('/status/projects/PRJ');
    assert.deepEqual(
      [vulnerable.status, vulnerable.vulnerabilities, vulnerable.project?.key, vulnerable.children?.['vulnerable']],
      ['VULNERABLE', 1, 'PRJ', 1],
    );
    const { values } = await page(`${REPOSITORY}/branches`);
    assert.deepEqual(
      values.map(({ branch, status }) => [branch?.displayId, status]),
      [
        ['main', 'VULNERABLE'],
        ['other', 'OUTDATED'],
      ],
    );
    assert.deepEqual(values[0]?.branch, { id: 'refs/heads/main', displayId: 'main', latestCommit: origin.head });
    assert.equal((await page(`${REPOSITORY}/branches?name=OTH`)).values.length, 1);
    assert.equal((await page(`${REPOSITORY}/branches?name=heads`)).values.length, 0);
    assert.equal((await page(`${REPOSITORY}/branches?limit=1`)).nextPageStart, 1);
    assert.equal(repository.slug, 'app');
  });

  it('of many is given in pages, by a part of the name', async () => {
    const { context, project } = soteri.server;
    for (const name of ['zeta', 'Alpha_1', 'beta'])
      await createRepository(context.store.db, { projectId: project.id, name, path: `/nowhere/${name}`, created: 1 });
    const first = await page('/status/projects/PRJ/repos?start=0&limit=2');
    assert.deepEqual(
      [first.values.map(({ repository }) => repository?.slug), first.isLastPage, first.nextPageStart],
      [['alpha_1', 'app'], false, 2],
    );
    const second = await page('/status/projects/PRJ/repos?start=2&limit=2');
    assert.deepEqual(
      [second.values.map(({ repository }) => repository?.slug), second.isLastPage, second.nextPageStart],
      [['beta', 'zeta'], true, null],
    );
    assert.deepEqual(
      (await page('/status/projects/PRJ/repos?name=A_')).values.map(({ repository }) => repository?.slug),
      ['alpha_1'],
    );
    assert.equal((await page('/status/projects/PRJ/repos?name=%25')).values.length, 0);
    assert.equal((await page('/status/projects?name=example&start=0&limit=10')).values.length, 1);
    assert.equal((await page('/status/projects?name=PRJ')).values.length, 0);
    for (const query of ['limit=0', 'start=-1', 'start=x', 'limit=1.5'])
      assert.equal((await soteri.call('GET', `/status/projects?${query}`)).status, 400, query);
  });

  it('shows those with app access what they may read, and nothing else', async () => {
    const { context, project, repository, account } = soteri.server;
    const hidden = await createProject(context.store.db, { key: 'HID', name: 'Hidden', created: 1 });
    await createRepository(context.store.db, {
      projectId: hidden.id,
      name: 'secret',
      path: '/nowhere/secret',
      created: 1,
    });
    const list = async (path: string): Promise<readonly Status[]> =>
      ((await soteri.call('GET', path, { role: 'appAccess' })).body as Page).values;
    assert.deepEqual(await list('/status/projects'), []);
    assert.equal((await soteri.call('GET', '/status/projects/HID', { role: 'appAccess' })).status, 401);
    assert.deepEqual(await list('/status/projects/HID/repos'), []);
    await setGrant(
      context.store.db,
      { scope: 'REPOSITORY', resourceId: repository.id },
      { userId: account('appAccess').id },
      'REPO_READ',
    );
    assert.deepEqual(
      (await list('/status/projects')).map((status) => [status.project?.key, status.children?.['total']]),
      [['PRJ', 1]],
    );
    assert.deepEqual(
      (await list('/status/projects/PRJ/repos')).map((status) => status.repository?.slug),
      ['app'],
    );
    assert.equal(project.key, 'PRJ');
  });
});

describe('status of a thousand repositories', () => {
  it('takes as many queries as that of one', async () => {
    const soteri = await startSoteri();
    const { context, project, admin } = soteri.server;
    let queries = 0;
    const db = context.store.db.withPlugin({
      transformQuery: ({ node }) => (queries++, node),
      transformResult: async ({ result }) => result,
    });
    const app = await buildApp({ ...context, store: { ...context.store, db }, metrics: createMetrics('0.0.0') });
    const count = async (url: string): Promise<readonly [number, number]> => {
      queries = 0;
      const answer = await app.inject({ method: 'GET', url: `/rest/security/latest${url}`, headers: admin });
      assert.equal(answer.statusCode, 200);
      return [queries, answer.json<Page>().values.length];
    };
    await count('/status/projects?limit=1000');
    const [ofOne] = await count('/status/projects/PRJ/repos?limit=1000');
    const [ofOneProject] = await count('/status/projects?limit=1000');
    await context.store.db.transaction().execute(async (transaction) => {
      for (let i = 0; i < 1000; i++) {
        const { id } = await createRepository(transaction, {
          projectId: project.id,
          name: `repo-${i}`,
          path: `/nowhere/${i}`,
          created: 1,
        });
        await transaction
          .insertInto('branches')
          .values(
            Array.from({ length: 10 }, (_, n) => ({
              repositoryId: id,
              ref: `refs/heads/b${n}`,
              tip: 'a',
              scannedCommit: 'a',
              scanId: null,
              policyDigest: 'd',
              scanned: 1,
              vulnerabilities: n === 9 ? 1 : 0,
            })),
          )
          .execute();
      }
    });
    assert.deepEqual(await count('/status/projects/PRJ/repos?limit=1000'), [ofOne, 1000]);
    assert.deepEqual(await count('/status/projects?limit=1000'), [ofOneProject, 1]);
    await app.close();
    await soteri.close();
  });
});
