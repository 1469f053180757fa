/** Permissions of users and groups on projects and repositories. One row each: a permission contains the lower ones. */
import { LeakgateError } from '../model/errors.ts';
import type { Db } from './open-store.ts';
import { PROJECT_PERMISSIONS, REPOSITORY_PERMISSIONS } from './schema.ts';
import type { GroupRow, ProjectPermission, RepositoryPermission, UserRow } from './schema.ts';
import { contains } from './slice.ts';
import type { Slice } from './slice.ts';

/** What a permission is on. */
export interface GrantTarget {
  readonly scope: 'PROJECT' | 'REPOSITORY';
  readonly resourceId: number;
}

/** Who has it. */
export type Grantee = { readonly userId: number } | { readonly groupId: number };

/** Gives a permission, in place of the one that was given before. @throws LeakgateError `VALUE_INVALID` */
export async function setGrant(
  db: Db,
  target: GrantTarget,
  grantee: Grantee,
  permission: ProjectPermission | RepositoryPermission,
): Promise<void> {
  const possible: readonly string[] = target.scope === 'PROJECT' ? PROJECT_PERMISSIONS : REPOSITORY_PERMISSIONS;
  if (!possible.includes(permission))
    throw new LeakgateError(
      'VALUE_INVALID',
      `the permission is one of ${possible.join(', ')} here, got ${JSON.stringify(permission)}`,
    );
  const { scope, resourceId } = target;
  await db
    .insertInto('grants')
    .values({ scope, resourceId, ...columnsOf(grantee), permission })
    .onConflict((conflict) =>
      conflict.columns(['scope', 'resourceId', 'userId', 'groupId']).doUpdateSet({ permission }),
    )
    .execute();
}

/** Whether there was one. */
export async function removeGrant(db: Db, target: GrantTarget, grantee: Grantee): Promise<boolean> {
  const { userId, groupId } = columnsOf(grantee);
  const { numDeletedRows } = await db
    .deleteFrom('grants')
    .where('scope', '=', target.scope)
    .where('resourceId', '=', target.resourceId)
    .where('userId', '=', userId)
    .where('groupId', '=', groupId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export interface UserGrant {
  readonly user: UserRow;
  readonly permission: ProjectPermission | RepositoryPermission;
}

export interface GroupGrant {
  readonly group: GroupRow;
  readonly permission: ProjectPermission | RepositoryPermission;
}

/** Users with a permission of their own, by name. @param filter part of the name or displayed name */
export async function listUserGrants(
  db: Db,
  target: GrantTarget,
  filter: string,
  { start, limit }: Slice,
): Promise<readonly UserGrant[]> {
  const rows = await db
    .selectFrom('grants')
    .innerJoin('users', 'users.id', 'grants.userId')
    .selectAll('users')
    .select('grants.permission as granted')
    .where('grants.scope', '=', target.scope)
    .where('grants.resourceId', '=', target.resourceId)
    .$if(filter !== '', (query) =>
      query.where((eb) =>
        eb.or([contains(eb.ref('users.name'), filter), contains(eb.ref('users.displayName'), filter)]),
      ),
    )
    .orderBy('users.slug')
    .limit(limit + 1)
    .offset(start)
    .execute();
  return rows.map(({ granted, ...user }) => ({ user, permission: granted }));
}

/** Groups with a permission, by name. @param filter part of the name */
export async function listGroupGrants(
  db: Db,
  target: GrantTarget,
  filter: string,
  { start, limit }: Slice,
): Promise<readonly GroupGrant[]> {
  const rows = await db
    .selectFrom('grants')
    .innerJoin('groups', 'groups.id', 'grants.groupId')
    .selectAll('groups')
    .select('grants.permission as granted')
    .where('grants.scope', '=', target.scope)
    .where('grants.resourceId', '=', target.resourceId)
    .$if(filter !== '', (query) => query.where((eb) => contains(eb.ref('groups.name'), filter)))
    .orderBy('groups.name')
    .limit(limit + 1)
    .offset(start)
    .execute();
  return rows.map(({ granted, ...group }) => ({ group, permission: granted }));
}

function columnsOf(grantee: Grantee): { userId: number; groupId: number } {
  return 'userId' in grantee ? { userId: grantee.userId, groupId: 0 } : { userId: 0, groupId: grantee.groupId };
}
