/** Groups of users, which can be given what a user can. */
import { inTransaction } from './in-transaction.ts';
import { checkTitle } from './names.ts';
import type { Db } from './open-store.ts';
import type { GlobalPermission, GroupRow } from './schema.ts';
import { contains } from './slice.ts';
import type { Slice } from './slice.ts';
import { orTaken } from './taken.ts';

export interface NewGroup {
  readonly name: string;
  readonly permission?: GlobalPermission | null;
  readonly appAccess?: boolean;
}

/** @throws LeakgateError `VALUE_INVALID` or `NAME_TAKEN` */
export async function createGroup(db: Db, { name, permission = null, appAccess = false }: NewGroup): Promise<GroupRow> {
  const title = checkTitle('the name of a group', name);
  return orTaken(`there is a group ${title} already`, () =>
    db
      .insertInto('groups')
      .values({ name: title, permission, appAccess: Number(appAccess) })
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
}

export async function findGroup(db: Db, name: string): Promise<GroupRow | undefined> {
  return db.selectFrom('groups').selectAll().where('name', '=', name).executeTakeFirst();
}

/** By name. */
export async function listGroups(
  db: Db,
  filter: { readonly name?: string },
  { start, limit }: Slice,
): Promise<readonly GroupRow[]> {
  const { name } = filter;
  return db
    .selectFrom('groups')
    .selectAll()
    .$if(name !== undefined && name !== '', (query) => query.where((eb) => contains(eb.ref('groups.name'), name ?? '')))
    .orderBy('name')
    .limit(limit + 1)
    .offset(start)
    .execute();
}

/** What is absent stays. */
export async function updateGroup(
  db: Db,
  id: number,
  changes: Partial<Omit<NewGroup, 'name'>>,
): Promise<GroupRow | undefined> {
  const { permission, appAccess } = changes;
  const set = {
    ...(permission === undefined ? {} : { permission }),
    ...(appAccess === undefined ? {} : { appAccess: Number(appAccess) }),
  };
  const query = db.selectFrom('groups').selectAll().where('id', '=', id);
  if (Object.keys(set).length === 0) return query.executeTakeFirst();
  return db.updateTable('groups').set(set).where('id', '=', id).returningAll().executeTakeFirst();
}

/** With memberships and permissions; the members stay. */
export async function deleteGroup(db: Db, id: number): Promise<boolean> {
  return inTransaction(db, async (transaction) => {
    await transaction.deleteFrom('grants').where('groupId', '=', id).execute();
    const { numDeletedRows } = await transaction.deleteFrom('groups').where('id', '=', id).executeTakeFirst();
    return numDeletedRows > 0n;
  });
}

/** Adding a member twice changes nothing. */
export async function addMember(db: Db, groupId: number, userId: number): Promise<void> {
  await db
    .insertInto('groupMembers')
    .values({ groupId, userId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function removeMember(db: Db, groupId: number, userId: number): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('groupMembers')
    .where('groupId', '=', groupId)
    .where('userId', '=', userId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Groups that a user is in, by name. */
export async function groupsOf(db: Db, userId: number): Promise<readonly GroupRow[]> {
  return db
    .selectFrom('groups')
    .innerJoin('groupMembers', 'groupMembers.groupId', 'groups.id')
    .selectAll('groups')
    .where('groupMembers.userId', '=', userId)
    .orderBy('groups.name')
    .execute();
}
