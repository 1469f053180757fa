/** What administrators may not do to each other: become system administrators by a detour, or leave the server without one. */
import type { FastifyRequest } from 'fastify';
import type { Db } from '../../store/open-store.ts';
import { findGroup } from '../../store/groups.ts';
import { permissionsOf } from '../../store/permissions.ts';
import type { GroupRow, UserRow } from '../../store/schema.ts';
import { countSystemAdmins, findUserByName } from '../../store/users.ts';
import { auditOf } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import type { ServerContext } from '../server-context.ts';
import { noSuchGroup, noSuchUser } from './permissions.ts';

/** The user of a name, whom the caller may change. @throws HttpError 404, or 403 for a system administrator when the caller is none */
export async function findManagedUser(request: FastifyRequest, db: Db, name: string): Promise<UserRow> {
  const user = await findUserByName(db, name);
  if (user === undefined) throw noSuchUser(name);
  const { global } = await permissionsOf(db, user.id);
  // An inactive one has no permissions now, and gets them back with its activation.
  const isSystemAdmin = global === 'SYS_ADMIN' || user.permission === 'SYS_ADMIN';
  if (isSystemAdmin && !request.rights.has('SYS_ADMIN')) throw onlySystemAdmins();
  return user;
}

/** Likewise of a group: who is in it has its permissions. */
export async function findManagedGroup(request: FastifyRequest, db: Db, name: string): Promise<GroupRow> {
  const group = await findGroup(db, name);
  if (group === undefined) throw noSuchGroup(name);
  if (group.permission === 'SYS_ADMIN' && !request.rights.has('SYS_ADMIN')) throw onlySystemAdmins();
  return group;
}

export function onlySystemAdmins(): HttpError {
  return new HttpError(403, 'Only a system administrator may do this.', {
    exceptionName: 'com.atlassian.bitbucket.AuthorisationException',
  });
}

/** Before a system administrator loses it. Groups do not count: who is in them can change unseen. */
export async function assertNotLast(db: Db, user: UserRow): Promise<void> {
  if (user.permission !== 'SYS_ADMIN' || user.active !== 1) return;
  if ((await countSystemAdmins(db)) <= 1)
    throw new HttpError(409, `${user.name} is the last system administrator.`, { context: 'name' });
}

/** Oneself is left to others. */
export function assertNotSelf({ caller }: FastifyRequest, user: UserRow): void {
  if (caller.kind === 'user' && caller.user.id === user.id)
    throw new HttpError(403, 'You cannot do this to yourself.', { context: 'name' });
}

/** Into the audit log. */
export async function auditUsers(
  request: FastifyRequest,
  context: ServerContext,
  action: string,
  details: object,
  db?: Db,
): Promise<void> {
  await auditOf(request, context, {
    category: 'Users and groups',
    action,
    scope: 'GLOBAL',
    resourceId: 0,
    details,
    ...(db === undefined ? {} : { db }),
  });
}
