import assert from 'node:assert/strict';
import { it } from 'node:test';
import { syncBranches } from '../../src/store/branches.ts';
import type { Db } from '../../src/store/open-store.ts';
import { createProject } from '../../src/store/projects.ts';
import { createRepository } from '../../src/store/repositories.ts';
import {
  activeScan,
  claimScan,
  endScan,
  findScanByKey,
  latestScan,
  listScans,
  noteProgress,
  queueScan,
  requestCancel,
  requeueScan,
  scanStats,
  waitingScans,
  type NewScan,
} from '../../src/store/scans.ts';
import type { ScanRow } from '../../src/store/schema.ts';
import { describeEachStore } from '../helpers/each-store.ts';

const REF = 'refs/heads/main';

async function addRepository(db: Db, slug: string): Promise<number> {
  const { id } = await createProject(db, { key: slug, created: 1 });
  const repository = await createRepository(db, { projectId: id, name: slug, path: `/srv/${slug}.git`, created: 1 });
  await syncBranches(db, repository.id, [{ name: REF, oid: 'a'.repeat(40) }]);
  return repository.id;
}

function wish(repositoryId: number, keys: Partial<NewScan> = {}): NewScan {
  return {
    repositoryId,
    ref: REF,
    trigger: 'request',
    requestedBy: 'ann',
    priority: 0,
    full: false,
    notify: [],
    now: 1,
    ...keys,
  };
}

describeEachStore('scans', (stores) => {
  it('are one for each branch, however many ask at once', async () => {
    const { db } = await stores.open();
    const id = await addRepository(db, 'a');
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => queueScan(db, wish(id, { notify: [`${i}@example.org`] }))),
    );
    assert.equal(answers.filter(({ created }) => created).length, 1);
    assert.equal(new Set(answers.map(({ scan }) => scan.key)).size, 1);
    const active = (await activeScan(db, id, REF)) as ScanRow;
    assert.equal((JSON.parse(active.notify) as string[]).length, 8);
    await queueScan(db, wish(id, { priority: 5, full: true }));
    assert.deepEqual(await activeScan(db, id, REF).then((scan) => [scan?.priority, scan?.full]), [5, 1]);
    assert.equal((await findScanByKey(db, active.key))?.id, active.id);
  });

  it('go forward only', async () => {
    const { db } = await stores.open();
    const id = await addRepository(db, 'a');
    const { scan } = await queueScan(db, wish(id));
    assert.equal(await noteProgress(db, scan.id, { progress: 10, objects: 1, bytes: 1, now: 2 }), undefined);
    assert.equal((await claimScan(db, scan.id, 2))?.state, 'RUNNING');
    assert.equal(await claimScan(db, scan.id, 2), undefined);
    assert.equal((await noteProgress(db, scan.id, { progress: 50, objects: 5, bytes: 5, now: 3 }))?.progress, 50);
    assert.equal((await noteProgress(db, scan.id, { progress: 20, objects: 2, bytes: 2, now: 4 }))?.progress, 50);
    assert.equal((await requeueScan(db, scan.id, { reason: 'x', counts: true }))?.attempt, 1);
    assert.equal(await requeueScan(db, scan.id, { reason: 'x', counts: true }), undefined);
    const again = await claimScan(db, scan.id, 5);
    assert.deepEqual([again?.attempt, again?.progress], [2, 50]);
    assert.equal((await requeueScan(db, scan.id, { reason: 'x', counts: false }))?.attempt, 1);
    assert.equal((await endScan(db, scan.id, { state: 'CANCELLED', reason: 'x', now: 6 }))?.state, 'CANCELLED');
    assert.equal(await endScan(db, scan.id, { state: 'FAILED', reason: 'x', now: 6 }), undefined);
    assert.equal(await claimScan(db, scan.id, 7), undefined);
    const next = await queueScan(db, wish(id));
    assert.equal(next.created, true);
    assert.equal((await latestScan(db, id, REF))?.id, next.scan.id);
  });

  it('wait in their order, a few of each repository, without those to be cancelled', async () => {
    const { db } = await stores.open();
    const [a, b] = [await addRepository(db, 'a'), await addRepository(db, 'b')];
    const ids: number[] = [];
    for (const [repository, ref, priority] of [
      [a, 'x', 0],
      [a, 'y', 3],
      [a, 'z', 0],
      [b, 'x', 0],
      [b, 'y', 0],
    ] as const)
      ids.push((await queueScan(db, wish(repository, { ref, priority, now: ids.length }))).scan.id);
    assert.deepEqual(
      (await waitingScans(db, 1)).map(({ id }) => id),
      [ids[1], ids[3]],
    );
    await requestCancel(db, ids[3] as number);
    assert.deepEqual(
      (await waitingScans(db, 2)).map(({ id }) => id),
      [ids[1], ids[0], ids[4]],
    );
    assert.deepEqual(await scanStats(db), { queued: 5, running: 0, oldestQueued: 0 });
    await claimScan(db, ids[0] as number, 9);
    assert.deepEqual(await scanStats(db), { queued: 4, running: 1, oldestQueued: 1 });
    const page = await listScans(db, { repositoryId: a }, { start: 0, limit: 2 });
    assert.deepEqual(
      page.map(({ id }) => id),
      [ids[2], ids[1], ids[0]],
    );
    assert.equal(
      (await listScans(db, { states: ['RUNNING'], repositoryIds: [a, b] }, { start: 0, limit: 9 })).length,
      1,
    );
    assert.deepEqual(await listScans(db, { repositoryIds: [] }, { start: 0, limit: 9 }), []);
  });
});
