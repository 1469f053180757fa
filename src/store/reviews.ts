/**
 * Reviews of our own interface: what a person decided about a finding, for one repository, a project or all. One a fingerprint and scope: a later
 * review replaces the one before.
 */
import type { Insertable, Selectable } from 'kysely';
import type { Db } from './open-store.ts';
import type { ReviewTable, ScopeType } from './schema.ts';

export type ReviewRow = Selectable<ReviewTable>;

/** Whom a review is for. */
export interface ReviewScope {
  readonly scope: ScopeType;
  /** Id of the project or repository; 0 for GLOBAL. */
  readonly resourceId: number;
}

export type NewReview = Omit<Insertable<ReviewTable>, 'id'>;

/** Records a review; of one for the same fingerprint and scope everything is replaced but its id. */
export async function putReview(db: Db, review: NewReview): Promise<ReviewRow> {
  const { ruleId, resolution, reviewer, reason, created, expires } = review;
  return db
    .insertInto('reviews')
    .values(review)
    .onConflict((conflict) =>
      conflict
        .columns(['scope', 'resourceId', 'fingerprint'])
        .doUpdateSet({ ruleId, resolution, reviewer, reason, created, expires: expires ?? null }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** A review by its id, when it belongs to that scope. */
export async function findReview(
  db: Db,
  { scope, resourceId }: ReviewScope,
  id: number,
): Promise<ReviewRow | undefined> {
  return db
    .selectFrom('reviews')
    .selectAll()
    .where('id', '=', id)
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .executeTakeFirst();
}

export interface ReviewFilter extends ReviewScope {
  readonly fingerprint?: string;
  readonly ruleId?: string;
  /** Only those that hold at this instant. */
  readonly validAt?: number;
}

/** Reviews of one scope in the order in which they were first made, from behind the id `after` on. */
export async function listReviews(
  db: Db,
  filter: ReviewFilter,
  page: { readonly after: number; readonly limit: number },
): Promise<ReviewRow[]> {
  const { scope, resourceId, fingerprint, ruleId, validAt } = filter;
  let query = db
    .selectFrom('reviews')
    .selectAll()
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .where('id', '>', page.after);
  if (fingerprint !== undefined) query = query.where('fingerprint', '=', fingerprint);
  if (ruleId !== undefined) query = query.where('ruleId', '=', ruleId);
  if (validAt !== undefined)
    query = query.where((is) => is.or([is('expires', 'is', null), is('expires', '>', validAt)]));
  return query.orderBy('id').limit(page.limit).execute();
}

/** Takes a review back; the review that was, or `undefined` when there was none. */
export async function deleteReview(
  db: Db,
  { scope, resourceId }: ReviewScope,
  id: number,
): Promise<ReviewRow | undefined> {
  return db
    .deleteFrom('reviews')
    .where('id', '=', id)
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .returningAll()
    .executeTakeFirst();
}
