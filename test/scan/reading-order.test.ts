import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listHistory } from '../../src/scan/list-history.ts';
import { oidOf } from '../../src/scan/object-listing.ts';
import { inListingOrder, inPackOrder, type Reading } from '../../src/scan/reading-order.ts';
import { open } from '../helpers/scan-repo.ts';
import { createRepo, type TempRepo } from '../helpers/temp-repo.ts';

const signal = new AbortController().signal;

/** A packed history with folders in folders and names that begin like others. */
function history(): TempRepo {
  const repo = createRepo();
  for (let i = 0; i < 12; i++)
    repo
      .write(`a/b/c${i % 3}.txt`, `${i}\n`)
      .write('a/bc.txt', `bc ${i}\n`)
      .write(`d${i}`, 'same\n')
      .commit(`commit ${i}`);
  repo.git('repack', '-adq');
  return repo;
}

function assertWhole({ order, ranges }: Reading, count: number): void {
  assert.deepEqual(
    Array.from(order).sort((a, b) => a - b),
    Array.from({ length: count }, (_, object) => object),
  );
  let at = 0;
  for (const { from, to } of ranges) {
    assert.equal(from, at);
    assert.ok(to > from);
    at = to;
  }
  assert.equal(at, count);
}

describe('the order of reading', () => {
  it('has every object once, commits first, then trees, then content, in ranges that leave nothing out', async () => {
    const repo = history();
    const repository = await open(repo);
    const { listing } = await listHistory(repository, { include: 'all', exclude: [] }, { signal });
    const types = new Map(
      repo
        .git('cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)')
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
    for (const pieces of [1, 2, 6, 1000]) {
      const reading = await inPackOrder(repository, listing, pieces, signal);
      assertWhole(reading, listing.count);
      assert.ok(reading.ranges.length <= pieces);
      const kinds = Array.from(reading.order, (object) => types.get(oidOf(listing, object)));
      const runs = kinds.filter((kind, i) => kind !== kinds[i - 1]);
      assert.deepEqual(runs, ['commit', 'tree', 'blob']);
    }
  });

  it('is that of the listing for a few objects, and nothing for none', async () => {
    const repo = history();
    // What a tag names directly has no place in a tree, and its kind cannot be told.
    repo.tag('blob', repo.hashObject('tagged\n'));
    const repository = await open(repo);
    const { listing } = await listHistory(repository, { include: 'all', exclude: [] }, { signal });
    for (const pieces of [1, 3]) assertWhole(inListingOrder(listing, pieces), listing.count);
    assertWhole(await inPackOrder(repository, listing, 4, signal), listing.count);
    const empty = await listHistory(repository, { include: [], exclude: [] }, { signal });
    assert.deepEqual(inListingOrder(empty.listing, 3).ranges, []);
  });
});
