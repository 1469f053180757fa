/**
 * The queue of branch scans. What is to be done and how far it is stands in the table `scans`, so that a server that is killed goes on where it was;
 * this file decides who goes next and when a scan has to stop. p-queue holds the number of scans that run at once.
 *
 *     schedule ─> QUEUED ─> RUNNING ─> COMPLETED | FAILED | CANCELLED      (a restart or a failed attempt puts RUNNING back to QUEUED)
 */
import PQueue from 'p-queue';
import { LeakgateError } from '../model/errors.ts';
import { allBranches, findBranch, notePolicyDigest, tipDigest } from '../store/branches.ts';
import { recountExpired } from '../store/recount.ts';
import { findRepositoryById, listRepositories } from '../store/repositories.ts';
import {
  activeScan,
  claimScan,
  endScan,
  findScan,
  queueScan,
  requestCancel,
  requeueScan,
  runningScans,
  scanStats,
  waitingScans,
} from '../store/scans.ts';
import { createKeptThreads } from '../scan/kept-threads.ts';
import type { RepositoryRow, ScanRow } from '../store/schema.ts';
import { readSetting } from '../store/settings.ts';
import { ALL } from '../store/slice.ts';
import { createLocks } from './locks.ts';
import { createOpenTarget } from './open-target.ts';
import type { ScanEvent, ScanQueue, ScanQueueDeps, ScanRequest } from './queue-types.ts';
import { runTurn } from './run-turn.ts';
import { createSchedule } from './scan-schedule.ts';
import { takeUpScans } from './take-up.ts';
import { nextScan } from './turns.ts';

export type { ScanEvent, ScanQueue, ScanQueueDeps } from './queue-types.ts';

const DEFAULT_CONCURRENCY = 2;
const DEFAULT_RETRY_MS = 5_000;
/** How often reviews that have ended are looked for, and the setting of the schedule. */
const TICK_MS = 60_000;

export function createScanQueue(deps: ScanQueueDeps): ScanQueue {
  const { store, now, log, concurrency = DEFAULT_CONCURRENCY, retryDelayMs = DEFAULT_RETRY_MS } = deps;
  const { db } = store;
  const runner = new PQueue({ concurrency, autoStart: false });
  const choosing = createLocks<'turn'>();
  const ending = new AbortController();
  const targets = createOpenTarget({
    db,
    dataDir: deps.dataDir,
    allowFileUrls: deps.allowFileUrls ?? false,
    signal: ending.signal,
    now,
  });
  const keptThreads = createKeptThreads(concurrency);
  const listeners = new Set<(event: ScanEvent) => void>();
  const running = new Map<number, AbortController>();
  const notBefore = new Map<number, number>();
  const retries = new Set<NodeJS.Timeout>();
  const turns = new Map<number, number>();
  const schedule = createSchedule(scheduleEverything);
  let turnCount = 0;
  let stopping = false;
  let ticking: NodeJS.Timeout | undefined;
  let lookingSoon: NodeJS.Timeout | undefined;
  let ticked = now();

  function emit(scan: ScanRow): void {
    for (const listener of listeners) {
      try {
        listener({ type: 'scan', scan });
      } catch (error) {
        log.error({ err: error }, 'a listener of the queue failed');
      }
    }
  }

  /** Someone's turn; whose is decided when it comes. */
  function addTurn(): void {
    if (stopping) return;
    runner.add(takeTurn).catch((error: unknown) => {
      log.error({ err: error }, 'a turn of the queue failed');
      lookSoon();
    });
  }

  async function takeTurn(): Promise<void> {
    const stop = new AbortController();
    const scan = await choosing.run('turn', () => claimNext(stop));
    if (scan === undefined) return;
    try {
      const end = await runTurn(scan, stop.signal, { ...deps, targets, concurrency, keptThreads, emit });
      if (end.kind === 'again') retryLater(scan.id, end.attempt);
      if (end.kind === 'lost') lookSoon();
    } finally {
      running.delete(scan.id);
    }
  }

  async function claimNext(stop: AbortController): Promise<ScanRow | undefined> {
    for (;;) {
      if (stopping) return undefined;
      const waiting = (await waitingScans(db, 1)).filter(({ id }) => (notBefore.get(id) ?? 0) <= now());
      const next = nextScan(waiting, turns);
      if (next === undefined) return undefined;
      turns.set(next.repositoryId, ++turnCount);
      running.set(next.id, stop);
      let claimed: ScanRow | undefined;
      try {
        claimed = await claimScan(db, next.id, now());
      } finally {
        // Also when the answer was lost: then nobody runs it, whatever its row says.
        if (claimed === undefined) running.delete(next.id);
      }
      if (claimed !== undefined) return claimed;
    }
  }

  function retryLater(scanId: number, attempt: number): void {
    const wait = retryDelayMs * attempt;
    notBefore.set(scanId, now() + wait);
    const timer = setTimeout(() => {
      retries.delete(timer);
      notBefore.delete(scanId);
      addTurn();
    }, wait);
    timer.unref();
    retries.add(timer);
  }

  async function find(repositoryId: number): Promise<RepositoryRow> {
    const row = await findRepositoryById(db, repositoryId);
    if (row === undefined) throw new LeakgateError('TARGET_INVALID', `there is no repository ${repositoryId}`);
    return row;
  }

  async function queueOne(row: RepositoryRow, request: ScanRequest): ReturnType<ScanQueue['schedule']> {
    const { digest, exempt = false } = await deps.policyOf(row.id);
    if (exempt && request.trigger !== 'request') return { scan: undefined, created: false };
    const branch = await findBranch(db, row.id, request.ref);
    if (branch === undefined && row.path !== null)
      throw new LeakgateError('TARGET_INVALID', `there is no branch ${request.ref} in this repository`);
    const depth = await readSetting(db, 'scanDepth');
    const wanted = depth === 'tip' ? tipDigest(digest) : digest;
    const last = branch?.scanId === undefined || branch.scanId === null ? undefined : await findScan(db, branch.scanId);
    // What a mirror's branch is now is known when it has been fetched.
    const current =
      row.path !== null &&
      branch !== undefined &&
      branch.scannedCommit === branch.tip &&
      branch.policyDigest === wanted &&
      last?.outcome === 'complete';
    // One that is on all the same was asked for in full: whoever asks next is told of it, and may have it sooner.
    const needless = current && request.full !== true && (await activeScan(db, row.id, request.ref)) === undefined;
    if (needless) return { scan: undefined, created: false };
    const result = await queueScan(db, {
      repositoryId: row.id,
      ref: request.ref,
      trigger: request.trigger,
      requestedBy: request.requestedBy,
      priority: request.priority ?? 0,
      full: request.full ?? false,
      notify: request.notify ?? [],
      now: now(),
    });
    if (result.created) {
      emit(result.scan);
      addTurn();
    }
    return result;
  }

  async function scheduleRepository(request: Omit<ScanRequest, 'ref'>): Promise<readonly ScanRow[]> {
    const row = await find(request.repositoryId);
    await targets.open(row, now());
    const branches = await allBranches(db, row.id);
    const scans: ScanRow[] = [];
    for (const { ref } of branches) {
      const { scan } = await queueOne(row, { ...request, ref });
      if (scan !== undefined) scans.push(scan);
    }
    return scans;
  }

  async function scheduleEverything(): Promise<void> {
    for (const { id } of await listRepositories(db, {}, ALL)) {
      if (stopping) return;
      try {
        await scheduleRepository({ repositoryId: id, trigger: 'schedule', requestedBy: 'system' });
      } catch (error) {
        log.warn({ repository: id, err: error }, 'a repository could not be scheduled');
      }
    }
  }

  /** Scans that nobody would come back to: their end or their turn was lost when the store could not be reached. */
  async function takeUpLost(): Promise<void> {
    for (const { id } of await runningScans(db))
      if (!running.has(id)) await requeueScan(db, id, { reason: 'its end could not be written', counts: true });
    const { queued } = await scanStats(db);
    for (let turn = runner.size; turn < queued; turn++) addTurn();
  }

  /** The store did not answer: until it does, it is asked for what was lost by that more often than every minute. */
  function lookSoon(): void {
    if (stopping || lookingSoon !== undefined) return;
    lookingSoon = setTimeout(() => {
      lookingSoon = undefined;
      takeUpLost().catch(lookSoon);
    }, retryDelayMs);
    lookingSoon.unref();
  }

  async function tick(): Promise<void> {
    try {
      const at = now();
      await recountExpired(db, ticked, at);
      ticked = at;
      schedule.set(await readSetting(db, 'scanSchedule'));
      await takeUpLost();
    } catch (error) {
      log.error({ err: error }, 'the queue could not look after itself');
    }
  }

  return {
    async schedule(request) {
      const row = await find(request.repositoryId);
      const active = await activeScan(db, row.id, request.ref);
      // A mirror is fetched when the scan's turn comes: a request must not wait for a network.
      if (active === undefined && row.path !== null) await targets.open(row, now());
      return queueOne(row, request);
    },
    scheduleRepository,
    async cancel(scanId) {
      await requestCancel(db, scanId);
      const ended = await endScan(db, scanId, { state: 'CANCELLED', reason: 'it was cancelled', now: now() });
      running.get(scanId)?.abort(new LeakgateError('SCAN_CANCELLED', 'the scan was cancelled'));
      if (ended !== undefined) {
        emit(ended);
        return 'cancelled';
      }
      const scan = await findScan(db, scanId);
      return scan === undefined ? 'unknown' : scan.state === 'CANCELLED' ? 'cancelled' : 'finished';
    },
    stats: () => scanStats(db),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async syncRefs(repositoryId) {
      await targets.look(await find(repositoryId));
      const { digest } = await deps.policyOf(repositoryId);
      await notePolicyDigest(db, repositoryId, digest);
    },
    async reschedule() {
      schedule.set(await readSetting(db, 'scanSchedule'));
    },
    async start() {
      const waiting = await takeUpScans(db, now());
      for (let i = 0; i < waiting; i++) addTurn();
      // Reviews may have ended while nobody looked.
      await recountExpired(db, 0, now());
      ticked = now();
      schedule.set(await readSetting(db, 'scanSchedule'));
      ticking = setInterval(() => void tick(), TICK_MS);
      ticking.unref();
      runner.start();
    },
    drain,
    close: () => drain(0),
  };

  async function drain(ms: number): Promise<void> {
    stopping = true;
    // Nobody waits any more for clones that no scan has asked for.
    ending.abort(new LeakgateError('SCAN_CANCELLED', 'the server is shut down'));
    schedule.stop();
    clearInterval(ticking);
    clearTimeout(lookingSoon);
    for (const timer of retries) clearTimeout(timer);
    runner.clear();
    if (ms > 0) await within(ms, runner.onPendingZero());
    for (const [id, stop] of running) {
      // First of all nothing of it may be written any more.
      stop.abort(new LeakgateError('SCAN_CANCELLED', 'the server is shut down'));
      try {
        await requeueScan(db, id, { reason: 'the server was shut down', counts: false });
      } catch (error) {
        log.error({ scan: id, err: error }, 'a scan could not be put back; the next start takes it up');
      }
    }
    await runner.onPendingZero();
    await keptThreads.close();
  }
}

/** Waits for `work`, no longer than `ms`. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}
