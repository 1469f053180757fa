import assert from 'node:assert/strict';
import { it } from 'node:test';
import { findBranch, listBranches, notePolicyDigest, syncBranches, tipDigest } from '../../src/store/branches.ts';
import type { Db } from '../../src/store/open-store.ts';
import { createProject } from '../../src/store/projects.ts';
import { createRepository } from '../../src/store/repositories.ts';
import type { BranchRow } from '../../src/store/schema.ts';
import {
  branchStatus,
  listBranchStatuses,
  projectStatuses,
  repositoryStatus,
  repositoryStatuses,
} from '../../src/store/status.ts';
import { describeEachStore } from '../helpers/each-store.ts';

const TIP = 'a'.repeat(40);
const NEXT = 'b'.repeat(40);

async function addRepository(db: Db, projectId: number, slug: string, branches: readonly string[]): Promise<number> {
  const { id } = await createRepository(db, { projectId, name: slug, path: `/srv/${slug}.git`, created: 1 });
  await syncBranches(
    db,
    id,
    branches.map((name) => ({ name: `refs/heads/${name}`, oid: TIP })),
  );
  return id;
}

async function setBranch(db: Db, repositoryId: number, name: string, keys: Partial<BranchRow>): Promise<void> {
  await db
    .updateTable('branches')
    .set(keys)
    .where('repositoryId', '=', repositoryId)
    .where('ref', '=', `refs/heads/${name}`)
    .execute();
}

const CLEAN = { scannedCommit: TIP, policyDigest: 'd', scanned: 5 };

/** A scan that could not read everything. */
async function addPartialScan(db: Db, repositoryId: number): Promise<number> {
  const row = {
    key: `partial-${repositoryId}`,
    repositoryId,
    ref: 'x',
    state: 'COMPLETED',
    priority: 0,
    trigger: 'request',
    requestedBy: 'ann',
    full: 0,
    attempt: 1,
    progress: 100,
    objects: 0,
    bytes: 0,
    outcome: 'partial',
    cancelRequested: 0,
    notify: '[]',
    queued: 1,
  } as const;
  const { id } = await db.insertInto('scans').values(row).returning('id').executeTakeFirstOrThrow();
  return id;
}

describeEachStore('branches', (stores) => {
  it('are those that were last seen', async () => {
    const { db } = await stores.open();
    const project = await createProject(db, { key: 'P', created: 1 });
    const id = await addRepository(db, project.id, 'app', ['main', 'old']);
    await setBranch(db, id, 'main', CLEAN);
    const change = await syncBranches(db, id, [
      { name: 'refs/heads/main', oid: NEXT },
      { name: 'refs/heads/Feature_1', oid: TIP },
    ]);
    assert.deepEqual(change, {
      added: ['refs/heads/Feature_1'],
      moved: ['refs/heads/main'],
      removed: ['refs/heads/old'],
    });
    const main = await findBranch(db, id, 'refs/heads/main');
    assert.deepEqual([main?.tip, main?.scannedCommit], [NEXT, TIP]);
    assert.equal(await findBranch(db, id, 'refs/heads/old'), undefined);
    const all = { start: 0, limit: 10 };
    assert.deepEqual(
      (await listBranches(db, id, { name: 'FEATURE_' }, all)).map(({ ref }) => ref),
      ['refs/heads/Feature_1'],
    );
    assert.deepEqual(await listBranches(db, id, { name: '%' }, all), []);
    assert.equal((await listBranches(db, id, {}, { start: 0, limit: 1 })).length, 2);
  });

  it('stand as their last scan, their tip and their policy say', async () => {
    const { db } = await stores.open();
    const project = await createProject(db, { key: 'P', created: 1 });
    const id = await addRepository(db, project.id, 'app', ['a', 'b', 'c', 'd', 'e', 'f']);
    for (const name of ['a', 'b', 'c', 'd', 'e']) await setBranch(db, id, name, CLEAN);
    await setBranch(db, id, 'b', { vulnerabilities: 2, scanned: 9 });
    await setBranch(db, id, 'c', { tip: NEXT });
    await setBranch(db, id, 'd', { policyDigest: 'older' });
    await setBranch(db, id, 'e', { scanId: await addPartialScan(db, id) });
    assert.equal(await notePolicyDigest(db, id, 'd'), 1);
    assert.equal(await notePolicyDigest(db, id, 'd'), 0);
    const rows = await listBranchStatuses(db, id, {}, { start: 0, limit: 10 });
    assert.deepEqual(
      rows.map(({ ref, status }) => `${ref.slice(-1)} ${status}`),
      ['a SECURE', 'b VULNERABLE', 'c OUTDATED', 'd OUTDATED', 'e PARTIALLY_SCANNED', 'f NOT_SCANNED'],
    );
    assert.equal((await branchStatus(db, id, 'refs/heads/c'))?.status, 'OUTDATED');
    const { repositoryId: _id, projectId: _project, ...status } = (await repositoryStatus(db, id)) ?? {};
    assert.deepEqual(status, {
      status: 'VULNERABLE',
      vulnerabilities: 2,
      lastScanDate: 9,
      children: { total: 6, secure: 1, vulnerable: 1, notScanned: 1, partiallyScanned: 1, outdated: 2 },
    });
    await setBranch(db, id, 'a', { policyDigest: tipDigest('d') });
    assert.equal(await notePolicyDigest(db, id, 'd'), 0);
  });

  it('make up how repositories stand, and these their project', async () => {
    const { db } = await stores.open();
    const project = await createProject(db, { key: 'P', created: 1 });
    const stateOf = async (): Promise<string | undefined> =>
      (await projectStatuses(db, { projectIds: [project.id] })).get(project.id)?.status;
    assert.equal(await stateOf(), undefined);
    const empty = await addRepository(db, project.id, 'empty', []);
    assert.equal(await stateOf(), 'NOT_SCANNED');
    const one = await addRepository(db, project.id, 'one', ['a', 'b']);
    await setBranch(db, one, 'a', CLEAN);
    assert.equal((await repositoryStatus(db, one))?.status, 'PARTIALLY_SCANNED');
    await setBranch(db, one, 'b', CLEAN);
    assert.equal((await repositoryStatus(db, one))?.status, 'SECURE');
    assert.equal(await stateOf(), 'PARTIALLY_SCANNED');
    await setBranch(db, one, 'b', { tip: NEXT });
    assert.equal((await repositoryStatus(db, one))?.status, 'OUTDATED');
    await setBranch(db, one, 'b', { vulnerabilities: 1 });
    assert.equal(await stateOf(), 'VULNERABLE');
    assert.deepEqual((await repositoryStatuses(db, { viewer: {} })).length, 0);
    assert.deepEqual(
      (await repositoryStatuses(db, { repositoryIds: [empty, one] })).map(({ repositoryId }) => repositoryId),
      [empty, one],
    );
  });

  it('are counted by the database for a thousand repositories at once', async () => {
    const { db } = await stores.open();
    const project = await createProject(db, { key: 'P', created: 1 });
    const repositories = Array.from({ length: 1000 }, (_, i) => ({
      projectId: project.id,
      slug: `r${i}`,
      name: `r${i}`,
      description: null,
      path: `/srv/r${i}.git`,
      cloneUrl: null,
      defaultBranch: null,
      isPublic: 0,
      created: 1,
    }));
    const ids = await db.insertInto('repositories').values(repositories).returning('id').execute();
    for (let from = 0; from < ids.length; from += 100)
      await db
        .insertInto('branches')
        .values(
          ids.slice(from, from + 100).flatMap(({ id }) =>
            Array.from({ length: 10 }, (_, i) => ({
              repositoryId: id,
              ref: `refs/heads/b${i}`,
              tip: TIP,
              vulnerabilities: id % 100 === 0 && i === 3 ? 1 : 0,
              scanId: null,
              ...CLEAN,
            })),
          ),
        )
        .execute();
    const statuses = await repositoryStatuses(db, {});
    assert.equal(statuses.length, 1000);
    assert.equal(statuses.filter(({ status }) => status === 'VULNERABLE').length, 10);
    assert.ok(statuses.every(({ children }) => children.total === 10));
  });
});
