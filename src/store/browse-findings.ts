/**
 * Findings of many repositories, a page at a time. A page is found from an id on, along an index, and never by counting; and what a request reads is
 * bounded: where next to nothing fits the filter, a page ends early and says from where to go on. So a page costs the same at a thousand findings and
 * at a million.
 */
import { sql, type SelectQueryBuilder } from 'kysely';
import type { ListedFinding } from './findings.ts';
import type { Db } from './open-store.ts';
import { reviewedCondition } from './reviewed-condition.ts';
import type { Database, Flag } from './schema.ts';

/** `open`: counts; the other two say why it does not. */
export const BROWSE_STATES = ['open', 'suppressed', 'reviewed'] as const;
export type BrowseState = (typeof BROWSE_STATES)[number];

export interface BrowseFilter {
  /** Instant at which reviews are held against the clock. */
  readonly now: number;
  /** Absent: all. */
  readonly repositoryIds?: readonly number[];
  readonly ref?: string;
  readonly ruleId?: string;
  readonly severity?: string;
  readonly state?: BrowseState;
  /** A file, or with `/` at the end all below a folder. */
  readonly path?: string;
  readonly fingerprint?: string;
  /** First found at or after this instant … */
  readonly from?: number;
  /** … and before this one. */
  readonly to?: number;
}

export interface BrowsePage {
  /** By id. */
  readonly findings: readonly ListedFinding[];
  /** Where the next page begins (behind this id); `undefined` at the end. */
  readonly next: number | undefined;
}

/** Rows looked at before the clock is. */
const WINDOW = 2_000;
/** How long one page is looked for. */
const MAX_MS = 25;
/** More repositories than this are looked for among all findings, not one by one. */
const MAX_EACH = 32;

/** @param page.after id behind which to begin; 0 for the first page */
export async function browseFindings(
  db: Db,
  filter: BrowseFilter,
  page: { readonly after: number; readonly limit: number },
): Promise<BrowsePage> {
  const { repositoryIds } = filter;
  if (repositoryIds?.length === 0) return { findings: [], next: undefined };
  const oneByOne = filter.fingerprint === undefined && repositoryIds !== undefined && repositoryIds.length <= MAX_EACH;
  const sources = oneByOne ? repositoryIds : [undefined];
  const until = performance.now() + MAX_MS;
  const findings: ListedFinding[] = [];
  for (let { after } = page; ;) {
    const need = page.limit - findings.length;
    const parts = [];
    for (const source of sources) parts.push(await readPart(db, filter, source, { after, limit: need + 1 }));
    const ends = parts.flatMap(({ end }) => end ?? []);
    // Behind the nearest of these ends some source has not been read.
    const edge = Math.min(...ends);
    const found = parts
      .flatMap(({ rows }) => rows)
      .filter(({ id }) => id <= edge)
      .sort((a, b) => a.id - b.id);
    findings.push(...found.slice(0, need));
    if (found.length > need) return { findings, next: findings.at(-1)?.id };
    if (ends.length === 0) return { findings, next: undefined };
    if (findings.length === page.limit || performance.now() > until) return { findings, next: edge };
    after = edge;
  }
}

/** How many there are at most: counted in an index, so by place, branch and rule only. */
export async function countBrowsed(db: Db, filter: BrowseFilter): Promise<number> {
  const { repositoryIds, ruleId } = filter;
  if (repositoryIds?.length === 0) return 0;
  const single = repositoryIds?.length === 1 ? repositoryIds[0] : undefined;
  let query = along(db.selectFrom('findings'), filter, single);
  if (repositoryIds !== undefined && single === undefined && ruleId === undefined)
    query = query.where('findings.repositoryId', 'in', [...repositoryIds]);
  const { count } = await query.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow();
  return Number(count);
}

interface Part {
  readonly rows: readonly ListedFinding[];
  /** As far as it was read; absent: to the end. */
  readonly end?: number;
}

/** What fits among the next rows of one repository, or of all. */
async function readPart(
  db: Db,
  filter: BrowseFilter,
  repositoryId: number | undefined,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<Part> {
  const indexed = along(db.selectFrom('findings'), filter, repositoryId).where('findings.id', '>', after);
  // Where the index alone decides, every row read is one of the page.
  const edge = isAlongIndex(filter, repositoryId)
    ? undefined
    : await indexed
        .select('findings.id')
        .orderBy('findings.id')
        .limit(1)
        .offset(WINDOW - 1)
        .executeTakeFirst();
  const bounded = edge === undefined ? indexed : indexed.where('findings.id', '<=', edge.id);
  const rows = await narrowed(bounded, filter)
    .selectAll('findings')
    .select(sql<Flag>`case when ${isReviewed(filter.now)} then 1 else 0 end`.as('reviewed'))
    .orderBy('findings.id')
    .limit(limit)
    .execute();
  const last = rows.at(-1);
  if (rows.length === limit && last !== undefined) return { rows, end: last.id };
  return { rows, ...(edge === undefined ? {} : { end: edge.id }) };
}

type Query = SelectQueryBuilder<Database, 'findings', object>;

/** What an index leads along in the order of ids: one of these. */
function along(
  query: Query,
  { repositoryIds, ref, ruleId, fingerprint }: BrowseFilter,
  repositoryId: number | undefined,
): Query {
  if (fingerprint !== undefined) return query.where('findings.fingerprint', '=', fingerprint);
  if (repositoryId !== undefined) {
    const own = query.where('findings.repositoryId', '=', repositoryId);
    return ref === undefined ? own : own.where('findings.ref', '=', ref);
  }
  if (ruleId !== undefined && repositoryIds === undefined) return query.where('findings.ruleId', '=', ruleId);
  return query;
}

/** Whether `along` leaves nothing to ask of the rows. */
function isAlongIndex(filter: BrowseFilter, repositoryId: number | undefined): boolean {
  const { repositoryIds, ref, ruleId, severity, state, path, fingerprint, from, to } = filter;
  if ([severity, state, path, from, to].some((asked) => asked !== undefined)) return false;
  if (fingerprint !== undefined) return repositoryIds === undefined && ref === undefined && ruleId === undefined;
  if (repositoryId !== undefined) return ruleId === undefined;
  return repositoryIds === undefined && ref === undefined;
}

/** Everything else, asked of the rows in between. */
function narrowed(query: Query, filter: BrowseFilter): Query {
  const { repositoryIds, ref, ruleId, severity, state, path, from, to, now } = filter;
  let rest = query;
  if (repositoryIds !== undefined) rest = rest.where('findings.repositoryId', 'in', [...repositoryIds]);
  if (ref !== undefined) rest = rest.where('findings.ref', '=', ref);
  if (ruleId !== undefined) rest = rest.where('findings.ruleId', '=', ruleId);
  if (severity !== undefined) rest = rest.where('findings.severity', '=', severity);
  if (from !== undefined) rest = rest.where('findings.created', '>=', from);
  if (to !== undefined) rest = rest.where('findings.created', '<', to);
  if (path !== undefined)
    rest = path.endsWith('/')
      ? // `0` is what follows `/`.
        rest.where('findings.path', '>=', path).where('findings.path', '<', `${path.slice(0, -1)}0`)
      : rest.where('findings.path', '=', path);
  if (state === 'suppressed') rest = rest.where('findings.state', '=', 'suppressed');
  if (state === 'reviewed') rest = rest.where(isReviewed(now)).where('findings.state', '!=', 'suppressed');
  if (state === 'open') rest = rest.where('findings.state', '!=', 'suppressed').where((is) => is.not(isReviewed(now)));
  return rest;
}

function isReviewed(now: number) {
  return sql<boolean>`("findings"."state" = 'reviewed' or ${reviewedCondition(now)})`;
}
