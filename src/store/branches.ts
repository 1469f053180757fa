/**
 * What is known of each branch of a repository: its tip as last seen, and what its last scan said. From these rows come the states that dashboards
 * show; they are counted by the database, because a server has thousands of branches.
 */
import { inTransaction } from './in-transaction.ts';
import type { Db } from './open-store.ts';
import type { BranchRow } from './schema.ts';
import { contains, type Slice } from './slice.ts';

export interface SeenRef {
  /** Full name, `refs/heads/main`. */
  readonly name: string;
  readonly oid: string;
}

export interface SyncedBranches {
  readonly added: readonly string[];
  /** Those with another tip than before. */
  readonly moved: readonly string[];
  /** Gone, with their findings. */
  readonly removed: readonly string[];
}

const PART = 500;

/** Makes the rows of a repository those of its branches now. A deleted branch takes its findings with it. */
export async function syncBranches(db: Db, repositoryId: number, refs: readonly SeenRef[]): Promise<SyncedBranches> {
  return inTransaction(db, async (tx) => {
    const rows = await tx
      .selectFrom('branches')
      .select(['ref', 'tip'])
      .where('repositoryId', '=', repositoryId)
      .execute();
    const tips = new Map(rows.map(({ ref, tip }) => [ref, tip]));
    const seen = new Set(refs.map(({ name }) => name));
    const added = refs.filter(({ name }) => !tips.has(name));
    const moved = refs.filter(({ name, oid }) => tips.has(name) && tips.get(name) !== oid);
    const removed = rows.flatMap(({ ref }) => (seen.has(ref) ? [] : [ref]));
    for (const part of parts(added))
      await tx
        .insertInto('branches')
        .values(part.map(({ name, oid }) => newBranch(repositoryId, name, oid)))
        .onConflict((conflict) =>
          conflict.columns(['repositoryId', 'ref']).doUpdateSet((e) => ({ tip: e.ref('excluded.tip') })),
        )
        .execute();
    for (const { name, oid } of moved)
      await tx
        .updateTable('branches')
        .set({ tip: oid })
        .where('repositoryId', '=', repositoryId)
        .where('ref', '=', name)
        .execute();
    for (const part of parts(removed)) {
      await tx.deleteFrom('findings').where('repositoryId', '=', repositoryId).where('ref', 'in', part).execute();
      await tx.deleteFrom('branches').where('repositoryId', '=', repositoryId).where('ref', 'in', part).execute();
    }
    return { added: added.map(({ name }) => name), moved: moved.map(({ name }) => name), removed };
  });
}

function newBranch(repositoryId: number, ref: string, tip: string): Omit<BranchRow, 'id'> {
  return {
    repositoryId,
    ref,
    tip,
    scannedCommit: null,
    scanId: null,
    policyDigest: null,
    scanned: null,
    vulnerabilities: 0,
  };
}

export function findBranch(db: Db, repositoryId: number, ref: string): Promise<BranchRow | undefined> {
  return db
    .selectFrom('branches')
    .selectAll()
    .where('repositoryId', '=', repositoryId)
    .where('ref', '=', ref)
    .executeTakeFirst();
}

/** By name. `name`: a part of the ref's name, in any case. */
export async function listBranches(
  db: Db,
  repositoryId: number,
  { name }: { readonly name?: string },
  { start, limit }: Slice,
): Promise<BranchRow[]> {
  return db
    .selectFrom('branches')
    .selectAll()
    .where('repositoryId', '=', repositoryId)
    .$if(name !== undefined, (query) => query.where((e) => contains(e.ref('ref'), name as string)))
    .orderBy('ref')
    .offset(start)
    .limit(limit + 1)
    .execute();
}

/** All branches of a repository, by name. */
export function allBranches(db: Db, repositoryId: number): Promise<BranchRow[]> {
  return db.selectFrom('branches').selectAll().where('repositoryId', '=', repositoryId).orderBy('ref').execute();
}

/** What a scan of the tip alone notes for its policy: it says less than one of the history under the same policy. */
export function tipDigest(digest: string): string {
  return `${digest}:tip`;
}

/**
 * A repository's policy has another digest now: results of scans under other ones are outdated. Returns how many branches that concerns.
 * Called with the same digest again it changes nothing.
 */
export async function notePolicyDigest(db: Db, repositoryId: number, digest: string): Promise<number> {
  const result = await db
    .updateTable('branches')
    .set({ policyDigest: null })
    .where('repositoryId', '=', repositoryId)
    .where('policyDigest', 'not in', [digest, tipDigest(digest)])
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

function* parts<T>(rows: readonly T[]): Generator<T[]> {
  for (let from = 0; from < rows.length; from += PART) yield rows.slice(from, from + PART);
}
