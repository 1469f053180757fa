/**
 * Opens the server's store: SQLite in a file of the data directory, or PostgreSQL by its URL. Everything above sees Kysely and one schema.
 */
import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Kysely, PostgresDialect, SqliteDialect, type Transaction } from 'kysely';
import { LeakgateError } from '../model/errors.ts';
import { checkedDialect } from './checked-dialect.ts';
import { migrate } from './migrate.ts';
import type { Database } from './schema.ts';
import { lockPostgres, lockSqlite } from './server-lock.ts';
import { withStatementCache } from './statement-cache.ts';
import { storeError } from './store-error.ts';

/** What every function of this folder takes first: the database, or a transaction of it. */
export type Db = Kysely<Database> | Transaction<Database>;

export interface Store {
  readonly db: Kysely<Database>;
  readonly dialect: 'sqlite' | 'postgres';
  close(): Promise<void>;
}

export type StoreLocation = { readonly sqlite: string } | { readonly postgres: string };

export interface OpenOptions {
  /** For a server, of which a database takes one. Commands work beside it. */
  readonly server?: boolean;
}

/**
 * Opens the store and brings its tables up to date.
 *
 * @throws LeakgateError `STORE_FAILED`, `STORE_FULL` or, for a second server, `STORE_LOCKED`
 */
export async function openStore(location: StoreLocation, { server = false }: OpenOptions = {}): Promise<Store> {
  const store =
    'sqlite' in location ? await openSqlite(location.sqlite, server) : await openPostgres(location.postgres, server);
  try {
    await migrate(store.db, store.dialect);
    return store;
  } catch (error) {
    await store.close();
    throw storeError(error);
  }
}

/** Connects, and leaves the tables as they are: for migrate.ts and its tests. */
export async function bareStore(location: StoreLocation, { server = false }: OpenOptions = {}): Promise<Store> {
  return 'sqlite' in location ? openSqlite(location.sqlite, server) : openPostgres(location.postgres, server);
}

async function openSqlite(path: string, server: boolean): Promise<Store> {
  const Sqlite = await loadSqlite();
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const lock = server ? lockSqlite(Sqlite, path) : undefined;
    try {
      const file = new Sqlite(path);
      await chmod(path, 0o600);
      // Before anything that may have to wait for a command or server that is at it.
      file.pragma('busy_timeout = 5000');
      file.pragma('journal_mode = WAL');
      // A committed finding must survive a power cut.
      file.pragma('synchronous = FULL');
      file.pragma('foreign_keys = ON');
      // Deleted texts are overwritten, not only unlinked.
      file.pragma('secure_delete = ON');
      // From here on the dialect waits, without halting the whole process.
      file.pragma('busy_timeout = 0');
      const db = new Kysely<Database>({
        dialect: checkedDialect(new SqliteDialect({ database: withStatementCache(file) }), 'sqlite'),
      });
      const close = async (): Promise<void> => {
        await db.destroy();
        // Kysely closes what it has used, which may be nothing.
        file.close();
        await lock?.release();
      };
      return { db, dialect: 'sqlite', close };
    } catch (error) {
      await lock?.release();
      throw error;
    }
  } catch (error) {
    throw atPath(storeError(error), path);
  }
}

/** The version of SQLite that a store would be opened with. */
export async function sqliteVersion(): Promise<string> {
  const Sqlite = await loadSqlite();
  const memory = new Sqlite(':memory:');
  try {
    return String(memory.prepare('select sqlite_version()').pluck().get());
  } finally {
    memory.close();
  }
}

/** better-sqlite3 is optional: it needs a prebuilt binary or a compiler, and PostgreSQL does without it. */
async function loadSqlite() {
  try {
    const { default: Sqlite } = await import('better-sqlite3');
    // The module loads without its native part, and fails at the first database.
    new Sqlite(':memory:').close();
    return Sqlite;
  } catch (cause) {
    throw new LeakgateError(
      'STORE_FAILED',
      [
        'SQLite is not usable here: the package better-sqlite3 is missing, or was not built for this Node. Ways out:',
        '- run `npm install --allow-scripts=better-sqlite3` where Leakgate is installed; without a prebuilt binary for this machine that needs python3, make and a C++ compiler',
        '- build it again after a change of Node: `npm rebuild better-sqlite3`',
        '- use PostgreSQL: set LEAKGATE_DATABASE_URL to postgres://user@host/database',
      ].join('\n'),
      { cause },
    );
  }
}

async function openPostgres(url: string, server: boolean): Promise<Store> {
  const { default: pg } = await import('pg');
  // Numbers here are ids, times and counts, all below 2^53.
  const types = {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === INT8 ? Number : pg.types.getTypeParser(oid, format),
  };
  const pool = new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 10_000, keepAlive: true, types });
  // A connection that is cut while idle must not end the process; the next query says so.
  pool.on('error', () => {});
  // Nor one that is cut between two statements of a transaction, when the pool does not listen to it.
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<Database>({ dialect: checkedDialect(new PostgresDialect({ pool }), 'postgres') });
  const connect = async () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, keepAlive: true });
    await client.connect();
    return client;
  };
  try {
    const lock = server ? await lockPostgres(connect) : undefined;
    const close = async (): Promise<void> => {
      await db.destroy();
      await lock?.release();
    };
    return { db, dialect: 'postgres', close };
  } catch (error) {
    await db.destroy();
    throw storeError(error);
  }
}

function atPath(error: unknown, path: string): unknown {
  if (!(error instanceof LeakgateError) || error.message.includes(path) || error.code === 'STORE_LOCKED') return error;
  return new LeakgateError(error.code, `${path}: ${error.message}`, { cause: error.cause });
}

const INT8 = 20;
