/**
 * Entry of the worker threads. What is the same for every range of a scan comes once, as `workerData`; a task is three numbers.
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

export async function scanRange(range: Range): Promise<RangeResult> {
  const plan = workerData as RangePlan;
  scanner ??= createRangeScanner(plan);
  const stop = new AbortController();
  const poll = setInterval(() => mustStop(plan.cells) && stop.abort(), STOP_POLL_MS);
  try {
    return await scanner(range, stop.signal);
  } finally {
    clearInterval(poll);
  }
}
