import type { Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** Tables whose rows are for a scope, and so refer to no table in particular: they do not go by themselves with a project or repository. */
const SCOPED = [
  'grants',
  'scanningRules',
  'scanningAllowlists',
  'reviewedMatches',
  'reviews',
  'hookStates',
  'webhooks',
  'hookScriptUses',
] as const satisfies readonly (keyof Database)[];

/** Deletes what was set for a project or repository. The audit log keeps what it says of it. */
export async function deleteScope(
  db: Transaction<Database>,
  scope: 'PROJECT' | 'REPOSITORY',
  resourceId: number,
): Promise<void> {
  for (const table of SCOPED)
    await db
      .deleteFrom(table)
      .where('scope', '=', scope as never)
      .where('resourceId', '=', resourceId)
      .execute();
}
