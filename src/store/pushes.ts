/** What hooks decided on pushes, as taken in from their logs, and what it comes to in numbers. */
import type { Insertable, Selectable } from 'kysely';
import type { Db } from './open-store.ts';
import type { PushTable } from './schema.ts';

export type PushRow = Selectable<PushTable>;
export type NewPush = Omit<Insertable<PushTable>, 'id'>;

/** Records a push once: `undefined` when this very event is recorded already. */
export async function addPush(db: Db, push: NewPush): Promise<PushRow | undefined> {
  return db
    .insertInto('pushes')
    .values(push)
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .returningAll()
    .executeTakeFirst();
}

const CHUNK = 500;

/** Which of these digests are recorded. */
export async function knownPushes(db: Db, digests: readonly string[]): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  for (let at = 0; at < digests.length; at += CHUNK) {
    const part = digests.slice(at, at + CHUNK);
    const rows = await db.selectFrom('pushes').select('digest').where('digest', 'in', part).execute();
    for (const { digest } of rows) known.add(digest);
  }
  return known;
}

export interface PushFilter {
  readonly repositoryIds?: readonly number[];
  readonly decision?: string;
  readonly mode?: string;
  /** Inclusive. */
  readonly from?: number;
  /** Exclusive. */
  readonly to?: number;
}

/** Pushes, latest taken in first. @param page.before id from which on to go back; 0 for the latest */
export async function listPushes(
  db: Db,
  filter: PushFilter,
  page: { readonly before: number; readonly limit: number },
): Promise<PushRow[]> {
  let query = filtered(db, filter).selectAll();
  if (page.before > 0) query = query.where('id', '<', page.before);
  return query.orderBy('id', 'desc').limit(page.limit).execute();
}

/** How many pushes ended how. */
export interface PushCount {
  readonly decision: string;
  readonly mode: string;
  readonly pushes: number;
  readonly findings: number;
  readonly blockingFindings: number;
}

/** Pushes by decision and mode. */
export async function countPushes(db: Db, filter: PushFilter): Promise<PushCount[]> {
  const rows = await filtered(db, filter)
    .select(({ fn }) => [
      'decision',
      'mode',
      fn.countAll<number | string>().as('pushes'),
      fn.sum<number | string>('findings').as('findings'),
      fn.sum<number | string>('blockingFindings').as('blockingFindings'),
    ])
    .groupBy(['decision', 'mode'])
    .orderBy('decision')
    .orderBy('mode')
    .execute();
  return rows.map((row) => ({
    ...row,
    pushes: Number(row.pushes),
    findings: Number(row.findings),
    blockingFindings: Number(row.blockingFindings),
  }));
}

const BATCH = 1000;

/** The details of all such pushes with findings, oldest first, a batch at a time. */
export async function* pushesWithFindings(db: Db, filter: PushFilter): AsyncGenerator<PushRow> {
  for (let after = 0; ;) {
    const rows = await filtered(db, filter)
      .selectAll()
      .where('findings', '>', 0)
      .where('id', '>', after)
      .orderBy('id')
      .limit(BATCH)
      .execute();
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < BATCH) return;
    after = last.id;
  }
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- Kysely's own, a page long
function filtered(db: Db, { repositoryIds, decision, mode, from, to }: PushFilter) {
  let query = db.selectFrom('pushes');
  if (repositoryIds !== undefined) query = query.where('repositoryId', 'in', [...repositoryIds]);
  if (decision !== undefined) query = query.where('decision', '=', decision);
  if (mode !== undefined) query = query.where('mode', '=', mode);
  if (from !== undefined) query = query.where('time', '>=', from);
  if (to !== undefined) query = query.where('time', '<', to);
  return query;
}
