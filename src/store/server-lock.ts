/**
 * Keeps a second server from a database: each would take the other's scans for ones that a dead server left, and they would answer from memories
 * that differ. Commands may use the database beside a server; they ask for no lock.
 *
 * The locks are the databases' own. They end with the process that holds them, however it ends, so there is no stale lock to recognise, also
 * not where process ids begin anew (containers). Beside them stands who holds them.
 */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type Sqlite from 'better-sqlite3';
import type { Client } from 'pg';
import { LeakgateError } from '../model/errors.ts';

export interface ServerLock {
  release(): void | Promise<void>;
}

/**
 * Holds a write lock on a small database beside the real one.
 *
 * @throws LeakgateError `STORE_LOCKED`, which names the holder
 */
export function lockSqlite(Database: typeof Sqlite, path: string): ServerLock {
  const file = new Database(`${path}.server`);
  try {
    file.pragma('busy_timeout = 0');
    file.exec('begin immediate; create table if not exists holder (text text); delete from holder;');
    file.prepare('insert into holder values (?)').run(`${whoWeAre()}, since ${new Date().toISOString()}`);
    // Written, then held again: whoever is refused can read who is there.
    file.exec('commit; begin immediate;');
    return { release: () => void file.close() };
  } catch (error) {
    const holder = isBusy(error) ? readHolder(file) : undefined;
    file.close();
    if (holder === undefined) throw error;
    throw taken(`${path}: ${holder}`, error);
  }
}

/** The two halves of the lock's number: `Leak` and `gate`. */
const LOCK = [0x4c_65_61_6b, 0x67_61_74_65] as const;
const RECONNECT_MS = 2000;

/**
 * Holds an advisory lock over a connection of its own. When that is cut (PostgreSQL was restarted), the lock is taken again as soon as it answers.
 *
 * @throws LeakgateError `STORE_LOCKED`, which names the holder
 */
export async function lockPostgres(connect: () => Promise<Client>): Promise<ServerLock> {
  const released = new AbortController();
  let client = await hold();

  async function hold(): Promise<Client> {
    const fresh = await connect();
    fresh.on('error', () => {}); // `end` follows
    await fresh.query('select set_config($1, $2, false)', [
      'application_name',
      `leakgate server, ${whoWeAre()}`.slice(0, 63),
    ]);
    const { rows } = await fresh.query<{ held: boolean }>('select pg_try_advisory_lock($1, $2) as held', [...LOCK]);
    if (rows[0]?.held === true) {
      fresh.once('end', () => void holdAgain());
      return fresh;
    }
    const holder = await readPostgresHolder(fresh);
    await fresh.end();
    throw taken(holder);
  }

  async function holdAgain(): Promise<void> {
    while (!released.signal.aborted) {
      await sleep(RECONNECT_MS, undefined, { ref: false });
      try {
        client = await hold();
        if (released.signal.aborted) await client.end();
        return;
      } catch {
        // Not there yet; or another server was faster, and this one keeps asking until that one goes.
      }
    }
  }

  return {
    async release() {
      released.abort();
      await client.end();
    },
  };
}

async function readPostgresHolder(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string; since: Date }>(
    `select application_name as name, backend_start as since from pg_stat_activity join pg_locks using (pid)
     where locktype = 'advisory' and granted and classid = $1 and objid = $2
       and database = (select oid from pg_database where datname = current_database())`,
    [...LOCK],
  );
  const [holder] = rows;
  return holder === undefined ? 'one that is just going' : `${holder.name}, since ${holder.since.toISOString()}`;
}

function whoWeAre(): string {
  return `process ${process.pid} on ${hostname()}`;
}

function taken(by: string, cause?: unknown): LeakgateError {
  return new LeakgateError(
    'STORE_LOCKED',
    `another server has the database (${by}). Stop it first, or give this one a database and data directory of its own`,
    { cause },
  );
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
