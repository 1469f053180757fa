import assert from 'node:assert/strict';
import { chmodSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeUpScans } from '../../src/queue/take-up.ts';
import { scheduleProblem } from '../../src/queue/scan-schedule.ts';
import { nextScan } from '../../src/queue/turns.ts';
import { allBranches } from '../../src/store/branches.ts';
import { branchFindings } from '../../src/store/complete-scan.ts';
import { claimScan, findScan, latestScan, listScans, noteProgress, requestCancel } from '../../src/store/scans.ts';
import type { ScanRow } from '../../src/store/schema.ts';
import { ALL } from '../../src/store/slice.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createQueueFixture, MAIN, untilIdle, type QueueFixture } from '../helpers/queue-fixture.ts';
import { createRepo, type TempRepo } from '../helpers/temp-repo.ts';

const fixtures: QueueFixture[] = [];
after(async () => {
  for (const fixture of fixtures) await fixture.close();
});

async function createFixture(): Promise<QueueFixture> {
  const fixture = await createQueueFixture();
  fixtures.push(fixture);
  return fixture;
}

function smallRepo(branches = 1): TempRepo {
  const repo = createRepo();
  repo.write('a.txt', fakeGithubPat('a')).commit();
  for (let i = 1; i < branches; i++) repo.git('branch', `b${i}`);
  return repo;
}

const BY_ANN = { trigger: 'request', requestedBy: 'ann' } as const;

describe('the order of scans', () => {
  it('gives every repository its turn, however many branches another has', async () => {
    const fixture = await createFixture();
    const large = await fixture.register('large', smallRepo(4));
    const small = await fixture.register('small', smallRepo());
    const queue = fixture.queue({ concurrency: 1 });
    const begun = new Map<number, number>();
    queue.subscribe(({ scan }) => {
      if (scan.state === 'RUNNING' && !begun.has(scan.id)) begun.set(scan.id, scan.repositoryId);
    });
    await queue.scheduleRepository({ repositoryId: large.id, ...BY_ANN });
    await queue.schedule({ repositoryId: small.id, ref: MAIN, ...BY_ANN });
    await queue.start();
    await untilIdle(queue);
    assert.deepEqual([...begun.values()], [large.id, small.id, large.id, large.id, large.id]);
    assert.equal((await listScans(fixture.store.db, { states: ['COMPLETED'] }, ALL)).length, 5);
  });

  it('puts priority before fairness, and fairness before age', () => {
    const row = (id: number, repositoryId: number, priority: number): ScanRow =>
      ({ id, repositoryId, priority }) as ScanRow;
    const turns = new Map([
      [1, 5],
      [2, 3],
    ]);
    assert.equal(nextScan([row(1, 1, 0), row(2, 2, 0)], turns)?.id, 2);
    assert.equal(nextScan([row(1, 1, 0), row(2, 2, 0), row(9, 3, 0)], turns)?.id, 9);
    assert.equal(nextScan([row(1, 1, 7), row(2, 2, 0)], turns)?.id, 1);
    assert.equal(nextScan([], turns), undefined);
  });

  it('scans an exempt repository only when somebody asks', async () => {
    const fixture = await createFixture();
    const row = await fixture.register('app', smallRepo());
    fixture.inForce.exempt = true;
    const queue = fixture.queue();
    const request = { repositoryId: row.id, ref: MAIN, requestedBy: 'system' };
    assert.deepEqual(await queue.schedule({ ...request, trigger: 'schedule' }), { scan: undefined, created: false });
    assert.deepEqual(await queue.schedule({ ...request, trigger: 'push' }), { scan: undefined, created: false });
    assert.equal((await queue.schedule({ ...request, trigger: 'request' })).created, true);
  });

  it('runs at the times of a cron expression', async () => {
    assert.equal(scheduleProblem('0 3 * * *'), undefined);
    assert.match(scheduleProblem('every day') ?? '', /./);
    assert.match(scheduleProblem('0 0 30 2 *') ?? '', /./);
  });
});

describe('cancelling', () => {
  it('ends what waits and what runs, and knows what has ended', async () => {
    const fixture = await createFixture();
    const row = await fixture.register('app', smallRepo(2));
    const queue = fixture.queue({ concurrency: 1 });
    const waiting = (await queue.schedule({ repositoryId: row.id, ref: MAIN, ...BY_ANN })).scan as ScanRow;
    assert.equal(await queue.cancel(waiting.id), 'cancelled');
    assert.equal(await queue.cancel(waiting.id), 'cancelled');
    assert.equal(await queue.cancel(4711), 'unknown');
    const running = (await queue.schedule({ repositoryId: row.id, ref: MAIN, ...BY_ANN })).scan as ScanRow;
    assert.notEqual(running.id, waiting.id);
    const begun = new Promise<void>((resolve) => {
      queue.subscribe(({ scan }) => scan.id === running.id && scan.state === 'RUNNING' && resolve());
    });
    await queue.start();
    await begun;
    assert.equal(await queue.cancel(running.id), 'cancelled');
    assert.equal((await findScan(fixture.store.db, running.id))?.state, 'CANCELLED');
    const other = (await queue.schedule({ repositoryId: row.id, ref: 'refs/heads/b1', ...BY_ANN })).scan as ScanRow;
    await untilIdle(queue);
    assert.equal((await findScan(fixture.store.db, running.id))?.state, 'CANCELLED');
    assert.equal(await queue.cancel(other.id), 'finished');
    assert.deepEqual(await fixture.known(row), []);
    assert.deepEqual(await fixture.known(row, 'refs/heads/b1'), ['a.txt github-pat new']);
  });
});

describe('failing', () => {
  it('tries again what git could not do, three times in all, and says why', async () => {
    const fixture = await createFixture();
    const row = await fixture.register('gone', { cloneUrl: `file://${join(fixture.dataDir, 'not-there.git')}` });
    const queue = fixture.queue();
    await queue.schedule({ repositoryId: row.id, ref: MAIN, ...BY_ANN });
    await queue.start();
    await untilIdle(queue);
    const scan = await latestScan(fixture.store.db, row.id, MAIN);
    assert.equal(scan?.state, 'FAILED');
    assert.equal(scan.attempt, 3);
    assert.match(scan.reason ?? '', /GIT_FAILED: file:.* could not be cloned/);
  });

  it('keeps what it found when later scans fail', async () => {
    const fixture = await createFixture();
    const repo = smallRepo();
    const row = await fixture.register('app', repo);
    await fixture.scan(row);
    const queue = fixture.queue();
    repo.write('b.txt', 'x').commit();
    await queue.schedule({ repositoryId: row.id, ref: MAIN, ...BY_ANN });
    renameSync(repo.gitDir, `${repo.gitDir}-away`);
    await queue.start();
    await untilIdle(queue);
    const scan = await latestScan(fixture.store.db, row.id, MAIN);
    assert.equal(scan?.state, 'FAILED');
    assert.match(scan.reason ?? '', /TARGET_INVALID/);
    assert.deepEqual(await fixture.known(row), ['a.txt github-pat new']);
  });

  it('says of a branch with an object that is not there that it was read in part', async () => {
    const fixture = await createFixture();
    const repo = smallRepo();
    const blob = repo.oid('HEAD:a.txt');
    repo.write('a.txt', 'clean').write('b.txt', fakeGithubPat('b')).commit();
    const row = await fixture.register('app', repo);
    await fixture.scan(row);
    const file = join(repo.gitDir, 'objects', blob.slice(0, 2), blob.slice(2));
    chmodSync(file, 0o600);
    renameSync(file, `${file}-away`);
    await fixture.scan(row, { full: true });
    const scan = await latestScan(fixture.store.db, row.id, MAIN);
    assert.equal(scan?.outcome, 'partial');
    assert.match(scan.coverage ?? '', /"missing":1/);
    // What could not be read now is still known.
    assert.deepEqual(await fixture.known(row), ['a.txt github-pat new historical', 'b.txt github-pat new']);
  });
});

describe('stopping', () => {
  it('queues again what is not done in time, without counting the attempt', async () => {
    const fixture = await createFixture();
    const row = await fixture.register('app', smallRepo(3));
    const queue = fixture.queue({ concurrency: 1 });
    await queue.scheduleRepository({ repositoryId: row.id, ...BY_ANN });
    const begun = new Promise<void>((resolve) => {
      queue.subscribe(({ scan }) => scan.state === 'RUNNING' && resolve());
    });
    await queue.start();
    await begun;
    await queue.drain(0);
    const scans = await listScans(fixture.store.db, {}, ALL);
    assert.deepEqual(
      scans.map(({ state, attempt }) => [state, attempt]),
      [
        ['QUEUED', 0],
        ['QUEUED', 0],
        ['QUEUED', 0],
      ],
    );
    const next = fixture.queue();
    await next.start();
    await untilIdle(next);
    assert.equal((await listScans(fixture.store.db, { states: ['COMPLETED'] }, ALL)).length, 3);
  });

  it('lets what runs come to its end when there is time', async () => {
    const fixture = await createFixture();
    const row = await fixture.register('app', smallRepo(2));
    const queue = fixture.queue({ concurrency: 1 });
    await queue.scheduleRepository({ repositoryId: row.id, ...BY_ANN });
    const begun = new Promise<void>((resolve) => {
      queue.subscribe(({ scan }) => scan.state === 'RUNNING' && resolve());
    });
    await queue.start();
    await begun;
    await queue.drain(600_000);
    const states = (await listScans(fixture.store.db, {}, ALL)).map(({ state }) => state).sort();
    assert.deepEqual(states, ['COMPLETED', 'QUEUED']);
  });

  it('takes up what a crash left running, and cancels what was to be cancelled', async () => {
    const fixture = await createFixture();
    const { db } = fixture.store;
    const row = await fixture.register('app', smallRepo(2));
    await fixture.queue().scheduleRepository({ repositoryId: row.id, ...BY_ANN });
    const [first, second] = (await listScans(db, {}, ALL)) as [ScanRow, ScanRow];
    await claimScan(db, first.id, 1);
    await noteProgress(db, first.id, { progress: 40, objects: 4, bytes: 5, now: 2 });
    await claimScan(db, second.id, 1);
    await requestCancel(db, second.id);
    assert.equal(await takeUpScans(db, 3), 1);
    const waiting = await findScan(db, first.id);
    assert.deepEqual([waiting?.state, waiting?.progress, waiting?.attempt], ['QUEUED', 40, 1]);
    assert.equal((await findScan(db, second.id))?.state, 'CANCELLED');
  });
});

describe('a repository with an address', () => {
  it('is mirrored, and fetched into for later scans', async () => {
    const fixture = await createFixture();
    const repo = smallRepo(2);
    const row = await fixture.register('far', { cloneUrl: `file://${repo.gitDir}` });
    await fixture.scan(row);
    assert.deepEqual(await fixture.known(row), ['a.txt github-pat new']);
    repo.write('b.txt', fakeGithubPat('b')).commit();
    repo.git('branch', '-D', 'b1');
    await sleep(2);
    await fixture.scan(row);
    assert.deepEqual(await fixture.known(row), ['a.txt github-pat new', 'b.txt github-pat new']);
    assert.deepEqual(
      (await allBranches(fixture.store.db, row.id)).map(({ ref }) => ref),
      [MAIN],
    );
  });
});

describe('findings', () => {
  it('hold no secret in clear but in the name of their branch', async () => {
    const fixture = await createFixture();
    const token = fakeGithubPat('clear');
    const repo = createRepo();
    repo.write(`${token}.txt`, `key = ${token}`).commit(`adds ${token}`);
    repo.git('branch', '-m', `main-${token}`);
    const row = await fixture.register('app', repo);
    await fixture.scan(row, { ref: `refs/heads/main-${token}` });
    const rows = await branchFindings(fixture.store.db, row.id, `refs/heads/main-${token}`);
    assert.equal(rows.length, 3);
    for (const { ref: _ref, ...columns } of rows) assert.ok(!JSON.stringify(columns).includes(token));
  });
});

describe('a change of the policy', () => {
  it('makes the next scan a full one, which replaces what was found', async () => {
    const fixture = await createFixture();
    const row = await fixture.register('app', smallRepo());
    await fixture.scan(row);
    assert.deepEqual(await fixture.known(row), ['a.txt github-pat new']);
    const { policy } = fixture.inForce;
    fixture.inForce.policy = { ...policy, rules: policy.rules.filter(({ id }) => id !== 'github-pat') };
    fixture.inForce.digest = 'rules-2';
    await fixture.scan(row);
    assert.deepEqual(await fixture.known(row), []);
  });
});
