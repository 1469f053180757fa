import assert from 'node:assert/strict';
import { it } from 'node:test';
import { syncBranches } from '../../src/store/branches.ts';
import { branchFindings, completeScan, findingKey, type ScanEnd } from '../../src/store/complete-scan.ts';
import {
  countFindings,
  countVulnerabilities,
  findFinding,
  listFindings,
  listFoundRules,
  streamFindings,
} from '../../src/store/findings.ts';
import type { Db, Store } from '../../src/store/open-store.ts';
import { createProject } from '../../src/store/projects.ts';
import { recountExpired, recountVulnerabilities } from '../../src/store/recount.ts';
import { createRepository } from '../../src/store/repositories.ts';
import { putReview } from '../../src/store/reviews.ts';
import { addReviewedMatches } from '../../src/store/reviewed-matches.ts';
import { claimScan, endScan, findScan, queueScan } from '../../src/store/scans.ts';
import { findBranch } from '../../src/store/branches.ts';
import { describeEachStore } from '../helpers/each-store.ts';
import { fingerprintOf, makeFound } from '../helpers/make-found.ts';

const REF = 'refs/heads/main';

interface Place {
  readonly store: Store;
  readonly db: Db;
  readonly projectId: number;
  readonly repositoryId: number;
}

async function fill({ db }: Store, slug = 'app'): Promise<Omit<Place, 'store'>> {
  const project = await createProject(db, { key: `P${slug}`, created: 1 });
  const repository = await createRepository(db, {
    projectId: project.id,
    name: slug,
    path: `/srv/${slug}.git`,
    created: 1,
  });
  await syncBranches(db, repository.id, [{ name: REF, oid: 'a'.repeat(40) }]);
  return { db, projectId: project.id, repositoryId: repository.id };
}

/** Runs a scan that ends with these findings. */
async function end(db: Db, repositoryId: number, keys: Partial<ScanEnd>): ReturnType<typeof completeScan> {
  const { scan } = await queueScan(db, {
    repositoryId,
    ref: REF,
    trigger: 'request',
    requestedBy: 'ann',
    priority: 0,
    full: false,
    notify: [],
    now: 1,
  });
  await claimScan(db, scan.id, 2);
  return completeScan(db, {
    scanId: scan.id,
    now: 10,
    commitId: 'a'.repeat(40),
    policyDigest: 'd',
    outcome: 'complete',
    coverage: '{}',
    objects: 1,
    bytes: 1,
    mode: 'replace',
    findings: [],
    gone: new Set(),
    ...keys,
  });
}

describeEachStore('findings', (stores) => {
  it('keep their ids and the time they were found when scans find them again', async () => {
    const store = await stores.open();
    const { db, repositoryId } = await fill(store);
    const first = await end(db, repositoryId, { findings: [makeFound('a'), makeFound('b', { path: 'b.ts' })] });
    assert.equal(first?.added.length, 2);
    const before = await branchFindings(db, repositoryId, REF);
    const second = await end(db, repositoryId, {
      now: 20,
      findings: [makeFound('a', { line: 9 }), makeFound('c')],
      gone: new Set([findingKey(makeFound('c'))]),
    });
    assert.deepEqual(
      second?.added.map(({ fingerprint, historical }) => [fingerprint, historical]),
      [[fingerprintOf('c'), 1]],
    );
    const after = await branchFindings(db, repositoryId, REF);
    assert.deepEqual(
      after.map(({ id, fingerprint, line, created, scanId }) => [
        id === before[0]?.id,
        fingerprint,
        line,
        created,
        scanId === first?.scan.id,
      ]),
      [
        [true, fingerprintOf('a'), 9, 10, true],
        [false, fingerprintOf('c'), 1, 20, false],
      ],
    );
    assert.equal((await findBranch(db, repositoryId, REF))?.vulnerabilities, 2);
  });

  it('of a range are added to those of the branch, one that counts in place of one that does not', async () => {
    const store = await stores.open();
    const { db, repositoryId } = await fill(store);
    await end(db, repositoryId, {
      findings: [makeFound('a', { state: 'suppressed' }), makeFound('b', { path: 'b.ts' })],
    });
    await end(db, repositoryId, {
      mode: 'add',
      findings: [makeFound('a', { line: 7 }), makeFound('b', { path: 'b.ts', line: 8 })],
      gone: new Set([findingKey(makeFound('b', { path: 'b.ts' }))]),
    });
    const rows = await branchFindings(db, repositoryId, REF);
    assert.deepEqual(
      rows.map(({ state, line, historical, occurrences }) => [state, line, historical, occurrences]),
      [
        ['new', 7, 0, 2],
        ['new', 1, 1, 2],
      ],
    );
    await end(db, repositoryId, { mode: 'add' });
    assert.deepEqual(
      (await branchFindings(db, repositoryId, REF)).map(({ historical }) => historical),
      [0, 0],
    );
  });

  it('of a scan that has been cancelled, or whose branch is gone, are not kept', async () => {
    const store = await stores.open();
    const { db, repositoryId } = await fill(store);
    const { scan } = await queueScan(db, {
      repositoryId,
      ref: REF,
      trigger: 'request',
      requestedBy: 'ann',
      priority: 0,
      full: false,
      notify: [],
      now: 1,
    });
    await claimScan(db, scan.id, 2);
    await endScan(db, scan.id, { state: 'CANCELLED', reason: 'x', now: 3 });
    const late: ScanEnd = {
      scanId: scan.id,
      now: 4,
      commitId: 'a',
      policyDigest: 'd',
      outcome: 'complete',
      coverage: '{}',
      objects: 0,
      bytes: 0,
      mode: 'replace',
      findings: [makeFound('a')],
      gone: new Set(),
    };
    assert.equal(await completeScan(db, late), undefined);
    await syncBranches(db, repositoryId, []);
    assert.equal(await end(db, repositoryId, { findings: [makeFound('a')] }), undefined);
    assert.deepEqual(await branchFindings(db, repositoryId, REF), []);
    assert.equal((await findScan(db, scan.id))?.state, 'CANCELLED');
  });

  it('are reviewed as long as a review of their scope holds', async () => {
    const store = await stores.open();
    const { db, repositoryId, projectId } = await fill(store);
    const other = await fill(store, 'other');
    const found = ['repo', 'project', 'global', 'any', 'match', 'matched-everywhere', 'file'].map((name) =>
      makeFound(name, { path: `${name}.ts`, ...(name === 'file' ? { state: 'reviewed' } : {}) }),
    );
    await end(db, repositoryId, { findings: found });
    await end(db, other.repositoryId, { findings: found });
    const review = {
      resolution: 'false-positive',
      ruleId: 'x',
      reviewer: 'ann',
      reason: '',
      created: 1,
      expires: null,
    };
    await putReview(db, {
      ...review,
      scope: 'REPOSITORY',
      resourceId: repositoryId,
      fingerprint: fingerprintOf('repo'),
    });
    await putReview(db, { ...review, scope: 'PROJECT', resourceId: projectId, fingerprint: fingerprintOf('project') });
    await putReview(db, {
      ...review,
      scope: 'GLOBAL',
      resourceId: 0,
      fingerprint: fingerprintOf('global'),
      expires: 100,
    });
    await putReview(db, {
      ...review,
      scope: 'GLOBAL',
      resourceId: 0,
      ruleId: '*',
      fingerprint: fingerprintOf('any any'),
    });
    const match = { matchSealed: 'key-1:AAAA', ruleName: 'x', reviewer: 'ann', created: 1 };
    await addReviewedMatches(db, [
      { ...match, scope: 'REPOSITORY', resourceId: repositoryId, fingerprint: fingerprintOf('any match') },
      { ...match, scope: 'GLOBAL', resourceId: 0, fingerprint: fingerprintOf('any matched-everywhere') },
    ]);
    const open = async (repository: number, now: number): Promise<string[]> =>
      (await listFindings(db, { repositoryId: repository, now }, { start: 0, limit: 100 })).map(({ path }) => path);
    assert.deepEqual(await open(repositoryId, 50), []);
    assert.deepEqual(await open(repositoryId, 100), ['global.ts']);
    assert.deepEqual(await open(other.repositoryId, 50), ['repo.ts', 'project.ts', 'match.ts']);
    assert.equal(await countVulnerabilities(db, { repositoryId, now: 100 }), 1);
    const all = await listFindings(db, { repositoryId, now: 100, includeReviewed: true }, { start: 0, limit: 100 });
    assert.deepEqual(
      all.filter(({ reviewed }) => reviewed === 0).map(({ path }) => path),
      ['global.ts'],
    );

    const counted = async (): Promise<number | undefined> => (await findBranch(db, repositoryId, REF))?.vulnerabilities;
    assert.equal(await counted(), 6);
    await recountVulnerabilities(db, 50, { fingerprints: [fingerprintOf('repo')] });
    assert.equal(await counted(), 0);
    await recountExpired(db, 0, 99);
    assert.equal(await counted(), 0);
    await recountExpired(db, 99, 100);
    assert.equal(await counted(), 1);
    await recountVulnerabilities(db, 50, { projectId });
    assert.equal(await counted(), 0);
    assert.equal((await findBranch(db, other.repositoryId, REF))?.vulnerabilities, 4);
  });

  it('forget a review that they met in a scan and that the database has as well', async () => {
    const store = await stores.open();
    const { db, repositoryId } = await fill(store);
    await putReview(db, {
      resolution: 'revoked',
      ruleId: 'x',
      reviewer: 'ann',
      reason: '',
      created: 1,
      expires: 100,
      scope: 'REPOSITORY',
      resourceId: repositoryId,
      fingerprint: fingerprintOf('a'),
    });
    await end(db, repositoryId, { findings: [makeFound('a', { state: 'reviewed' })] });
    assert.equal(await countVulnerabilities(db, { repositoryId, now: 50 }), 0);
    assert.equal(await countVulnerabilities(db, { repositoryId, now: 100 }), 1);
  });

  it('are listed by rule, path, time, and in parts', async () => {
    const store = await stores.open();
    const { db, repositoryId, projectId } = await fill(store);
    const many = Array.from({ length: 1203 }, (_, i) =>
      makeFound(`n${i}`, { path: `${i}.ts`, severity: i % 2 === 0 ? 'low' : 'high' }),
    );
    await end(db, repositoryId, {
      findings: [
        ...many,
        makeFound('s', { state: 'suppressed' }),
        makeFound('r', { ruleId: 'other', ruleName: 'Another' }),
      ],
    });
    let streamed = 0;
    for await (const rows of streamFindings(db, { repositoryId, now: 1 })) streamed += rows.length;
    assert.equal(streamed, 1204);
    assert.equal(await countFindings(db, { projectId, now: 1, includeSuppressed: true }), 1205);
    assert.equal(await countFindings(db, { viewer: {}, now: 1 }), 0);
    assert.equal(await countFindings(db, { viewer: { all: true }, now: 1 }), 1204);
    assert.equal(await countFindings(db, { repositoryId, now: 1, severity: 'low' }), 602);
    assert.equal(await countFindings(db, { repositoryId, now: 1, ruleId: 'other' }), 1);
    assert.equal(await countFindings(db, { repositoryId, now: 1, path: '7.ts' }), 1);
    assert.equal(await countFindings(db, { repositoryId, now: 1, from: 11 }), 0);
    assert.equal(await countFindings(db, { repositoryId, now: 1, from: 10, to: 11 }), 1204);
    assert.equal(await countFindings(db, { repositoryId, now: 1, to: 10 }), 0);
    assert.deepEqual(await listFoundRules(db, { repositoryId, now: 1 }), [
      { ruleId: 'acme-deploy-token', ruleName: 'Acme Deploy Token' },
      { ruleId: 'other', ruleName: 'Another' },
    ]);
    const page = await listFindings(db, { repositoryId, now: 1 }, { start: 1000, limit: 10 });
    assert.deepEqual([page.length, page[0]?.path], [11, '1000.ts']);
    assert.equal((await findFinding(db, page[0]?.id as number, 1))?.path, '1000.ts');
  });
});
