import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Oid } from '../../src/model/oid.ts';
import { placesIn, type ChangeLog } from '../../src/scan/change-log.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { makeAllowlist } from '../helpers/make-policy.ts';
import { ownMs } from '../helpers/own-time.ts';
import { scanRange, testPolicy } from '../helpers/scan-repo.ts';
import { createRepo } from '../helpers/temp-repo.ts';

function idOf(number: number): Oid {
  return number.toString(16).padStart(40, '0') as Oid;
}

/** A log in which each commit adds one blob at these paths. */
function logOf(blob: Oid, commits: readonly (readonly string[])[]): ChangeLog {
  return {
    whole: true,
    commits: commits.map((paths, i) => ({
      commit: idOf(i),
      parents: [],
      changes: paths.map((path) => ({
        path: Buffer.from(path),
        newMode: 0o100644,
        newOid: blob,
        oldOids: [],
        status: 'A',
      })),
    })),
  };
}

describe('placesIn', () => {
  it('names each path of a blob once, with the first commit that has it there', () => {
    const blob = idOf(99);
    const places = placesIn(
      logOf(blob, [
        ['a', 'b'],
        ['b', 'c'],
      ]),
      new Set([blob]),
    );
    const told = [...(places.get(blob)?.values() ?? [])].map(({ path, commit }) => `${commit} ${path.toString()}`);
    assert.deepEqual(told, [`${idOf(0)} a`, `${idOf(0)} b`, `${idOf(1)} c`]);
  });

  it('takes time in proportion to the paths of one blob', () => {
    const blob = idOf(99);
    const paths = Array.from({ length: 40_000 }, (_, i) => `folder/file-${i}`);
    const ms = ownMs(() => assert.equal(placesIn(logOf(blob, [paths]), new Set([blob])).get(blob)?.size, paths.length));
    assert.ok(ms < 2000, `${ms} ms`);
  });
});

describe('a range that copies one blob to thousands of paths', () => {
  it('is judged in time in proportion to them', async () => {
    const copies = 2_500;
    const repo = createRepo();
    const blob = repo.hashObject(`key = "${fakeGithubPat('copies')}"\n`);
    const folder = repo.makeTree(
      Array.from({ length: copies }, (_, i) => ({ mode: '100644', oid: blob, name: `f${String(i).padStart(4, '0')}` })),
    );
    const treeOf = (...names: string[]): Oid =>
      repo.makeTree(names.map((name) => ({ mode: '040000', oid: folder, name })));
    const before = repo.commitTree(treeOf('test'));
    const after = repo.commitTree(treeOf('src', 'test'), [before]);
    const policy = testPolicy({ allowlists: [makeAllowlist({ paths: ['test/**'] })] });
    const started = performance.now();
    const { findings, coverage } = await scanRange(repo, before, after, { policy });
    assert.deepEqual([findings.length, coverage.outcome], [copies, 'complete']);
    assert.ok(performance.now() - started < 10_000);
  });
});
