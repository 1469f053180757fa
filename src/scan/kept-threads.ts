/**
 * Threads that stay from scan to scan, for a process that does many small ones. Starting a thread, loading the engine into it and warming it up takes
 * several times what a small scan takes itself. Large scans have a pool of their own (worker-pool.ts): here they would keep small ones waiting.
 */
import type { Range, RangePlan, RangeResult } from './range-scanner.ts';
import { startThreads, stopOnAbort, type ThreadPool } from './threads.ts';

export interface KeptThreads {
  /** Scans a range. Rejects when it could not be done here, because the thread died or none starts; it has to be done in another way then. */
  scan(plan: RangePlan, range: Range, signal: AbortSignal): Promise<RangeResult>;
  close(): Promise<void>;
}

/** A thread without work is given up after so long. */
const IDLE_MS = 60_000;

/** @param max most threads at a time; they are started when there is work */
export function createKeptThreads(max: number, workerUrl?: URL): KeptThreads {
  let pool: Promise<ThreadPool> | undefined;

  function open(): Promise<ThreadPool> {
    const giveUp = (): void => {
      // It may tell of a second death when the next one is open already.
      if (pool === opened) pool = undefined;
    };
    const opened = startThreads({ min: 0, max, idleMs: IDLE_MS, task: 'scanOnce', workerUrl }).then((threads) => {
      // A thread that dies without a task, most of all at its start, is not replaced, and what waits for one would wait for ever. The pool is given up,
      // which rejects all that it has; the next scan opens another.
      threads.on('error', () => {
        giveUp();
        threads.destroy().catch(() => {});
      });
      return threads;
    });
    opened.catch(giveUp);
    return opened;
  }

  return {
    async scan(plan, range, signal) {
      pool ??= open();
      const threads = await pool;
      const { terminate, done } = stopOnAbort(signal, plan.cells);
      try {
        return (await threads.run({ plan, range }, { signal: terminate.signal })) as RangeResult;
      } finally {
        done();
      }
    },
    async close() {
      const threads = await pool?.catch(() => undefined);
      await threads?.destroy();
    },
  };
}
