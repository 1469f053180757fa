import { sql, type Kysely } from 'kysely';

/** What HEAD of a repository said when it was last read: its default branch while it cannot be read. */
export async function head(db: Kysely<unknown>, dialect: 'sqlite' | 'postgres'): Promise<void> {
  const type = dialect === 'sqlite' ? ('text' as const) : sql`text collate "C"`;
  await db.schema.alterTable('repositories').addColumn('head', type).execute();
}
