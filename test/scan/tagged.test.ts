import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openRepository } from '../../src/git/repository.ts';
import type { Oid } from '../../src/model/oid.ts';
import { ListingBuilder } from '../../src/scan/object-listing.ts';
import { createScanContext } from '../../src/scan/scan-context.ts';
import { changesOfTagged } from '../../src/scan/tagged.ts';
import { testPolicy } from '../helpers/scan-repo.ts';
import { createRepo, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

/** What the tips lead to besides commits, and what could not be told of them. */
async function tagged(repo: TempRepo, ...tips: readonly string[]): Promise<{ files: string[]; unread: unknown }> {
  const context = createScanContext({ policy: testPolicy(), fingerprintKey: new Uint8Array(32) });
  const repository = await openRepository(repo.path, { env: isolatedEnv() });
  const { listing } = new ListingBuilder(40).build();
  const scope = { include: tips as readonly Oid[], exclude: [] };
  const commits = await changesOfTagged({ repository, scope, listing }, () => false, context);
  context.stop.close();
  const files = commits.flatMap(({ changes }) => changes.map(({ path }) => path.toString()));
  return { files, unread: context.tally.unread.counts };
}

describe('what tags name', () => {
  const repo = createRepo().write('d/a.txt', 'a\n').write('b.txt', 'b\n').commit();
  /** A tag object that says it names something of this type. */
  const tagOf = (oid: string, type: string): string =>
    repo.hashObject(`object ${oid}\ntype ${type}\ntag v\ntagger A <a@example.org> 1704067200 +0000\n\nm\n`, 'tag');
  const blob = repo.oid('HEAD:b.txt');
  const tree = repo.oid('HEAD:d');

  it('is read through tags of tags', async () => {
    const { files, unread } = await tagged(repo, tagOf(tagOf(tree, 'tree'), 'tag'), tagOf(blob, 'blob'), repo.head);
    assert.deepEqual([files.sort(), unread], [['', 'a.txt'], {}]);
  });

  it('cannot be told where a tag is wrong about its type, which an old git believes', async () => {
    for (const type of ['blob', 'tree', 'commit']) {
      const lie = tagOf(tagOf(repo.head, 'commit'), type);
      assert.deepEqual(await tagged(repo, lie), { files: [], unread: { corrupt: 1 } });
    }
    assert.deepEqual((await tagged(repo, tagOf(repo.head, 'blob'))).unread, { corrupt: 1 });
  });

  it('cannot be told where tags of tags have no end', async () => {
    let tip = tagOf(repo.head, 'commit');
    for (let depth = 0; depth < 30; depth++) tip = tagOf(tip, 'tag');
    assert.deepEqual((await tagged(repo, tip)).unread, { corrupt: 1 });
  });

  it('may be missing', async () => {
    assert.deepEqual(await tagged(repo, tagOf('1'.repeat(40), 'blob')), { files: [], unread: {} });
  });
});
