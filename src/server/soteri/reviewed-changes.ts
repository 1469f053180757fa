/** Changes of reviewed matches: with new counts of the branches they bear on and an entry in the audit log, and in force for the next push. */
import type { FastifyRequest } from 'fastify';
import { fingerprint } from '../../keyring/fingerprint.ts';
import { ANY_RULE } from '../../model/review.ts';
import type { Db } from '../../store/open-store.ts';
import { recountVulnerabilities } from '../../store/recount.ts';
import { addReviewedMatches, type ReviewedScope } from '../../store/reviewed-matches.ts';
import { actorOf } from '../actor.ts';
import type { ServerContext } from '../server-context.ts';
import { audit } from './audit.ts';
import type { ReviewedEntry } from './reviewed-csv.ts';

/** Context under which reviewed texts are sealed. */
const MATCH_TEXT = 'reviewedMatches.match';

/** Reviewed everywhere. */
export const GLOBAL: ReviewedScope = { scope: 'GLOBAL', resourceId: 0 };

/** The repository of the path; without one, everywhere. */
export function scopeOf(request: FastifyRequest): ReviewedScope {
  return Object.hasOwn(request.params as object, 'repositorySlug')
    ? { scope: 'REPOSITORY', resourceId: request.repository.id }
    : GLOBAL;
}

/** What a text is compared by. */
export function fingerprintOf(
  { fingerprintKey }: ServerContext,
  { matchText }: Pick<ReviewedEntry, 'matchText'>,
): string {
  return fingerprint(fingerprintKey, ANY_RULE, matchText);
}

export interface Changed {
  readonly count: number;
  /** What the change is about; absent: everything of the scope. */
  readonly fingerprints?: readonly string[];
}

/** Adds what is not reviewed yet. */
export async function addEntries(
  request: FastifyRequest,
  context: ServerContext,
  db: Db,
  scope: ReviewedScope,
  entries: readonly ReviewedEntry[],
): Promise<Changed> {
  const rows = entries.map((entry) => ({
    ...scope,
    fingerprint: fingerprintOf(context, entry),
    matchSealed: context.keys.seal(entry.matchText, MATCH_TEXT),
    ruleName: entry.ruleName,
    reviewer: actorOf(request),
    created: context.now(),
  }));
  return { count: await addReviewedMatches(db, rows), fingerprints: rows.map((row) => row.fingerprint) };
}

/** Runs a change with new counts of the branches it bears on and its entry in the audit log, then brings it to the hooks. @returns how many reviews it changed */
export async function changeReviewed(
  request: FastifyRequest,
  context: ServerContext,
  scope: ReviewedScope,
  done: string,
  work: (transaction: Db) => Promise<Changed>,
): Promise<number> {
  const action = `Findings ${done}`;
  const { keys, store } = context;
  const transact = (change: (db: Db) => Promise<number>) =>
    keys.using(() => store.db.transaction().execute((transaction) => change(transaction)));
  const count = await transact(async (db) => {
    const { count, fingerprints } = await work(db);
    if (count === 0) return 0;
    await recountVulnerabilities(db, context.now(), {
      ...(scope.scope === 'REPOSITORY' ? { repositoryId: scope.resourceId } : {}),
      ...(fingerprints === undefined ? {} : { fingerprints }),
    });
    await audit(request, context, { action, ...scope, details: { count }, db });
    return count;
  });
  if (count > 0) await context.policies.changed(scope.scope, scope.resourceId, action);
  return count;
}
