/**
 * Scans of branches: one row each, from the request to the end. States only go forward, each change says which state it starts from, and
 * a change that comes too late changes nothing.
 */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { inTransaction } from './in-transaction.ts';
import type { Db } from './open-store.ts';
import type { ScanRow, ScanState } from './schema.ts';
import type { Slice } from './slice.ts';

const ACTIVE: readonly ScanState[] = ['QUEUED', 'RUNNING'];

export interface NewScan {
  readonly repositoryId: number;
  readonly ref: string;
  readonly trigger: string;
  readonly requestedBy: string;
  readonly priority: number;
  readonly full: boolean;
  readonly notify: readonly string[];
  readonly now: number;
}

/** Queues a scan, unless one of the same branch is active: then that one, to which the wishes of the new request are added. */
export async function queueScan(
  db: Db,
  request: NewScan,
): Promise<{ readonly scan: ScanRow; readonly created: boolean }> {
  return inTransaction(db, async (tx) => {
    // Whoever comes second waits here: two requests at once must not both find nothing.
    await tx
      .updateTable('repositories')
      .set((e) => ({ slug: e.ref('slug') }))
      .where('id', '=', request.repositoryId)
      .execute();
    const active = await activeScan(tx, request.repositoryId, request.ref);
    if (active !== undefined) return { scan: await join(tx, active, request), created: false };
    const scan = await tx
      .insertInto('scans')
      .values({
        key: randomBytes(16).toString('hex'),
        repositoryId: request.repositoryId,
        ref: request.ref,
        state: 'QUEUED',
        priority: request.priority,
        trigger: request.trigger,
        requestedBy: request.requestedBy,
        full: request.full ? 1 : 0,
        attempt: 0,
        progress: 0,
        objects: 0,
        bytes: 0,
        commitId: null,
        policyDigest: null,
        outcome: null,
        coverage: null,
        reason: null,
        cancelRequested: 0,
        notify: JSON.stringify(request.notify),
        queued: request.now,
        started: null,
        ended: null,
        heartbeat: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return { scan, created: true };
  });
}

/** A request that meets a scan which is on already: it gets the higher priority, the addresses of both, and is full when one wants that. */
async function join(db: Db, active: ScanRow, request: NewScan): Promise<ScanRow> {
  const waiting = active.state === 'QUEUED';
  const notify = [...new Set([...(JSON.parse(active.notify) as string[]), ...request.notify])];
  return db
    .updateTable('scans')
    .set({
      notify: JSON.stringify(notify),
      ...(waiting ? { priority: Math.max(active.priority, request.priority) } : {}),
      ...(waiting && request.full ? { full: 1 } : {}),
    })
    .where('id', '=', active.id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

export function findScan(db: Db, id: number): Promise<ScanRow | undefined> {
  return db.selectFrom('scans').selectAll().where('id', '=', id).executeTakeFirst();
}

export function findScanByKey(db: Db, key: string): Promise<ScanRow | undefined> {
  return db.selectFrom('scans').selectAll().where('key', '=', key).executeTakeFirst();
}

/** The scan of a branch that was asked for last, whatever became of it. */
export function latestScan(db: Db, repositoryId: number, ref: string): Promise<ScanRow | undefined> {
  return db
    .selectFrom('scans')
    .selectAll()
    .where('repositoryId', '=', repositoryId)
    .where('ref', '=', ref)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The scan of a branch that waits or runs. */
export function activeScan(db: Db, repositoryId: number, ref: string): Promise<ScanRow | undefined> {
  return db
    .selectFrom('scans')
    .selectAll()
    .where('repositoryId', '=', repositoryId)
    .where('ref', '=', ref)
    .where('state', 'in', ACTIVE)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

export interface ScanFilter {
  readonly repositoryId?: number;
  /** Only of these repositories: those that the caller may read. */
  readonly repositoryIds?: readonly number[];
  readonly ref?: string;
  readonly states?: readonly ScanState[];
}

/** Latest first. */
export async function listScans(db: Db, filter: ScanFilter, { start, limit }: Slice): Promise<ScanRow[]> {
  const { repositoryId, repositoryIds, ref, states } = filter;
  if (repositoryIds?.length === 0 || states?.length === 0) return [];
  return db
    .selectFrom('scans')
    .selectAll()
    .$if(repositoryId !== undefined, (query) => query.where('repositoryId', '=', repositoryId as number))
    .$if(repositoryIds !== undefined, (query) => query.where('repositoryId', 'in', repositoryIds as number[]))
    .$if(ref !== undefined, (query) => query.where('ref', '=', ref as string))
    .$if(states !== undefined, (query) => query.where('state', 'in', states as ScanState[]))
    .orderBy('id', 'desc')
    .offset(start)
    .limit(limit + 1)
    .execute();
}

export async function scanStats(
  db: Db,
): Promise<{ readonly queued: number; readonly running: number; readonly oldestQueued: number | undefined }> {
  const rows = await db
    .selectFrom('scans')
    .select((e) => ['state', e.fn.countAll().as('count'), e.fn.min('queued').as('oldest')])
    .where('state', 'in', ACTIVE)
    .groupBy('state')
    .execute();
  const queued = rows.find(({ state }) => state === 'QUEUED');
  const running = rows.find(({ state }) => state === 'RUNNING');
  return {
    queued: Number(queued?.count ?? 0),
    running: Number(running?.count ?? 0),
    oldestQueued: queued === undefined ? undefined : queued.oldest,
  };
}

/** What the queue chooses from: of each repository the scans that may go next, the highest priority first, then by age. */
export function waitingScans(db: Db, limit: number): Promise<ScanRow[]> {
  const ranked = db
    .selectFrom('scans')
    .selectAll()
    .select(sql<number>`row_number() over (partition by "repositoryId" order by "priority" desc, "id")`.as('rank'))
    .where('state', '=', 'QUEUED')
    .where('cancelRequested', '=', 0);
  return db
    .selectFrom(ranked.as('ranked'))
    .selectAll()
    .where('rank', '<=', limit)
    .orderBy('priority', 'desc')
    .orderBy('id')
    .execute();
}

/** QUEUED to RUNNING; undefined when it no longer waits. */
export function claimScan(db: Db, id: number, now: number): Promise<ScanRow | undefined> {
  return db
    .updateTable('scans')
    .set((e) => ({ state: 'RUNNING', attempt: e('attempt', '+', 1), started: now, heartbeat: now, reason: null }))
    .where('id', '=', id)
    .where('state', '=', 'QUEUED')
    .where('cancelRequested', '=', 0)
    .returningAll()
    .executeTakeFirst();
}

/** How far a running scan is. The percentage never falls, also not when a scan is begun again. */
export function noteProgress(
  db: Db,
  id: number,
  at: { readonly progress: number; readonly objects: number; readonly bytes: number; readonly now: number },
): Promise<ScanRow | undefined> {
  return db
    .updateTable('scans')
    .set({
      progress: sql<number>`case when "progress" < ${at.progress} then ${at.progress} else "progress" end`,
      objects: at.objects,
      bytes: at.bytes,
      heartbeat: at.now,
    })
    .where('id', '=', id)
    .where('state', '=', 'RUNNING')
    .returningAll()
    .executeTakeFirst();
}

/** RUNNING to QUEUED: to be tried again. `counts`: whether the attempt was one (a server that is shut down takes it back). */
export function requeueScan(
  db: Db,
  id: number,
  { reason, counts }: { readonly reason: string; readonly counts: boolean },
): Promise<ScanRow | undefined> {
  return db
    .updateTable('scans')
    .set((e) => ({ state: 'QUEUED', reason, heartbeat: null, ...(counts ? {} : { attempt: e('attempt', '-', 1) }) }))
    .where('id', '=', id)
    .where('state', '=', 'RUNNING')
    .returningAll()
    .executeTakeFirst();
}

/** RUNNING or QUEUED to FAILED or CANCELLED. What has ended already stays what it is: undefined. */
export function endScan(
  db: Db,
  id: number,
  end: {
    readonly state: 'FAILED' | 'CANCELLED';
    readonly reason: string;
    readonly coverage?: string;
    readonly now: number;
  },
): Promise<ScanRow | undefined> {
  return db
    .updateTable('scans')
    .set({
      state: end.state,
      reason: end.reason,
      ended: end.now,
      ...(end.state === 'FAILED' ? { outcome: 'failed' } : {}),
      ...(end.coverage === undefined ? {} : { coverage: end.coverage }),
    })
    .where('id', '=', id)
    .where('state', 'in', ACTIVE)
    .returningAll()
    .executeTakeFirst();
}

/** Notes the wish, which a restart must not forget. */
export async function requestCancel(db: Db, id: number): Promise<void> {
  await db.updateTable('scans').set({ cancelRequested: 1 }).where('id', '=', id).where('state', 'in', ACTIVE).execute();
}

export function runningScans(db: Db): Promise<ScanRow[]> {
  return db.selectFrom('scans').selectAll().where('state', '=', 'RUNNING').orderBy('id').execute();
}
