import type { Progress } from '../scan/scan-target.ts';
import type { Db } from '../store/open-store.ts';
import { noteProgress } from '../store/scans.ts';
import type { ScanRow } from '../store/schema.ts';

/** Time between two writes of one scan's progress. */
const WRITE_MS = 500;
/** A scan that has nothing new to tell shows that it is alive this often. */
const HEARTBEAT_MS = 5_000;
/** What reading objects is of the whole; the rest is looking for commits and writing. */
const READING_SHARE = 95;

export interface ProgressNotes {
  note(progress: Progress): void;
  /** Ends it; no write follows. */
  close(): Promise<void>;
}

/** Writes how far a scan is, seldom enough to cost nothing, and tells `onWritten`. */
export function createProgressNotes(
  db: Db,
  scan: ScanRow,
  { now, onWritten, onError }: { now(): number; onWritten(scan: ScanRow): void; onError(error: unknown): void },
): ProgressNotes {
  const latest = { progress: scan.progress, objects: 0, bytes: 0 };
  let changed = false;
  let idle = 0;
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    try {
      const row = await noteProgress(db, scan.id, { ...latest, now: now() });
      if (row !== undefined) onWritten(row);
    } catch (error) {
      onError(error);
    } finally {
      writing = undefined;
    }
  }

  const timer = setInterval(() => {
    idle += WRITE_MS;
    if (writing !== undefined || (!changed && idle < HEARTBEAT_MS)) return;
    changed = false;
    idle = 0;
    writing = write();
  }, WRITE_MS);
  timer.unref();

  return {
    note({ objects, bytes, totalObjects }) {
      if (totalObjects !== undefined && totalObjects > 0)
        latest.progress = Math.max(latest.progress, Math.floor((READING_SHARE * objects) / totalObjects));
      latest.objects = Math.max(latest.objects, objects);
      latest.bytes = Math.max(latest.bytes, bytes);
      changed = true;
    },
    async close() {
      clearInterval(timer);
      await writing;
    },
  };
}
