/**
 * A Kysely dialect whose errors are ours, and whose transactions hold what this folder promises. With SQLite they begin as writers: one that
 * reads first and writes later would fail at once when another process wrote in between, however long it is ready to wait.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CompiledQuery, SqliteAdapter } from 'kysely';
import type { DatabaseConnection, Dialect, Driver, TransactionSettings } from 'kysely';
import { storeError } from './store-error.ts';

export function checkedDialect(inner: Dialect, kind: 'sqlite' | 'postgres'): Dialect {
  return {
    createAdapter: () => (kind === 'sqlite' ? new WholeSqliteAdapter() : inner.createAdapter()),
    createDriver: () => checkedDriver(inner.createDriver(), kind),
    createIntrospector: (db) => inner.createIntrospector(db),
    createQueryCompiler: () => inner.createQueryCompiler(),
  };
}

/** SQLite does keep or undo changes of tables with their transaction; Kysely makes no use of it, and would leave half a migration behind. */
class WholeSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function checkedDriver(inner: Driver, kind: 'sqlite' | 'postgres'): Driver {
  const checked = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const begin = (connection: DatabaseConnection, settings: TransactionSettings): Promise<unknown> =>
    kind === 'sqlite'
      ? connection.executeQuery(CompiledQuery.raw('begin immediate'))
      : inner.beginTransaction(connection, settings);
  return {
    init: () => told(() => inner.init()),
    async acquireConnection() {
      const connection = await told(() => inner.acquireConnection());
      const known = checked.get(connection);
      const proxy = known ?? checkedConnection(connection);
      checked.set(connection, proxy);
      return proxy;
    },
    beginTransaction: async (connection, settings) => void (await begin(connection, settings)),
    commitTransaction: (connection) => told(() => inner.commitTransaction(connection)),
    rollbackTransaction: async (connection) => {
      try {
        await inner.rollbackTransaction(connection);
      } catch (error) {
        // A full disk has made SQLite roll back by itself, and a lost connection PostgreSQL; the first error is the one to tell.
        if (kind === 'sqlite' && !/no transaction is active/.test(String(error))) throw error;
      }
    },
    savepoint: async (connection, name, compile) => inner.savepoint?.(connection, name, compile),
    rollbackToSavepoint: async (connection, name, compile) => inner.rollbackToSavepoint?.(connection, name, compile),
    releaseSavepoint: async (connection, name, compile) => inner.releaseSavepoint?.(connection, name, compile),
    releaseConnection: (connection) => inner.releaseConnection(connection),
    destroy: () => inner.destroy(),
  };
}

/** The connection itself in all but its errors: drivers call methods of theirs on it. */
function checkedConnection(connection: DatabaseConnection): DatabaseConnection {
  return new Proxy(connection, {
    get(target, name) {
      if (name === 'executeQuery')
        return (query: CompiledQuery) => told(() => whenFree(async () => target.executeQuery(query)));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/**
 * Waits for another process that is writing. SQLite itself would wait by halting this one, with every request in it. A statement that is told
 * "busy" has done nothing, and inside a transaction that began as a writer none is.
 */
async function whenFree<T>(work: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + PATIENCE_MS; ;) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'SQLITE_BUSY' || performance.now() > end) throw error;
    }
    await sleep(2 + Math.random() * 20);
  }
}

const PATIENCE_MS = 15_000;

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeError(error);
  }
}
