/** Bitbucket's `/admin/permissions`: global permissions of users and groups. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { listGroups, updateGroup } from '../../store/groups.ts';
import { inTransaction } from '../../store/in-transaction.ts';
import type { Db } from '../../store/open-store.ts';
import { GLOBAL_PERMISSIONS, type GlobalPermission } from '../../store/schema.ts';
import { ALL } from '../../store/slice.ts';
import { listUsers, updateUser } from '../../store/users.ts';
import { HttpError } from '../http-error.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import type { App, Routes, ServerContext } from '../server-context.ts';
import { assertNotLast, auditUsers, findManagedGroup, findManagedUser, onlySystemAdmins } from './admin-rules.ts';
import { Nothing, RestGroup, RestUser, SearchText, toRestGroup, toRestUser } from './shapes.ts';

const Permission = Type.Union(GLOBAL_PERMISSIONS.map((name) => Type.Literal(name)));
const Names = Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 1000 });
const ListQuery = Type.Object({ filter: Type.Optional(SearchText), ...PAGE_QUERY });
const ADMIN = { access: 'ADMIN' } as const;
const TAGS = ['Permissions'];

export const addAdminPermissionRoutes: Routes = (app, context) => {
  addLists(app, context);
  for (const kind of ['users', 'groups'] as const) addChanges(app, context, kind);
};

function addLists(app: App, { store: { db } }: ServerContext): void {
  app.get(
    '/admin/permissions/users',
    {
      config: ADMIN,
      schema: {
        summary: 'Lists users with their global permission',
        tags: TAGS,
        querystring: ListQuery,
        response: { 200: pageOf(Type.Object({ user: RestUser, permission: Permission })) },
      },
    },
    async ({ query }) => {
      const page = pageRequest(query);
      const users = await listUsers(db, { text: query.filter ?? '' }, page);
      return toPage(
        page,
        users.map((user) => ({ user: toRestUser(user), permission: user.permission })),
      );
    },
  );

  app.get(
    '/admin/permissions/groups',
    {
      config: ADMIN,
      schema: {
        summary: 'Lists groups that have a global permission',
        tags: TAGS,
        querystring: ListQuery,
        response: { 200: pageOf(Type.Object({ group: RestGroup, permission: Permission })) },
      },
    },
    async ({ query }) => {
      const page = pageRequest(query);
      const all = (await listGroups(db, { name: query.filter ?? '' }, ALL)).flatMap((group) =>
        group.permission === null ? [] : [{ group: toRestGroup(group), permission: group.permission }],
      );
      return toPage(page, all.slice(page.start, page.start + page.limit + 1));
    },
  );
}

function addChanges(app: App, context: ServerContext, kind: 'users' | 'groups'): void {
  const path = `/admin/permissions/${kind}`;
  app.put(
    path,
    {
      config: ADMIN,
      schema: {
        summary: `Gives ${kind} a global permission, in place of the one they had`,
        tags: TAGS,
        querystring: Type.Object({ name: Names, permission: Permission }),
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { name: names, permission } = request.query;
      if (permission === 'SYS_ADMIN' && !request.rights.has('SYS_ADMIN')) throw onlySystemAdmins();
      await inTransaction(context.store.db, async (transaction) => {
        for (const name of names) await setPermission(request, transaction, kind, name, permission);
        await auditUsers(request, context, 'Global permission granted', { [kind]: names, permission }, transaction);
      });
      return reply.code(204).send(null);
    },
  );

  app.delete(
    path,
    {
      config: ADMIN,
      schema: {
        summary: `Takes the global permission from ${kind}${kind === 'users' ? ': they may still use the server' : ''}`,
        tags: TAGS,
        querystring: Type.Object({ name: Names }),
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { name: names } = request.query;
      await inTransaction(context.store.db, async (transaction) => {
        for (const name of names)
          await setPermission(request, transaction, kind, name, kind === 'users' ? 'LICENSED_USER' : null);
        await auditUsers(request, context, 'Global permission revoked', { [kind]: names }, transaction);
      });
      return reply.code(204).send(null);
    },
  );
}

async function setPermission(
  request: FastifyRequest,
  db: Db,
  kind: 'users' | 'groups',
  name: string,
  permission: GlobalPermission | null,
): Promise<void> {
  if (kind === 'groups' || permission === null) {
    const group = await findManagedGroup(request, db, name);
    await updateGroup(db, group.id, { permission });
    return;
  }
  const user = await findManagedUser(request, db, name);
  if (permission !== 'SYS_ADMIN') await assertNotLast(db, user);
  const { caller } = request;
  const isSelf = caller.kind === 'user' && caller.user.id === user.id;
  if (isSelf && GLOBAL_PERMISSIONS.indexOf(permission) < GLOBAL_PERMISSIONS.indexOf(user.permission))
    throw new HttpError(403, 'This would lower your own permission.', { context: 'name' });
  await updateUser(db, user.id, { permission });
}
