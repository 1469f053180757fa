/**
 * Findings of branches, as the last scan of each branch left them. Lists are read by id, which the database never uses twice, so that a long list
 * neither repeats nor skips a row while scans go on.
 */
import { sql, type SelectQueryBuilder } from 'kysely';
import type { Db } from './open-store.ts';
import { reviewedCondition } from './reviewed-condition.ts';
import type { Database, FindingRow, Flag } from './schema.ts';
import type { Slice } from './slice.ts';
import { visibleRepositories, type Viewer } from './visibility.ts';

export interface FindingFilter {
  /** Instant at which reviews are held against the clock. */
  readonly now: number;
  readonly repositoryId?: number;
  readonly projectId?: number;
  readonly viewer?: Viewer;
  readonly ref?: string;
  readonly ids?: readonly number[];
  readonly ruleId?: string;
  readonly ruleName?: string;
  readonly fingerprint?: string;
  readonly path?: string;
  readonly severity?: string;
  readonly blocking?: boolean;
  readonly historical?: boolean;
  /** Those which an allowlist or an inline mark excuses, too. Default: no. */
  readonly includeSuppressed?: boolean;
  /** Reviewed ones, too. Default: no. */
  readonly includeReviewed?: boolean;
  /** When the finding was first made: from this instant on … */
  readonly from?: number;
  /** … and before this one. */
  readonly to?: number;
}

/** A finding with what reviews say of it now. */
export type ListedFinding = FindingRow & { readonly reviewed: Flag };

/** By id: the order in which they were first found. */
export async function listFindings(db: Db, filter: FindingFilter, { start, limit }: Slice): Promise<ListedFinding[]> {
  return selectListed(db, filter)
    .orderBy('findings.id')
    .offset(start)
    .limit(limit + 1)
    .execute();
}

const STREAM_ROWS = 500;

/** All of them, in parts, however many there are. */
export async function* streamFindings(db: Db, filter: FindingFilter): AsyncGenerator<ListedFinding[]> {
  for (let after = 0; ;) {
    const rows = await selectListed(db, filter)
      .where('findings.id', '>', after)
      .orderBy('findings.id')
      .limit(STREAM_ROWS)
      .execute();
    if (rows.length > 0) yield rows;
    if (rows.length < STREAM_ROWS) return;
    after = (rows.at(-1) as ListedFinding).id;
  }
}

export async function findFinding(db: Db, id: number, now: number): Promise<ListedFinding | undefined> {
  return selectListed(db, { now, ids: [id], includeSuppressed: true, includeReviewed: true }).executeTakeFirst();
}

export async function countFindings(db: Db, filter: FindingFilter): Promise<number> {
  const row = await filtered(db, filter)
    .select((e) => e.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Findings that count: neither excused nor reviewed. */
export function countVulnerabilities(
  db: Db,
  { repositoryId, ref, now }: { readonly repositoryId: number; readonly ref?: string; readonly now: number },
): Promise<number> {
  return countFindings(db, { repositoryId, now, ...(ref === undefined ? {} : { ref }) });
}

/** The rules that have findings, by name. */
export async function listFoundRules(
  db: Db,
  filter: FindingFilter,
): Promise<readonly { readonly ruleId: string; readonly ruleName: string }[]> {
  return filtered(db, filter)
    .select(['findings.ruleId', 'findings.ruleName'])
    .distinct()
    .orderBy('findings.ruleName')
    .orderBy('findings.ruleId')
    .execute();
}

function selectListed(db: Db, filter: FindingFilter) {
  return filtered(db, filter)
    .selectAll('findings')
    .select(sql<Flag>`case when ${isReviewed(filter.now)} then 1 else 0 end`.as('reviewed'));
}

/** A review in a file that the scan met, or one made in the server since. */
function isReviewed(now: number) {
  return sql<boolean>`("findings"."state" = 'reviewed' or ${reviewedCondition(now)})`;
}

type Query = SelectQueryBuilder<Database, 'findings', object>;

function filtered(db: Db, filter: FindingFilter): Query {
  const { repositoryId, projectId, viewer, ref, ids, ruleId, ruleName, fingerprint, path, severity, from, to } = filter;
  let query: Query = db.selectFrom('findings');
  if (repositoryId !== undefined) query = query.where('findings.repositoryId', '=', repositoryId);
  if (projectId !== undefined || viewer !== undefined)
    query = query.where('findings.repositoryId', 'in', (e) =>
      e
        .selectFrom('repositories')
        .select('repositories.id')
        .$if(projectId !== undefined, (inner) => inner.where('repositories.projectId', '=', projectId as number))
        .$if(viewer !== undefined, (inner) => inner.where((eb) => visibleRepositories(eb, viewer as Viewer))),
    );
  if (ref !== undefined) query = query.where('findings.ref', '=', ref);
  if (ids !== undefined)
    query = ids.length === 0 ? query.where(sql<boolean>`1 = 0`) : query.where('findings.id', 'in', ids);
  if (ruleId !== undefined) query = query.where('findings.ruleId', '=', ruleId);
  if (ruleName !== undefined) query = query.where('findings.ruleName', '=', ruleName);
  if (fingerprint !== undefined) query = query.where('findings.fingerprint', '=', fingerprint);
  if (path !== undefined) query = query.where('findings.path', '=', path);
  if (severity !== undefined) query = query.where('findings.severity', '=', severity);
  if (filter.blocking !== undefined) query = query.where('findings.blocking', '=', filter.blocking ? 1 : 0);
  if (filter.historical !== undefined) query = query.where('findings.historical', '=', filter.historical ? 1 : 0);
  if (from !== undefined) query = query.where('findings.created', '>=', from);
  if (to !== undefined) query = query.where('findings.created', '<', to);
  if (filter.includeSuppressed !== true) query = query.where('findings.state', '!=', 'suppressed');
  if (filter.includeReviewed !== true) query = query.where((e) => e.not(isReviewed(filter.now)));
  return query;
}
