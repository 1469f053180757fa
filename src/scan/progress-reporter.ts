import type { ProgressCells } from './progress-cells.ts';
import type { Progress } from './scan-target.ts';

/** Time between two reports, in milliseconds: often enough to look alive, too seldom to cost anything. */
const INTERVAL_MS = 100;

/** Tells a caller how far a scan is. Costs nothing where nobody listens. */
export interface ProgressReporter {
  /** Reports from the cells of workers until closed. `total`: objects they are at. */
  watch(cells: ProgressCells, total: number): { close(): void };
  /** Notes work done in this thread. */
  add(objects: number, bytes: number): void;
  /** The last report. */
  finish(): void;
}

export function createProgressReporter(listener: ((progress: Progress) => void) | undefined): ProgressReporter {
  const startedAt = performance.now();
  let objects = 0;
  let bytes = 0;
  let total: number | undefined;
  let lastAt = 0;

  function report(moreObjects: number, moreBytes: number): void {
    if (listener === undefined) return;
    const seconds = (performance.now() - startedAt) / 1000;
    const done = objects + moreObjects;
    const doneBytes = bytes + moreBytes;
    const left = total === undefined || done === 0 || seconds === 0 ? undefined : ((total - done) * seconds) / done;
    lastAt = performance.now();
    listener({
      objects: done,
      bytes: doneBytes,
      ...(total === undefined ? {} : { totalObjects: total }),
      bytesPerSecond: seconds === 0 ? 0 : doneBytes / seconds,
      ...(left === undefined ? {} : { secondsLeft: left }),
    });
  }

  return {
    watch(cells, count) {
      total = (total ?? 0) + count;
      const timer =
        listener === undefined ? undefined : setInterval(() => report(sum(cells.done), sum(cells.bytes)), INTERVAL_MS);
      return {
        close() {
          clearInterval(timer);
          objects += sum(cells.done);
          bytes += sum(cells.bytes);
        },
      };
    },
    add(moreObjects, moreBytes) {
      objects += moreObjects;
      bytes += moreBytes;
      if (listener !== undefined && performance.now() - lastAt >= INTERVAL_MS) report(0, 0);
    },
    finish: () => report(0, 0),
  };
}

function sum(cells: Int32Array | Float64Array): number {
  let total = 0;
  for (const cell of cells) total += cell;
  return total;
}
