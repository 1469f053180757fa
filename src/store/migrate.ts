import { Migrator, type Kysely, type Migration } from 'kysely';
import { LeakgateError } from '../model/errors.ts';
import { first } from './migrations/0001-first.ts';
import { head } from './migrations/0002-head.ts';
import type { Database } from './schema.ts';

export type Step = (db: Kysely<unknown>, dialect: 'sqlite' | 'postgres') => Promise<void>;

/** In order, for good: a released one is never changed. */
export const MIGRATIONS: Readonly<Record<string, Step>> = { '0001-first': first, '0002-head': head };

/**
 * Brings the tables up to date, all steps or none, also when the process is killed half-way. A database of a later Leakgate is refused: it may
 * mean things this one does not know.
 */
export async function migrate(
  db: Kysely<Database>,
  dialect: 'sqlite' | 'postgres',
  steps: Readonly<Record<string, Step>> = MIGRATIONS,
): Promise<void> {
  const migrations = Object.fromEntries(
    Object.entries(steps).map(([name, step]): [string, Migration] => [
      name,
      { up: (change) => step(change as Kysely<unknown>, dialect) },
    ]),
  );
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
  await refuseLater(db, steps);
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error instanceof Error ? error : new Error(JSON.stringify(error));
}

async function refuseLater(db: Kysely<Database>, steps: Readonly<Record<string, Step>>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === LOG)) return;
  const done = await (db as unknown as Kysely<{ [LOG]: { name: string } }>).selectFrom(LOG).select('name').execute();
  const unknown = done.map(({ name }) => name).filter((name) => !Object.hasOwn(steps, name));
  if (unknown.length > 0)
    throw new LeakgateError(
      'STORE_FAILED',
      `this database is of a later Leakgate: it has had the change ${unknown.join(', ')}, which this one does not know. Run the later one, or go back to a backup from before`,
    );
}

/** Where Kysely notes which steps were taken. */
const LOG = 'kysely_migration';
