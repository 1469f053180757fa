/**
 * Opens the server's store: SQLite in a file of the data directory, or PostgreSQL by its URL. Everything above sees Kysely and one schema.
 */
import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Kysely, PostgresDialect, SqliteDialect, type Transaction } from 'kysely';
import { migrate } from './migrate.ts';
import type { Database } from './schema.ts';

/** What every function of this folder takes first: the database, or a transaction of it. */
export type Db = Kysely<Database> | Transaction<Database>;

export interface Store {
  readonly db: Kysely<Database>;
  readonly dialect: 'sqlite' | 'postgres';
  close(): Promise<void>;
}

export type StoreLocation = { readonly sqlite: string } | { readonly postgres: string };

/** Opens the store and brings its tables up to date. */
export async function openStore(location: StoreLocation): Promise<Store> {
  const store = 'sqlite' in location ? await openSqlite(location.sqlite) : await openPostgres(location.postgres);
  try {
    await migrate(store.db, store.dialect);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openSqlite(path: string): Promise<Store> {
  const { default: Sqlite } = await import('better-sqlite3');
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = new Sqlite(path);
  await chmod(path, 0o600);
  file.pragma('journal_mode = WAL');
  // A committed finding must survive a power cut.
  file.pragma('synchronous = FULL');
  file.pragma('foreign_keys = ON');
  file.pragma('busy_timeout = 5000');
  // Deleted texts are overwritten, not only unlinked.
  file.pragma('secure_delete = ON');
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: file }) });
  return { db, dialect: 'sqlite', close: () => db.destroy() };
}

async function openPostgres(url: string): Promise<Store> {
  const { default: pg } = await import('pg');
  // Numbers here are ids, times and counts, all below 2^53.
  const types = {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === INT8 ? Number : pg.types.getTypeParser(oid, format as 'text'),
  };
  const pool = new pg.Pool({ connectionString: url, max: 10, types: types as never });
  // A connection that is cut while idle must not end the process; the next query says so.
  pool.on('error', () => {});
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  return { db, dialect: 'postgres', close: () => db.destroy() };
}

const INT8 = 20;
