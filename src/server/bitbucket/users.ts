/** Bitbucket's `/users`, for everybody: who there is, and what one may change of oneself. */
import { Type } from 'typebox';
import { listGroups } from '../../store/groups.ts';
import { inTransaction } from '../../store/in-transaction.ts';
import { verifyPassword } from '../../store/password.ts';
import { findUserBySlug, listUsers, setPassword, updateUser } from '../../store/users.ts';
import { ALL } from '../../store/slice.ts';
import { auditOf, inPerson } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import type { Routes } from '../server-context.ts';
import { noSuchUser } from './permissions.ts';
import { EmailAddress, Nothing, RestUser, SearchText, Title, toRestUser, UserParams } from './shapes.ts';
import { readPermissionFilters } from './user-filters.ts';

/** What is sent to change a password. */
export const NewPassword = Type.String({ minLength: 8, maxLength: 1024 });
const TAGS = ['Users'];

export const addUserRoutes: Routes = (app, context) => {
  const { db } = context.store;

  app.get(
    '/users',
    {
      config: { access: 'AUTHENTICATED' },
      schema: {
        summary: 'Lists users: by a part of their name, by group, by what they may do',
        description:
          '`permission`, `permission.1`, `permission.2`… keep users who have them; for those of projects and repositories `permission.1.projectKey` (or ' +
          '`.projectId`) and `permission.1.repositorySlug` (or `.repositoryId`) say where.',
        tags: TAGS,
        querystring: Type.Object({
          filter: Type.Optional(SearchText),
          group: Type.Optional(SearchText),
          permission: Type.Optional(Type.String()),
          ...PAGE_QUERY,
        }),
        response: { 200: pageOf(RestUser) },
      },
    },
    async (request) => {
      const { filter = '', group } = request.query;
      const page = pageRequest(request.query);
      const wanted = { text: filter, active: true, ...(group === undefined ? {} : { group }) };
      const keeps = await readPermissionFilters(db, request);
      if (keeps === undefined) return toPage(page, (await listUsers(db, wanted, page)).map(toRestUser));
      const found = [];
      for (const user of await listUsers(db, wanted, ALL)) {
        if (await keeps(user)) found.push(user);
        if (found.length > page.start + page.limit) break;
      }
      return toPage(page, found.slice(page.start).map(toRestUser));
    },
  );

  app.put(
    '/users',
    {
      config: { access: 'AUTHENTICATED' },
      schema: {
        summary: 'Changes what is shown of oneself; what is absent stays',
        tags: TAGS,
        body: Type.Object({
          name: Type.Optional(Type.String({ description: 'One’s own; names do not change here.' })),
          displayName: Type.Optional(Title),
          email: Type.Optional(EmailAddress),
        }),
        response: { 200: RestUser },
      },
    },
    async (request) => {
      const user = inPerson(request);
      const { name, displayName, email } = request.body;
      if (name !== undefined && name.toLowerCase() !== user.name.toLowerCase())
        throw new HttpError(400, 'name is not one’s own, and cannot be changed.', { context: 'name' });
      return inTransaction(db, async (transaction) => {
        const changed = await updateUser(transaction, user.id, {
          ...(displayName === undefined ? {} : { displayName }),
          ...(email === undefined ? {} : { email }),
        });
        await auditOf(request, context, {
          category: 'Users and groups',
          action: 'User details changed',
          scope: 'GLOBAL',
          resourceId: 0,
          details: { user: user.name, fields: Object.keys(request.body) },
          db: transaction,
        });
        return toRestUser(changed ?? user);
      });
    },
  );

  app.put(
    '/users/credentials',
    {
      config: { access: 'AUTHENTICATED' },
      schema: {
        summary: 'Changes one’s own password',
        tags: TAGS,
        body: Type.Object({ oldPassword: Type.String(), password: NewPassword, passwordConfirm: Type.String() }),
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const user = inPerson(request);
      const { oldPassword, password, passwordConfirm } = request.body;
      if (password !== passwordConfirm)
        throw new HttpError(400, 'passwordConfirm differs from password.', { context: 'passwordConfirm' });
      if (!(await verifyPassword(oldPassword, user.passwordHash)))
        throw new HttpError(400, 'The current password is another one.', { context: 'oldPassword' });
      await setPassword(db, user.id, password);
      await auditOf(request, context, {
        category: 'Users and groups',
        action: 'Password changed',
        scope: 'GLOBAL',
        resourceId: 0,
        details: { user: user.name },
      });
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/users/:userSlug',
    {
      config: { access: 'AUTHENTICATED' },
      schema: { summary: 'Shows a user', tags: TAGS, params: UserParams, response: { 200: RestUser } },
    },
    async ({ params }) => {
      const user = await findUserBySlug(db, params.userSlug);
      if (user === undefined) throw noSuchUser(params.userSlug);
      return toRestUser(user);
    },
  );

  app.get(
    '/groups',
    {
      config: { access: 'AUTHENTICATED' },
      schema: {
        summary: 'Lists the names of groups',
        tags: TAGS,
        querystring: Type.Object({ filter: Type.Optional(SearchText), ...PAGE_QUERY }),
        response: { 200: pageOf(Type.String()) },
      },
    },
    async (request) => {
      const page = pageRequest(request.query);
      const groups = await listGroups(db, { name: request.query.filter ?? '' }, page);
      return toPage(
        page,
        groups.map(({ name }) => name),
      );
    },
  );
};
