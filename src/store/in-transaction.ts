import type { Transaction } from 'kysely';
import type { Db } from './open-store.ts';
import type { Database } from './schema.ts';

/** Runs `work` whole or not at all: in the caller's transaction when there is one, else in its own. */
export function inTransaction<T>(db: Db, work: (transaction: Transaction<Database>) => Promise<T>): Promise<T> {
  return isTransaction(db) ? work(db) : db.transaction().execute(work);
}

function isTransaction(db: Db): db is Transaction<Database> {
  return db.isTransaction;
}
