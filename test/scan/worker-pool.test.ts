import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { open, scanAll, testPolicy } from '../helpers/scan-repo.ts';
import { createRepo, type TempRepo } from '../helpers/temp-repo.ts';
import type { Repository } from '../../src/git/repository.ts';
import type { Progress } from '../../src/scan/scan-target.ts';
import { createKeptThreads, type KeptThreads } from '../../src/scan/kept-threads.ts';
import { listHistory } from '../../src/scan/list-history.ts';
import { oidOf } from '../../src/scan/object-listing.ts';
import { createScanContext } from '../../src/scan/scan-context.ts';
import { scanObjects } from '../../src/scan/scan-objects.ts';

/** A packed history of some 1,900 objects: secrets in blobs, messages and names. */
function manyObjects(): TempRepo {
  const repo = createRepo();
  repo.commitMany(600, {
    path: (i) => (i % 50 === 0 ? `dir/${fakeGithubPat(`name ${i}`)}` : `many/${i % 40}.txt`),
    content: (i) => `line\n${i % 3 === 0 ? fakeGithubPat(`secret ${i % 30}`) : i}\n`,
  });
  repo.git('repack', '-adq');
  return repo;
}

describe('workers', () => {
  let repo: TempRepo;
  let repository: Repository;
  before(async () => {
    repo = manyObjects();
    repository = await open(repo);
  });

  it('find what this thread finds, however many they are', async () => {
    const here = await scanAll(repo, { workers: 0 });
    assert.ok(here.findings.length > 20);
    for (const workers of [1, 3]) {
      const there = await scanAll(repo, { workers });
      assert.deepEqual(there.findings, here.findings);
      assert.deepEqual(there.coverage, here.coverage);
    }
  });

  it('report progress that ends with everything', async () => {
    const reports: Progress[] = [];
    const { coverage } = await scanAll(repo, { workers: 2, onProgress: (progress) => reports.push(progress) });
    const last = reports.at(-1);
    const objects = coverage.blobs + coverage.commits + coverage.trees + coverage.tags;
    assert.deepEqual([last?.objects, last?.totalObjects, last?.bytes], [objects, objects, coverage.bytes]);
  });

  it('stop when they are told to', async () => {
    const { coverage } = await scanAll(repo, { workers: 2, deadlineMs: 60 });
    if (coverage.outcome === 'complete') return;
    assert.equal(coverage.outcome, 'partial');
    assert.deepEqual(Object.keys(coverage.unread), ['deadline']);
  });

  it('that die cost the object they were at, and nothing else', async () => {
    const { listing } = await listHistory(
      repository,
      { include: 'all', exclude: [] },
      { signal: new AbortController().signal },
    );
    const ids = Array.from({ length: listing.count }, (_, object) => oidOf(listing, object));
    const whole = await scanWith(repository, undefined);
    const doomed = ids.find((id) =>
      whole.raw.some(({ object, kind }) => kind === 'blob' && ids[object] === id),
    ) as string;
    const dying = await scanWith(repository, doomed);
    assert.deepEqual(dying.tally.unread.counts, { 'worker-died': 1 });
    assert.equal(dying.tally.unread.samples[0]?.what, doomed);
    assert.equal(dying.tally.blobs, whole.tally.blobs - 1);
    assert.deepEqual(
      dying.raw,
      whole.raw.filter(({ object, kind }) => kind === 'path' || ids[object] !== doomed),
    );
  });

  it('that cannot start make the scan fail', async () => {
    await assert.rejects(scanWith(repository, '', new URL('../helpers/no-such-worker.ts', import.meta.url)), {
      code: 'INTERNAL',
    });
  });

  after(() => delete process.env['LEAKGATE_TEST_DIE_AT']);
});

describe('kept threads', () => {
  let repo: TempRepo;
  before(() => {
    repo = manyObjects();
  });

  it('do scan after scan, as many at a time as they are, and find what this thread finds', async (t) => {
    let started = 0;
    const count = (): void => void started++;
    process.on('worker', count);
    t.after(() => process.off('worker', count));
    const keptThreads = createKeptThreads(2);
    try {
      const here = await scanAll(repo, { workers: 0 });
      for (let turn = 0; turn < 3; turn++) {
        for (const there of await Promise.all([1, 2, 3].map(() => scanAll(repo, { workers: 1, keptThreads })))) {
          assert.deepEqual(there.findings, here.findings);
          assert.deepEqual(there.coverage, here.coverage);
        }
      }
      assert.equal(started, 2);
    } finally {
      await keptThreads.close();
    }
  });

  it('stop when a scan is cancelled, and do the next', async () => {
    const keptThreads = createKeptThreads(1);
    try {
      const cancel = new AbortController();
      const cancelled = scanAll(repo, {
        workers: 1,
        keptThreads,
        signal: cancel.signal,
        onProgress: () => cancel.abort(),
      });
      const { coverage } = await cancelled;
      assert.notEqual(coverage.outcome, 'complete');
      assert.equal((await scanAll(repo, { workers: 1, keptThreads })).coverage.outcome, 'complete');
    } finally {
      await keptThreads.close();
    }
  });

  it('that cannot start leave the work to others, and keep nobody waiting', { timeout: 60_000 }, async () => {
    const keptThreads = createKeptThreads(1, new URL('../helpers/no-such-worker.ts', import.meta.url));
    const here = await scanAll(repo, { workers: 0 });
    for (const there of await Promise.all([1, 2, 3].map(() => scanAll(repo, { workers: 1, keptThreads }))))
      assert.deepEqual([there.findings, there.coverage], [here.findings, here.coverage]);
    assert.deepEqual((await scanAll(repo, { workers: 1, keptThreads })).findings, here.findings);
    await keptThreads.close();
  });

  it('that die cost the object they were at, and nothing else', async () => {
    const repository = await open(repo);
    const keptThreads = createKeptThreads(1, DYING);
    try {
      const whole = await scanWith(repository, undefined);
      const { listing } = await listHistory(
        repository,
        { include: 'all', exclude: [] },
        { signal: new AbortController().signal },
      );
      const ids = Array.from({ length: listing.count }, (_, object) => oidOf(listing, object));
      const doomed = ids[whole.raw.find(({ kind }) => kind === 'blob')?.object ?? -1] as string;
      const dying = await scanWith(repository, doomed, DYING, keptThreads);
      assert.deepEqual(dying.tally.unread.counts, { 'worker-died': 1 });
      assert.equal(dying.tally.unread.samples[0]?.what, doomed);
      assert.deepEqual(
        dying.raw,
        whole.raw.filter(({ object, kind }) => kind === 'path' || ids[object] !== doomed),
      );
      const after = await scanWith(repository, undefined, DYING, keptThreads);
      assert.deepEqual(after.raw, whole.raw);
    } finally {
      delete process.env['LEAKGATE_TEST_DIE_AT'];
      await keptThreads.close();
    }
  });
});

const DYING = new URL('../helpers/dying-worker.ts', import.meta.url);

async function scanWith(
  repository: Repository,
  dieAt: string | undefined,
  workerUrl = DYING,
  keptThreads?: KeptThreads,
) {
  if (dieAt === undefined) delete process.env['LEAKGATE_TEST_DIE_AT'];
  else process.env['LEAKGATE_TEST_DIE_AT'] = dieAt;
  const { settings, stop, tally, progress } = createScanContext({
    policy: testPolicy(),
    fingerprintKey: new Uint8Array(32),
  });
  const { listing } = await listHistory(repository, { include: 'all', exclude: [] }, { signal: stop.signal });
  const raw = await scanObjects({
    repository,
    listing,
    settings,
    maxBlobBytes: 1 << 20,
    workers: 2,
    workerUrl,
    keptThreads,
    stop,
    tally,
    progress,
  });
  return { raw, tally };
}
