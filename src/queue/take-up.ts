import type { Db } from '../store/open-store.ts';
import { endScan, listScans, requeueScan, runningScans } from '../store/scans.ts';
import { ALL } from '../store/slice.ts';

/** A scan that was begun so often and never came to an end is one that ends the server: it is not begun again. */
const MAX_STARTS = 10;

/** Takes up what an earlier process left: scans that it ran wait again, those that somebody wanted cancelled are. Returns how many wait. */
export async function takeUpScans(db: Db, now: number): Promise<number> {
  for (const scan of await runningScans(db)) {
    if (scan.cancelRequested === 1) await endScan(db, scan.id, { state: 'CANCELLED', reason: 'it was cancelled', now });
    else if (scan.attempt >= MAX_STARTS)
      await endScan(db, scan.id, {
        state: 'FAILED',
        reason: `the server ended while it ran, ${scan.attempt} times`,
        now,
      });
    else await requeueScan(db, scan.id, { reason: 'the server ended while it ran', counts: true });
  }
  const waiting = await listScans(db, { states: ['QUEUED'] }, ALL);
  for (const scan of waiting)
    if (scan.cancelRequested === 1) await endScan(db, scan.id, { state: 'CANCELLED', reason: 'it was cancelled', now });
  return waiting.length;
}
