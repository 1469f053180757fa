import { gitFailed, spawnGit } from '../git/spawn.ts';
import type { Repository } from '../git/repository.ts';
import { readRecords } from '../git/records.ts';
import type { Oid } from '../model/oid.ts';

/** A tree of more entries than this is not walked to its end (a tree bomb has billions). */
const MAX_ENTRIES = 2_000_000;
const TAB = 0x09;
const DIGIT_6 = 0x36;

export type BlobsWanted = Pick<ReadonlySet<Oid>, 'has'>;

/** Every path at which a commit or tree has one of the blobs. `whole` is false when the tree was too large to be walked. */
export async function findInTree(
  repository: Repository,
  commit: Oid,
  blobs: BlobsWanted,
  signal: AbortSignal,
): Promise<{ readonly found: readonly { readonly oid: Oid; readonly path: Buffer }[]; readonly whole: boolean }> {
  const args = ['ls-tree', '-r', '-z', '--full-tree', commit];
  const git = spawnGit(repository, args, { signal });
  const found: { oid: Oid; path: Buffer }[] = [];
  let entries = 0;
  try {
    for await (const records of readRecords(git.stdout, 0)) {
      entries += records.length;
      for (const record of records) {
        // A submodule's id (mode 160000) names no object here.
        if (record[1] === DIGIT_6) continue;
        const tab = record.indexOf(TAB);
        const oid = record.toString('latin1', tab - commit.length, tab) as Oid;
        if (blobs.has(oid)) found.push({ oid, path: Buffer.from(record.subarray(tab + 1)) });
      }
      if (entries > MAX_ENTRIES) return { found, whole: false };
    }
  } finally {
    git.kill();
  }
  const exit = await git.exit;
  if (exit.status !== 0) throw gitFailed(args, exit);
  return { found, whole: true };
}
