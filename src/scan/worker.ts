/**
 * Entry of the worker threads. In the pool of one scan, what is the same for every range comes once, as `workerData`, and a task is three numbers.
 */
import { workerData } from 'node:worker_threads';
import { mustStop } from './progress-cells.ts';
import {
  createRangeScanner,
  type Range,
  type RangePlan,
  type RangeResult,
  type RangeScanner,
} from './range-scanner.ts';

/** How often a worker that waits for git looks whether it has to stop. */
const STOP_POLL_MS = 50;

let scanner: RangeScanner | undefined;

export function scanRange(range: Range): Promise<RangeResult> {
  const plan = workerData as RangePlan;
  scanner ??= createRangeScanner(plan);
  return scanUntilStopped(scanner, plan, range);
}

/** For threads that stay from scan to scan: the plan comes with the task. */
export function scanOnce({ plan, range }: { readonly plan: RangePlan; readonly range: Range }): Promise<RangeResult> {
  return scanUntilStopped(createRangeScanner(plan), plan, range);
}

async function scanUntilStopped(scanRangeOf: RangeScanner, { cells }: RangePlan, range: Range): Promise<RangeResult> {
  const stop = new AbortController();
  const poll = setInterval(() => mustStop(cells) && stop.abort(), STOP_POLL_MS);
  try {
    return await scanRangeOf(range, stop.signal);
  } finally {
    clearInterval(poll);
  }
}
