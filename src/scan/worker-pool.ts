/**
 * Ranges on worker threads. A worker that dies, of memory or of a crash, costs the one object it was
 * at: that is recorded, and the rest of its range is done by another.
 */
import { setMaxListeners } from 'node:events';
import { LeakgateError } from '../model/errors.ts';
import type { Unread } from '../model/coverage.ts';
import { createUnreadTally, addUnread } from './coverage-tally.ts';
import { oidOf } from './object-listing.ts';
import { FATE } from './progress-cells.ts';
import type { Range, RangePlan, RangeResult } from './range-scanner.ts';
import { startThreads, stopOnAbort, type ThreadPool } from './threads.ts';

/** After so many deaths nothing more is tried: what is left of each range is recorded. */
export const MAX_DEATHS = 16;
/** So many workers may die before their first object until it is clear that all will. */
const MAX_EARLY_DEATHS = 3;
export interface PoolOptions {
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Module of the workers; tests give one that dies. */
  readonly workerUrl?: URL;
}

/** Scans every range and returns one result for each that came through, in no order. */
export async function scanInPool(
  plan: RangePlan,
  ranges: readonly Omit<Range, 'task'>[],
  options: PoolOptions,
): Promise<RangeResult[]> {
  const pool = await startThreads({
    min: options.threads,
    max: options.threads,
    idleMs: Infinity,
    task: 'scanRange',
    workerUrl: options.workerUrl,
    workerData: plan,
  });
  const { terminate, done } = stopOnAbort(options.signal, plan.cells);
  setMaxListeners(0, terminate.signal);
  // Workers that fail before they take a task are not replaced: when none is left, tasks would wait for ever.
  let failedStarts = 0;
  let failure: unknown;
  pool.on('error', (error) => {
    failure = error;
    if (++failedStarts >= options.threads) terminate.abort();
  });
  try {
    return await runAll(pool, plan, ranges, {
      stopped: options.signal,
      terminate: terminate.signal,
      startFailure: () => failure,
    });
  } finally {
    done();
    await pool.destroy();
  }
}

/** Cells that a pool needs for `ranges` ranges: a death leaves two ranges where there was one. */
export function taskCells(ranges: number): number {
  return ranges + 2 * MAX_DEATHS + 2;
}

async function runAll(
  pool: ThreadPool,
  plan: RangePlan,
  ranges: readonly Omit<Range, 'task'>[],
  signals: { readonly stopped: AbortSignal; readonly terminate: AbortSignal; readonly startFailure: () => unknown },
): Promise<RangeResult[]> {
  const { cells, listing, order } = plan;
  const results: RangeResult[] = [];
  let tasks = 0;
  let deaths = 0;

  async function run(from: number, to: number): Promise<void> {
    if (from >= to || signals.stopped.aborted) return;
    const task = tasks++;
    try {
      results.push((await pool.run({ task, from, to } satisfies Range, { signal: signals.terminate })) as RangeResult);
    } catch (error) {
      const at = Math.min(cells.current[task] as number, to - 1);
      cells.done[task] = 0;
      cells.bytes[task] = 0;
      if (signals.stopped.aborted) return;
      deaths++;
      const cause = signals.startFailure() ?? error;
      const detail = cause instanceof Error ? cause.message : String(cause);
      if (signals.terminate.aborted || (at < 0 && deaths > MAX_EARLY_DEATHS))
        throw new LeakgateError('INTERNAL', `scan workers do not start: ${detail}`, { cause });
      if (deaths > MAX_DEATHS) return giveUp(from, to, detail);
      if (at < 0) return run(from, to);
      results.push(died(at, detail));
      // What it had found before died with it.
      await Promise.all([run(from, at), run(at + 1, to)]);
    }
  }

  function died(position: number, detail: string): RangeResult {
    const object = order[position] as number;
    const unread = createUnreadTally();
    addUnread(unread, { reason: 'worker-died', what: oidOf(listing, object), detail } satisfies Unread);
    cells.fates[object] = FATE.unread;
    return { findings: [], unread, bytes: 0 };
  }

  function giveUp(from: number, to: number, detail: string): void {
    for (let position = from; position < to; position++) results.push(died(position, detail));
  }

  await Promise.all(ranges.map(({ from, to }) => run(from, to)));
  return results;
}
