/** Rules of Bitbucket's interface, and its allowlist rules: two tables of one form, so one set of functions. */
import type { Selectable } from 'kysely';
import type { Db } from './open-store.ts';
import type { ScanningRuleTable, ScopeColumns, Time } from './schema.ts';
import { contains } from './slice.ts';
import type { Slice } from './slice.ts';

export type ScanningTable = 'scanningRules' | 'scanningAllowlists';
type ScanningRow = Selectable<ScanningRuleTable>;

/** What a client sets. At least one of the two patterns is there. */
export interface ScanningRuleContent {
  readonly name: string;
  readonly lineRegex: string | null;
  readonly pathRegex: string | null;
}

export interface ScanningRuleFilter {
  /** Part of the name. */
  readonly name?: string;
  readonly descending?: boolean;
}

/** Rules of one scope by name, those of one name by id. */
export async function listScanningRules(
  db: Db,
  table: ScanningTable,
  { scope, resourceId }: ScopeColumns,
  { name = '', descending = false }: ScanningRuleFilter,
  { start, limit }: Slice,
): Promise<readonly ScanningRow[]> {
  const direction = descending ? 'desc' : 'asc';
  return db
    .selectFrom(table)
    .selectAll()
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .$if(name !== '', (query) => query.where((eb) => contains(eb.ref('name'), name)))
    .orderBy((eb) => eb.fn('lower', ['name']), direction)
    .orderBy('id', direction)
    .limit(limit + 1)
    .offset(start)
    .execute();
}

/** A rule of this scope; one of another scope is not found. */
export async function findScanningRule(
  db: Db,
  table: ScanningTable,
  { scope, resourceId }: ScopeColumns,
  id: number,
): Promise<ScanningRow | undefined> {
  return db
    .selectFrom(table)
    .selectAll()
    .where('id', '=', id)
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .executeTakeFirst();
}

export async function countScanningRules(
  db: Db,
  table: ScanningTable,
  { scope, resourceId }: ScopeColumns,
): Promise<number> {
  const { count } = await db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll().as('count'))
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function createScanningRule(
  db: Db,
  table: ScanningTable,
  scope: ScopeColumns,
  content: ScanningRuleContent,
  time: Time,
): Promise<ScanningRow> {
  return db
    .insertInto(table)
    .values({ ...content, scope: scope.scope, resourceId: scope.resourceId, created: time, updated: time })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Undefined when it was deleted in the meantime. */
export async function updateScanningRule(
  db: Db,
  table: ScanningTable,
  id: number,
  content: ScanningRuleContent,
  time: Time,
): Promise<ScanningRow | undefined> {
  return db
    .updateTable(table)
    .set({ ...content, updated: time })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

/** What was deleted; undefined when there was nothing of that id in this scope. */
export async function deleteScanningRule(
  db: Db,
  table: ScanningTable,
  { scope, resourceId }: ScopeColumns,
  id: number,
): Promise<ScanningRow | undefined> {
  return db
    .deleteFrom(table)
    .where('id', '=', id)
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .returningAll()
    .executeTakeFirst();
}
