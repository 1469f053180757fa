/**
 * Reviewed matches: texts that are known and no longer count, in one repository or everywhere, whichever rule finds them. Compared by fingerprint;
 * the text itself is kept encrypted.
 */
import type { Insertable, Selectable } from 'kysely';
import type { Db } from './open-store.ts';
import type { ReviewedMatchTable } from './schema.ts';

export type ReviewedMatchRow = Selectable<ReviewedMatchTable>;
export type NewReviewedMatch = Omit<Insertable<ReviewedMatchTable>, 'id'>;

/** For whom a match is reviewed: one repository, or all (resource 0). */
export interface ReviewedScope {
  readonly scope: ReviewedMatchTable['scope'];
  readonly resourceId: number;
}

/** Rows of one statement; SQLite takes 32,766 values. */
const CHUNK = 1000;

/** Adds what is not there yet. @returns how many were */
export async function addReviewedMatches(db: Db, matches: readonly NewReviewedMatch[]): Promise<number> {
  let added = 0;
  for (let i = 0; i < matches.length; i += CHUNK) {
    const rows = await db
      .insertInto('reviewedMatches')
      .values(matches.slice(i, i + CHUNK))
      .onConflict((conflict) => conflict.columns(['scope', 'resourceId', 'fingerprint']).doNothing())
      .returning('id')
      .execute();
    added += rows.length;
  }
  return added;
}

/** @returns how many of them were there */
export async function deleteReviewedMatches(
  db: Db,
  { scope, resourceId }: ReviewedScope,
  fingerprints: readonly string[],
): Promise<number> {
  let deleted = 0;
  for (let i = 0; i < fingerprints.length; i += CHUNK) {
    const rows = await db
      .deleteFrom('reviewedMatches')
      .where('scope', '=', scope)
      .where('resourceId', '=', resourceId)
      .where('fingerprint', 'in', fingerprints.slice(i, i + CHUNK))
      .returning('id')
      .execute();
    deleted += rows.length;
  }
  return deleted;
}

/** Deletes all of one scope. @returns how many there were */
export async function clearReviewedMatches(db: Db, { scope, resourceId }: ReviewedScope): Promise<number> {
  const result = await db
    .deleteFrom('reviewedMatches')
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** One of them, if it is there. */
export async function findReviewedMatch(
  db: Db,
  { scope, resourceId }: ReviewedScope,
  fingerprint: string,
): Promise<ReviewedMatchRow | undefined> {
  return db
    .selectFrom('reviewedMatches')
    .selectAll()
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .where('fingerprint', '=', fingerprint)
    .executeTakeFirst();
}

/** What counts as reviewed in a repository: its own matches and the global ones. */
export async function listReviewedFor(db: Db, repositoryId: number): Promise<ReviewedMatchRow[]> {
  return db
    .selectFrom('reviewedMatches')
    .selectAll()
    .where(({ eb, or, and }) =>
      or([and([eb('scope', '=', 'REPOSITORY'), eb('resourceId', '=', repositoryId)]), eb('scope', '=', 'GLOBAL')]),
    )
    .orderBy('id')
    .execute();
}
