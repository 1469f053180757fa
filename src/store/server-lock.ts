/**
 * Keeps a second server from one SQLite database: two of them would run every scan twice and answer from memories that differ. Commands may
 * use the database beside a server; they ask for no lock.
 *
 * The lock is SQLite's own, held on a small database beside the real one. The system releases it when the process ends, however it ends, so
 * there is no stale lock to recognise, also not where process ids begin anew (containers). The file says who holds it.
 */
import { hostname } from 'node:os';
import type Sqlite from 'better-sqlite3';
import { LeakgateError } from '../model/errors.ts';

export interface ServerLock {
  release(): void;
}

/** @throws LeakgateError `STORE_LOCKED`, which names the holder */
export function lockServer(Database: typeof Sqlite, path: string): ServerLock {
  const file = new Database(`${path}.server`);
  try {
    file.pragma('busy_timeout = 0');
    file.exec('begin immediate; create table if not exists holder (text text); delete from holder;');
    file
      .prepare('insert into holder values (?)')
      .run(`process ${process.pid} on ${hostname()}, since ${new Date().toISOString()}`);
    // Written, then held again: whoever is refused can read who is there.
    file.exec('commit; begin immediate;');
    return { release: () => file.close() };
  } catch (error) {
    const holder = isBusy(error) ? readHolder(file) : undefined;
    file.close();
    if (holder === undefined) throw error;
    throw new LeakgateError(
      'STORE_LOCKED',
      `another server has the database ${path}: ${holder}. Stop it first, or give this one a data directory of its own`,
      { cause: error },
    );
  }
}

function isBusy(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY');
}

function readHolder(file: Sqlite.Database): string {
  try {
    const row = file.prepare('select text from holder').get() as { text: string } | undefined;
    return row?.text ?? 'one that is just starting';
  } catch {
    return 'one that is just starting';
  }
}
