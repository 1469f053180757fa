/**
 * How branches, repositories and projects stand. The database counts branches by repository in one query; what is left to do here is a few
 * additions per repository. A branch whose scan could not read everything is partially scanned, not secure.
 */
import { sql } from 'kysely';
import type { Db } from './open-store.ts';
import type { BranchRow } from './schema.ts';
import { contains, type Slice } from './slice.ts';
import { visibleRepositories, type Viewer } from './visibility.ts';

export const SECURITY_STATES = ['SECURE', 'VULNERABLE', 'NOT_SCANNED', 'PARTIALLY_SCANNED', 'OUTDATED'] as const;
export type SecurityState = (typeof SECURITY_STATES)[number];

export interface ChildCounts {
  readonly total: number;
  readonly secure: number;
  readonly vulnerable: number;
  readonly notScanned: number;
  readonly partiallyScanned: number;
  readonly outdated: number;
}

/** Of a repository: its children are branches. Of a project: repositories. */
export interface SecurityStatus {
  readonly status: SecurityState;
  readonly vulnerabilities: number;
  /** The last scan that came to an end; null: none. */
  readonly lastScanDate: number | null;
  readonly children: ChildCounts;
}

export type BranchStatus = BranchRow & { readonly status: SecurityState };

/** `branches` must be joined with `scans` on its last scan. */
const BRANCH_STATE = sql<SecurityState>`case
  when "branches"."vulnerabilities" > 0 then 'VULNERABLE'
  when "branches"."scannedCommit" is null then 'NOT_SCANNED'
  when "scans"."outcome" is not null and "scans"."outcome" <> 'complete' then 'PARTIALLY_SCANNED'
  when "branches"."scannedCommit" <> "branches"."tip" or "branches"."policyDigest" is null then 'OUTDATED'
  else 'SECURE' end`;

/** Without `refs/heads/`, which every branch has: nobody looks for that. */
const SHOWN_NAME = sql<string>`substr("branches"."ref", 12)`;

/** Branches of a repository with their states, by name; `name` is a part of it as it is shown. */
export async function listBranchStatuses(
  db: Db,
  repositoryId: number,
  { name }: { readonly name?: string },
  { start, limit }: Slice,
): Promise<BranchStatus[]> {
  return db
    .selectFrom('branches')
    .leftJoin('scans', 'scans.id', 'branches.scanId')
    .selectAll('branches')
    .select(BRANCH_STATE.as('status'))
    .where('branches.repositoryId', '=', repositoryId)
    .$if(name !== undefined, (query) => query.where(contains(SHOWN_NAME, name as string)))
    .orderBy('branches.ref')
    .offset(start)
    .limit(limit + 1)
    .execute();
}

export async function branchStatus(db: Db, repositoryId: number, ref: string): Promise<BranchStatus | undefined> {
  return db
    .selectFrom('branches')
    .leftJoin('scans', 'scans.id', 'branches.scanId')
    .selectAll('branches')
    .select(BRANCH_STATE.as('status'))
    .where('branches.repositoryId', '=', repositoryId)
    .where('branches.ref', '=', ref)
    .executeTakeFirst();
}

export interface StatusFilter {
  readonly repositoryIds?: readonly number[];
  readonly projectIds?: readonly number[];
  readonly viewer?: Viewer;
}

export interface RepositoryStatus extends SecurityStatus {
  readonly repositoryId: number;
  readonly projectId: number;
}

/** Of each repository of the filter, one query for all; those without branches too. By id. */
export async function repositoryStatuses(db: Db, filter: StatusFilter): Promise<RepositoryStatus[]> {
  const { repositoryIds, projectIds, viewer } = filter;
  if (repositoryIds?.length === 0 || projectIds?.length === 0) return [];
  const counted = db
    .selectFrom('branches')
    .leftJoin('scans', 'scans.id', 'branches.scanId')
    .select(['branches.repositoryId', 'branches.vulnerabilities', 'branches.scanned', BRANCH_STATE.as('state')]);
  const count = (state: SecurityState) =>
    sql<number>`sum(case when "counted"."state" = ${sql.lit(state)} then 1 else 0 end)`;
  const rows = await db
    .selectFrom('repositories')
    .leftJoin(counted.as('counted'), 'counted.repositoryId', 'repositories.id')
    .select([
      'repositories.id',
      'repositories.projectId',
      count('SECURE').as('secure'),
      count('VULNERABLE').as('vulnerable'),
      count('NOT_SCANNED').as('notScanned'),
      count('PARTIALLY_SCANNED').as('partiallyScanned'),
      count('OUTDATED').as('outdated'),
      sql<number | string | null>`sum("counted"."vulnerabilities")`.as('vulnerabilities'),
      sql<number | null>`max("counted"."scanned")`.as('scanned'),
    ])
    .$if(repositoryIds !== undefined, (query) => query.where('repositories.id', 'in', repositoryIds as number[]))
    .$if(projectIds !== undefined, (query) => query.where('repositories.projectId', 'in', projectIds as number[]))
    .$if(viewer !== undefined, (query) => query.where((e) => visibleRepositories(e, viewer as Viewer)))
    .groupBy(['repositories.id', 'repositories.projectId'])
    .orderBy('repositories.id')
    .execute();
  return rows.map((row) => {
    const children = withTotal({
      secure: row.secure,
      vulnerable: row.vulnerable,
      notScanned: row.notScanned,
      partiallyScanned: row.partiallyScanned,
      outdated: row.outdated,
    });
    return {
      repositoryId: row.id,
      projectId: row.projectId,
      status: stateOf(children),
      vulnerabilities: Number(row.vulnerabilities ?? 0),
      lastScanDate: row.scanned,
      children,
    };
  });
}

export async function repositoryStatus(db: Db, repositoryId: number): Promise<RepositoryStatus | undefined> {
  return (await repositoryStatuses(db, { repositoryIds: [repositoryId] }))[0];
}

/** Of each project that has a repository in the filter, by its id. A project without repositories is not in it: see `NO_REPOSITORIES`. */
export async function projectStatuses(db: Db, filter: StatusFilter): Promise<ReadonlyMap<number, SecurityStatus>> {
  const byProject = new Map<number, RepositoryStatus[]>();
  for (const status of await repositoryStatuses(db, filter)) {
    const known = byProject.get(status.projectId);
    if (known === undefined) byProject.set(status.projectId, [status]);
    else known.push(status);
  }
  return new Map([...byProject].map(([id, repositories]) => [id, combine(repositories)]));
}

/** How a project stands that has no repositories. */
export const NO_REPOSITORIES: SecurityStatus = {
  status: 'NOT_SCANNED',
  vulnerabilities: 0,
  lastScanDate: null,
  children: { total: 0, secure: 0, vulnerable: 0, notScanned: 0, partiallyScanned: 0, outdated: 0 },
};

function combine(repositories: readonly RepositoryStatus[]): SecurityStatus {
  const count = (state: SecurityState): number => repositories.filter(({ status }) => status === state).length;
  const dates = repositories.flatMap(({ lastScanDate }) => (lastScanDate === null ? [] : [lastScanDate]));
  const children = withTotal({
    secure: count('SECURE'),
    vulnerable: count('VULNERABLE'),
    notScanned: count('NOT_SCANNED'),
    partiallyScanned: count('PARTIALLY_SCANNED'),
    outdated: count('OUTDATED'),
  });
  return {
    status: stateOf(children),
    vulnerabilities: repositories.reduce((sum, { vulnerabilities }) => sum + vulnerabilities, 0),
    lastScanDate: dates.length === 0 ? null : Math.max(...dates),
    children,
  };
}

function withTotal(counts: Omit<ChildCounts, 'total'>): ChildCounts {
  return { total: Object.values(counts).reduce((sum, count) => sum + count, 0), ...counts };
}

/** The worst news first; what is not known before what is old. */
function stateOf({ total, vulnerable, notScanned, partiallyScanned, outdated }: ChildCounts): SecurityState {
  if (vulnerable > 0) return 'VULNERABLE';
  if (notScanned === total) return 'NOT_SCANNED';
  if (notScanned > 0 || partiallyScanned > 0) return 'PARTIALLY_SCANNED';
  return outdated > 0 ? 'OUTDATED' : 'SECURE';
}
