/**
 * What workers and the thread that started them tell each other without messages, in shared memory: whether to stop, which object
 * each is at, how far they are, and what became of each object. It outlives a worker that dies.
 */

/** What an object turned out to be; 0 as long as nobody has read it. */
export const FATE = { unseen: 0, blob: 1, commit: 2, tree: 3, tag: 4, unread: 5 } as const;

/** Plain data that crosses threads. */
export interface ProgressCells {
  /** [0]: 1 when everyone has to stop. */
  readonly stop: Int32Array;
  /** One byte for each object of the listing: a `FATE`. */
  readonly fates: Uint8Array;
  /** For each task, the position it is at, -1 before its first and after its last. */
  readonly current: Int32Array;
  /** For each task, bytes of content scanned. */
  readonly bytes: Float64Array;
  /** For each task, objects done. */
  readonly done: Int32Array;
}

export function createProgressCells(objects: number, tasks: number): ProgressCells {
  return {
    stop: new Int32Array(new SharedArrayBuffer(4)),
    fates: new Uint8Array(new SharedArrayBuffer(objects)),
    current: new Int32Array(new SharedArrayBuffer(tasks * 4)).fill(-1),
    bytes: new Float64Array(new SharedArrayBuffer(tasks * 8)),
    done: new Int32Array(new SharedArrayBuffer(tasks * 4)),
  };
}

export function requestStop(cells: ProgressCells): void {
  Atomics.store(cells.stop, 0, 1);
}

export function mustStop(cells: ProgressCells): boolean {
  return Atomics.load(cells.stop, 0) !== 0;
}
