import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasBlob, parseRawEntry } from '../../src/git/raw-entry.ts';
import { readRawLog, type RawCommit, type RawLogOptions } from '../../src/git/raw-log.ts';
import type { ObjectRange } from '../../src/git/revisions.ts';
import { openRepository } from '../../src/git/repository.ts';
import type { Unread } from '../../src/model/coverage.ts';
import type { Oid } from '../../src/model/oid.ts';
import { createRepo, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

const env = isolatedEnv();

async function log(
  repo: TempRepo,
  options: Partial<RawLogOptions> = {},
  range: ObjectRange = { include: 'all' },
): Promise<{ commits: RawCommit[]; unread: Unread[] }> {
  const commits: RawCommit[] = [];
  const unread: Unread[] = [];
  const opened = await openRepository(repo.path, { env });
  for await (const batch of readRawLog(opened, range, { onUnread: (what) => unread.push(what), ...options }))
    commits.push(...batch);
  return { commits, unread };
}

const paths = (commit: RawCommit | undefined): string[] =>
  (commit?.changes ?? []).map(({ status, path }) => `${status} ${path.toString('latin1')}`);

/** 10^(levels + 1) paths in `levels + 2` objects. */
function treeBomb(repo: TempRepo, levels: number): Oid {
  const blob = repo.hashObject('x');
  let tree = repo.makeTree(Array.from({ length: 10 }, (_, i) => ({ mode: '100644', oid: blob, name: `f${i}` })));
  for (let level = 0; level < levels; level++)
    tree = repo.makeTree(Array.from({ length: 10 }, (_, i) => ({ mode: '040000', oid: tree, name: `d${i}` })));
  return tree;
}

describe('readRawLog', () => {
  it('lists commits with their parents and exact changes, the root commit too', async () => {
    const repo = createRepo().write('a', '1').commit('first');
    const root = repo.head;
    repo.write('a', '2').write('dir/b', 'b').commit().remove('a').commit().commit('empty');
    const { commits } = await log(repo);
    assert.deepEqual(commits.map(paths), [[], ['D a'], ['M a', 'A dir/b'], ['A a']]);
    const first = commits[3];
    assert.deepEqual([first?.oid, first?.parents], [root, []]);
    assert.deepEqual(commits[2]?.parents, [root]);
    const change = commits[2]?.changes[0];
    assert.deepEqual(
      [change?.newOid, change?.newMode, change?.oldOids],
      [repo.oid('HEAD~2:a'), 0o100644, [repo.oid('HEAD~3:a')]],
    );
    assert.deepEqual(
      (await log(repo, { oldestFirst: true })).commits.map(({ oid }) => oid),
      commits.map(({ oid }) => oid).reverse(),
    );
  });

  it('shows what an evil merge adds, with one old id a parent', async () => {
    const repo = createRepo().write('a', 'a').commit();
    repo.branch('side').write('s', 's').commit().checkout('main').write('m', 'm').commit();
    repo.merge('side', { commit: false }).write('evil', 'x').commit('merge');
    const { commits } = await log(repo);
    const merge = commits.find(({ oid }) => oid === repo.head);
    assert.deepEqual(paths(merge), ['AA evil']);
    assert.equal(merge?.changes[0]?.oldOids.length, 2);
    assert.equal(merge?.changes[0]?.newOid, repo.oid('HEAD:evil'));
  });

  it('keeps every byte of odd names', async () => {
    const repo = createRepo();
    const names = [
      '-rf',
      ':(exclude)*',
      'esc\u001b[31m',
      '@%H',
      ':100644',
      'star*',
      'star2',
      'new\nline',
      'newxline',
      'back\\slash\n[x]',
      'cr\r',
      '"quoted"',
      ' lead',
      Buffer.from([0x66, 0xff, 0xfe]),
    ].map((name) => Buffer.from(name));
    const tree = repo.makeTree(names.map((name) => ({ mode: '100644', oid: repo.hashObject(name), name })));
    repo.setRef('refs/heads/main', repo.commitTree(tree));
    const all = (await log(repo)).commits[0]?.changes.map(({ path }) => path.toString('latin1')) ?? [];
    assert.deepEqual(all.sort(), names.map((name) => name.toString('latin1')).sort());
  });

  it('reads in a folder of the checkout the paths of the whole repository', async () => {
    const repo = createRepo().write('sub/a', '1').write('b', '1').commit();
    repo.git('config', 'diff.relative', 'true');
    const opened = await openRepository(`${repo.path}/sub`, { env });
    for await (const [commit] of readRawLog(opened, { include: 'all' }, { onUnread: () => {} }))
      assert.deepEqual(paths(commit), ['A b', 'A sub/a']);
  });

  it('returns only the blobs that are wanted', async () => {
    const repo = createRepo().commitMany(200);
    const blob = repo.oid('main:many/7.txt');
    const { commits } = await log(repo, { blobs: new Set([blob]) });
    assert.deepEqual(commits.map(paths), [['M many/7.txt']]);
  });

  it('lists the commit of a side branch whose change the merge threw away', async () => {
    const repo = createRepo().write('a', '1').commit();
    repo.branch('side').write('a', 'thrown away').commit();
    const side = repo.head;
    repo.checkout('main');
    repo.git('merge', '-q', '-s', 'ours', '--no-edit', 'side');
    const { commits } = await log(repo, {}, { include: [repo.head] });
    assert.ok(commits.some(({ oid }) => oid === side));
  });

  it('is told nothing by what a commit says of its author, however much that is', async () => {
    const repo = createRepo().write('a', '1').commit();
    const author = Buffer.concat([
      Buffer.from('author '),
      Buffer.alloc(20_000_000, 0xff),
      Buffer.from(' <a@b> 1 +0000\n'),
    ]);
    const commit = Buffer.concat([
      Buffer.from(`tree ${repo.oid('HEAD^{tree}')}\n`),
      author,
      Buffer.from('committer a <a@b> 1 +0000\n\nx\n'),
    ]);
    repo.setRef('refs/heads/long', repo.hashObject(commit, 'commit'));
    const started = performance.now();
    const { commits } = await log(repo, {}, { include: [repo.oid('refs/heads/long')] });
    assert.deepEqual(commits.map(paths), [['A a']]);
    assert.ok(performance.now() - started < 20_000);
  });

  it('gives a commit with very many changes in pieces', async () => {
    const repo = createRepo();
    const blob = repo.hashObject('x');
    repo.setRef(
      'refs/heads/main',
      repo.commitTree(
        repo.makeTree(
          Array.from({ length: 25_000 }, (_, i) => ({
            mode: '100644',
            oid: blob,
            name: `f${String(i).padStart(5, '0')}`,
          })),
        ),
      ),
    );
    const { commits } = await log(repo);
    assert.equal(new Set(commits.map(({ oid }) => oid)).size, 1);
    assert.ok(commits.length > 1);
    assert.equal(new Set(commits.flatMap(paths)).size, 25_000);
  });

  it('stops after too many changes and says so', async () => {
    const repo = createRepo();
    repo.setRef('refs/heads/main', repo.commitTree(treeBomb(repo, 3)));
    const { commits, unread } = await log(repo, { maxEntries: 2_000 });
    assert.deepEqual(
      unread.map(({ reason }) => reason),
      ['too-many-paths'],
    );
    assert.ok(commits.flatMap(paths).length < 10_000);
    assert.deepEqual((await log(repo)).unread, []);
  });

  it('ends a git that is busy with a tree bomb', async () => {
    const repo = createRepo();
    repo.setRef('refs/heads/main', repo.commitTree(treeBomb(repo, 8)));
    const { commits, unread } = await log(repo, { maxSilenceMs: 300 });
    assert.deepEqual(commits, []);
    assert.deepEqual(
      unread.map(({ reason, what }) => `${reason} ${what}`),
      ['too-many-paths git log'],
    );
  });

  it('does not blame git for what its reader takes long over', async () => {
    const repo = createRepo().commitMany(3000);
    const opened = await openRepository(repo.path, { env });
    const unread: Unread[] = [];
    const slow = readRawLog(opened, { include: 'all' }, { maxSilenceMs: 300, onUnread: (what) => unread.push(what) });
    let commits = 0;
    for await (const batch of slow) {
      if (commits === 0) await sleep(900);
      commits += batch.length;
    }
    assert.deepEqual(unread, []);
    assert.equal(commits, 3000);
  });

  it('does not blame git for a thread that was busy with something else', async () => {
    const repo = createRepo().commitMany(3);
    const opened = await openRepository(repo.path, { env });
    const unread: Unread[] = [];
    const log = readRawLog(opened, { include: 'all' }, { maxSilenceMs: 300, onUnread: (what) => unread.push(what) });
    const first = log.next();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    const commits = (await first).value as RawCommit[];
    for await (const batch of log) commits.push(...batch);
    assert.equal(commits.length, 3);
    assert.deepEqual(unread, []);
  });

  it('can be cancelled, and fails when git fails', async () => {
    const repo = createRepo().write('a', 'a').commit();
    const nowhere = 'e'.repeat(40) as Oid;
    await assert.rejects(log(repo, { signal: AbortSignal.abort() }), { code: 'SCAN_CANCELLED' });
    await assert.rejects(log(repo, {}, { include: [nowhere] }), { code: 'GIT_FAILED' });
    assert.deepEqual((await log(repo, {}, { include: [] })).commits, []);
  });
});

describe('parseRawEntry', () => {
  it('tells blobs from deletions and submodules', () => {
    const zero = '0'.repeat(40);
    const one = '1'.repeat(40);
    assert.equal(hasBlob(parseRawEntry(Buffer.from(`:000000 120000 ${zero} ${one} A`))), true);
    assert.equal(hasBlob(parseRawEntry(Buffer.from(`:000000 160000 ${zero} ${one} A`))), false);
    assert.equal(hasBlob(parseRawEntry(Buffer.from(`:100644 000000 ${one} ${zero} D`))), false);
    for (const text of ['', ':', ':100644 100644 a b', 'x'])
      assert.throws(() => parseRawEntry(Buffer.from(text)), { code: 'GIT_FAILED' });
  });
});
