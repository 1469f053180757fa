import { sql } from 'kysely';
import type { Db } from './open-store.ts';
import { reviewedCondition } from './reviewed-condition.ts';

/** Which branches to count again; all of it together when several are given. */
export interface RecountScope {
  readonly repositoryId?: number;
  readonly projectId?: number;
  readonly ref?: string;
  /** Only branches that have one of these: fingerprints of findings, or of their secrets whatever the rule. */
  readonly fingerprints?: readonly string[];
}

const PART = 500;

/**
 * Counts anew how many findings of branches count, which dashboards show without counting. To be called after each change of reviews and reviewed
 * matches; scans do it themselves.
 */
export async function recountVulnerabilities(db: Db, now: number, scope: RecountScope = {}): Promise<void> {
  const { fingerprints } = scope;
  if (fingerprints === undefined) return recount(db, now, scope, undefined);
  for (let from = 0; from < fingerprints.length; from += PART)
    await recount(db, now, scope, fingerprints.slice(from, from + PART));
}

async function recount(
  db: Db,
  now: number,
  { repositoryId, projectId, ref }: RecountScope,
  fingerprints: readonly string[] | undefined,
): Promise<void> {
  let query = db.updateTable('branches').set({
    vulnerabilities: sql<number>`(select count(*) from "findings" where "findings"."repositoryId" = "branches"."repositoryId"
      and "findings"."ref" = "branches"."ref" and "findings"."state" in ('new', 'pre-existing') and not ${reviewedCondition(now)})`,
  });
  if (repositoryId !== undefined) query = query.where('branches.repositoryId', '=', repositoryId);
  if (projectId !== undefined)
    query = query.where('branches.repositoryId', 'in', (e) =>
      e.selectFrom('repositories').select('repositories.id').where('repositories.projectId', '=', projectId),
    );
  if (ref !== undefined) query = query.where('branches.ref', '=', ref);
  if (fingerprints !== undefined)
    query = query.where('branches.id', 'in', (e) =>
      e
        .selectFrom('findings')
        .innerJoin('branches as b', (join) =>
          join.onRef('b.repositoryId', '=', 'findings.repositoryId').onRef('b.ref', '=', 'findings.ref'),
        )
        .select('b.id')
        .where((or) =>
          or.or([or('findings.fingerprint', 'in', fingerprints), or('findings.matchFingerprint', 'in', fingerprints)]),
        ),
    );
  await query.execute();
}

/** Counts anew where reviews ended between two instants. */
export async function recountExpired(db: Db, since: number, now: number): Promise<void> {
  const rows = await db
    .selectFrom('reviews')
    .select('fingerprint')
    .distinct()
    .where('expires', '>', since)
    .where('expires', '<=', now)
    .execute();
  if (rows.length > 0)
    await recountVulnerabilities(db, now, { fingerprints: rows.map(({ fingerprint }) => fingerprint) });
}
