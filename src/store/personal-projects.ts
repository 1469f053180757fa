import { inTransaction } from './in-transaction.ts';
import { userSlugOf } from './names.ts';
import type { Db } from './open-store.ts';
import { createProject } from './projects.ts';
import type { ProjectRow } from './schema.ts';
import { findUser } from './users.ts';

/** The personal project of a user, `~slug`, made when it is first asked for; `undefined` when there is no such user. */
export async function personalProject(db: Db, userId: number, now: number): Promise<ProjectRow | undefined> {
  return inTransaction(db, async (transaction) => {
    const existing = await transaction
      .selectFrom('projects')
      .selectAll()
      .where('ownerId', '=', userId)
      .executeTakeFirst();
    if (existing !== undefined) return existing;
    const owner = await findUser(transaction, userId);
    if (owner === undefined) return undefined;
    const key = `~${userSlugOf(owner.name)}`;
    return createProject(transaction, { key, name: owner.displayName, created: now, ownerId: userId });
  });
}
