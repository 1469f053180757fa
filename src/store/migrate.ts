import { Migrator, type Kysely, type Migration } from 'kysely';
import { first } from './migrations/0001-first.ts';
import type { Database } from './schema.ts';

type Step = (db: Kysely<unknown>, dialect: 'sqlite' | 'postgres') => Promise<void>;

/** In order, for good: a released one is never changed. */
export const MIGRATIONS: Readonly<Record<string, Step>> = { '0001-first': first };

/** Brings the tables up to date, all steps or none. A database of a later Leakgate is refused: it may mean things this one does not know. */
export async function migrate(db: Kysely<Database>, dialect: 'sqlite' | 'postgres'): Promise<void> {
  const migrations = Object.fromEntries(
    Object.entries(MIGRATIONS).map(([name, step]): [string, Migration] => [
      name,
      { up: (change) => step(change as Kysely<unknown>, dialect) },
    ]),
  );
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error instanceof Error ? error : new Error(JSON.stringify(error));
}
