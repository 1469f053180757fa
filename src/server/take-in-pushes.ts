/**
 * Takes what hooks wrote down about pushes into the database: once each, whatever is read again, and with the audit log. Branches that came in are
 * scanned after the hook has let them in, those of pushes that could not be checked in any case.
 *
 *     <gitdir>/leakgate/audit.jsonl ─> pushes, auditEvents ─> queue
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScanQueue } from '../queue/scan-queue.ts';
import { recordAudit } from '../store/audit.ts';
import type { Store } from '../store/open-store.ts';
import { addPush, knownPushes, listPushes } from '../store/pushes.ts';
import { readSettings } from '../store/settings.ts';
import { writeFileAtomic } from '../util/write-atomic.ts';
import { isSameLog, readLog, type LogPart, type LogPosition } from './log-tail.ts';
import type { HookLog } from './policy-service.ts';
import { createRechecks } from './policy-passes.ts';
import { readPushEvent, type PushEvent } from './push-event.ts';

export interface PushTakerDeps {
  readonly store: Store;
  readonly queue: Pick<ScanQueue, 'schedule'>;
  /** How far logs were read stands in `push-logs.json` of it. */
  readonly dataDir: string;
  /** Logs to read. */
  readonly logs: () => readonly HookLog[];
  readonly now: () => number;
  readonly log: { warn(details: object, message: string): void; error(details: object, message: string): void };
  /** Seconds between two looks; default 3. */
  readonly seconds?: number;
  /**
   * Milliseconds after which branches of a push are scanned. The hook writes before git moves them, and other hooks may take their time; asking
   * again costs nothing when a branch has been scanned. Default: 2, 10 and 60 seconds.
   */
  readonly scanAfter?: readonly number[];
}

export interface PushTaker {
  /** Looks now; how many pushes were new. */
  takeIn(): Promise<number>;
  /** Looks again and again. */
  start(): void;
  close(): Promise<void>;
}

/** What the audit log calls events of the hook; pushes with nothing to say are not in it. */
const ACTIONS: Readonly<Record<string, string>> = {
  refused: 'Push refused',
  bypass: 'Push bypassed the hook',
  'commit-marks': 'Security hook skipped',
  warned: 'Push accepted with a warning',
  'undecided-accepted': 'Push accepted unchecked',
  'not-scanned': 'Push not scanned',
};

/** A restart forgets what was to be scanned: branches of pushes this recent are asked for once more. */
const AGAIN_AFTER_START_MS = 10 * 60_000;

export function createPushTaker(deps: PushTakerDeps): PushTaker {
  const { store, queue, now, log, scanAfter = [2_000, 10_000, 60_000] } = deps;
  const positions = createPositions(join(deps.dataDir, 'push-logs.json'));
  const seen = new Map<string, string>();
  const timers = new Set<NodeJS.Timeout>();
  let running: Promise<number> = Promise.resolve(0);

  async function takeInLog(hookLog: HookLog): Promise<number> {
    const key = `${hookLog.repositoryId} ${hookLog.path}`;
    const stamp = await stampOf(hookLog.path);
    if (stamp === undefined || seen.get(key) === stamp) return 0;
    let taken = 0;
    for (let part = await nextPart(hookLog.path, positions.get(key)); part !== undefined;) {
      taken += await takeInLines(part.lines, hookLog);
      positions.set(key, part.position);
      part = part.more ? await nextPart(hookLog.path, part.position) : undefined;
    }
    seen.set(key, stamp);
    return taken;
  }

  async function takeInLines(lines: readonly string[], { repositoryId, gitDir, path }: HookLog): Promise<number> {
    const shared = !path.startsWith(`${gitDir}/`);
    const events = lines
      .filter((line) => line !== '')
      .flatMap((line) => readPushEvent(line, repositoryId) ?? [])
      .filter((event) => !shared || event.repository === gitDir);
    const known = await knownPushes(
      store.db,
      events.map(({ row }) => row.digest),
    );
    const fresh = events.filter(({ row }) => !known.has(row.digest));
    if (fresh.length === 0) return 0;
    await store.db.transaction().execute(async (db) => {
      for (const event of fresh) {
        if ((await addPush(db, event.row)) === undefined) continue;
        const action = ACTIONS[event.event];
        if (action === undefined) continue;
        const { findings, blockingFindings, mode, pusher, time } = event.row;
        await recordAudit(db, {
          category: 'Leakgate',
          action,
          actor: pusher,
          address: event.address,
          scope: 'REPOSITORY',
          resourceId: repositoryId,
          details: { mode, findings, blockingFindings, branches: event.branches.slice(0, 20) },
          time,
        });
      }
    });
    const { scanPushes } = await readSettings(store.db);
    for (const event of fresh) if (scanPushes || event.unscanned) scanLater(event);
    return fresh.length;
  }

  /** Only what is recent: the log of a repository that is registered today may be years long. */
  function scanLater({ row, branches, unscanned }: Pick<PushEvent, 'row' | 'branches' | 'unscanned'>): void {
    if (branches.length === 0 || now() - row.time > AGAIN_AFTER_START_MS) return;
    for (const ms of scanAfter) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        void scanBranches(row.repositoryId, branches, row.pusher, unscanned);
      }, ms);
      timer.unref();
      timers.add(timer);
    }
  }

  async function scanBranches(
    repositoryId: number,
    refs: readonly string[],
    requestedBy: string,
    first: boolean,
  ): Promise<void> {
    for (const ref of refs) {
      try {
        await queue.schedule({ repositoryId, ref, trigger: 'push', requestedBy, priority: first ? 10 : 1 });
      } catch (error) {
        // Refused by a later hook, deleted since, or the repository is gone: then there is nothing to scan.
        log.warn({ repository: repositoryId, ref, err: error }, 'a pushed branch could not be queued');
      }
    }
  }

  async function takeInAll(): Promise<number> {
    await positions.load();
    let taken = 0;
    for (const hookLog of deps.logs()) {
      try {
        taken += await takeInLog(hookLog);
      } catch (error) {
        log.error({ repository: hookLog.repositoryId, err: error }, 'the log of a hook could not be taken in');
      }
    }
    await positions.save();
    return taken;
  }

  function takeIn(): Promise<number> {
    running = running.catch(() => 0).then(takeInAll);
    return running;
  }

  const rechecks = createRechecks(async () => void (await takeIn()), {
    seconds: () => Promise.resolve(deps.seconds ?? 3),
    onError: (error) => log.error({ err: error }, 'the logs of hooks could not be taken in'),
  });

  async function scanRecent(): Promise<void> {
    const rows = await listPushes(store.db, { from: now() - AGAIN_AFTER_START_MS }, { before: 0, limit: 1000 });
    for (const row of rows) {
      const { refs, verdict } = JSON.parse(row.details) as { readonly refs?: unknown; readonly verdict?: unknown };
      const decision = row.decision === 'refused' ? 'refused' : 'accepted';
      const event = readPushEvent(
        JSON.stringify({ time: new Date(row.time).toISOString(), event: row.decision, decision, refs }),
        row.repositoryId,
      );
      const unscanned = verdict === 'not-scanned' || verdict === 'undecided';
      if (event !== undefined) scanLater({ row, branches: event.branches, unscanned });
    }
  }

  return {
    takeIn,
    start() {
      void scanRecent().catch((error: unknown) => log.error({ err: error }, 'recent pushes could not be looked at'));
      void takeIn().catch((error: unknown) => log.error({ err: error }, 'the logs of hooks could not be taken in'));
      rechecks.start();
    },
    async close() {
      await rechecks.stop();
      for (const timer of timers) clearTimeout(timer);
      await running.catch(() => 0);
    },
  };
}

/** What is left of a log that was moved aside comes first, then the new one. */
async function nextPart(path: string, position: LogPosition | undefined): Promise<LogPart | undefined> {
  if (position === undefined || (await isSameLog(path, position))) return readLog(path, position);
  const moved = `${path}.1`;
  if (!(await isSameLog(moved, position))) return readLog(path, undefined);
  const rest = await readLog(moved, position);
  if (rest?.more === true) return rest;
  const start = await readLog(path, undefined);
  if (rest === undefined || start === undefined) return start ?? rest;
  return { ...start, lines: [...rest.lines, ...start.lines] };
}

async function stampOf(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats === undefined ? undefined : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}

/** How far each log was read. Losing this costs reading the logs once more. */
function createPositions(file: string): {
  load(): Promise<void>;
  get(key: string): LogPosition | undefined;
  set(key: string, position: LogPosition): void;
  save(): Promise<void>;
} {
  let positions: Map<string, LogPosition> | undefined;
  let changed = false;
  return {
    async load() {
      if (positions !== undefined) return;
      try {
        positions = new Map(Object.entries(JSON.parse(await readFile(file, 'utf8')) as Record<string, LogPosition>));
      } catch {
        positions = new Map();
      }
    },
    get: (key) => positions?.get(key),
    set(key, position) {
      positions?.set(key, position);
      changed = true;
    },
    async save() {
      if (!changed || positions === undefined) return;
      changed = false;
      await writeFileAtomic(file, JSON.stringify(Object.fromEntries(positions)), { mode: 0o600, sync: false });
    },
  };
}
