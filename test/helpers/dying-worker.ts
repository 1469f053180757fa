/** A scan worker that dies, as out of memory does it: the thread ends in the middle of an object. */
import { workerData } from 'node:worker_threads';
import { createRangeScanner, type Range, type RangePlan, type RangeResult } from '../../src/scan/range-scanner.ts';
import { oidOf } from '../../src/scan/object-listing.ts';

/** Dies at the object whose id is in `LEAKGATE_TEST_DIE_AT`. */
export function scanRange(range: Range): Promise<RangeResult> {
  return scanOnce({ plan: workerData as RangePlan, range });
}

export async function scanOnce({
  plan,
  range,
}: {
  readonly plan: RangePlan;
  readonly range: Range;
}): Promise<RangeResult> {
  const doomed = process.env['LEAKGATE_TEST_DIE_AT'];
  const cells = {
    ...plan.cells,
    current: new Proxy(plan.cells.current, {
      set(target, index, position: number) {
        target[Number(index)] = position;
        const object = plan.order[position];
        if (position >= 0 && position < range.to && object !== undefined && oidOf(plan.listing, object) === doomed)
          process.exit(1);
        return true;
      },
    }),
  };
  return createRangeScanner({ ...plan, cells })(range);
}
