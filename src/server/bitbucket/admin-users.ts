/** Bitbucket's `/admin/users`: the accounts. */
import { Type, type Static } from 'typebox';
import { inTransaction } from '../../store/in-transaction.ts';
import type { UserRow } from '../../store/schema.ts';
import { createUser, deleteUser, listUsers, setPassword, updateUser } from '../../store/users.ts';
import { HttpError } from '../http-error.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import type { App, Routes, ServerContext } from '../server-context.ts';
import { assertNotLast, assertNotSelf, auditUsers, findManagedUser } from './admin-rules.ts';
import { EmailAddress, Nothing, RestUser, SearchText, Title, toRestUser } from './shapes.ts';
import { NewPassword } from './users.ts';

const UserName = Type.String({
  pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{N}._@+-]{0,254}$',
  description: 'Letters, digits, `.`, `_`, `@`, `+` and `-`.',
});

export const RestDetailedUser = Type.Object({
  ...RestUser.properties,
  directoryName: Type.String(),
  deletable: Type.Boolean(),
  mutableDetails: Type.Boolean(),
  mutableGroups: Type.Boolean(),
  lastAuthenticationTimestamp: Type.Optional(Type.Integer()),
  appAccess: Type.Boolean({ description: "Soteri's app access." }),
});

export function toDetailedUser(user: UserRow): Static<typeof RestDetailedUser> {
  const { lastAuthenticated, appAccess } = user;
  return {
    ...toRestUser(user),
    directoryName: 'Leakgate',
    deletable: true,
    mutableDetails: true,
    mutableGroups: true,
    ...(lastAuthenticated === null ? {} : { lastAuthenticationTimestamp: lastAuthenticated }),
    appAccess: appAccess === 1,
  };
}

const ADMIN = { access: 'ADMIN' } as const;
const TAGS = ['Users and groups'];

export const addAdminUserRoutes: Routes = (app, context) => {
  addUserList(app, context);
  addUserChanges(app, context);
};

function addUserList(app: App, context: ServerContext): void {
  const { db } = context.store;
  app.get(
    '/admin/users',
    {
      config: ADMIN,
      schema: {
        summary: 'Lists accounts',
        tags: TAGS,
        querystring: Type.Object({ filter: Type.Optional(SearchText), ...PAGE_QUERY }),
        response: { 200: pageOf(RestDetailedUser) },
      },
    },
    async ({ query }) => {
      const page = pageRequest(query);
      return toPage(page, (await listUsers(db, { text: query.filter ?? '' }, page)).map(toDetailedUser));
    },
  );

  app.post(
    '/admin/users',
    {
      config: ADMIN,
      schema: {
        summary: 'Creates an account',
        description: 'Everything is in the query, as in Bitbucket. Addresses are logged without their query.',
        tags: TAGS,
        querystring: Type.Object({
          name: UserName,
          password: NewPassword,
          displayName: Title,
          emailAddress: EmailAddress,
          addToDefaultGroup: Type.Optional(Type.Boolean({ description: 'Every account may use the server.' })),
          notify: Type.Optional(
            Type.Literal('false', { description: 'Mails with a link for a password are not sent.' }),
          ),
        }),
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { name, password, displayName, emailAddress } = request.query;
      const user = await createUser(db, { name, password, displayName, email: emailAddress, created: context.now() });
      await auditUsers(request, context, 'User created', { user: user.name });
      return reply.code(204).send(null);
    },
  );
}

function addUserChanges(app: App, context: ServerContext): void {
  const { db } = context.store;
  app.put(
    '/admin/users',
    {
      config: ADMIN,
      schema: {
        summary: 'Changes an account; what is absent stays',
        tags: TAGS,
        body: Type.Object({
          name: Type.String({ minLength: 1 }),
          displayName: Type.Optional(Title),
          email: Type.Optional(EmailAddress),
          active: Type.Optional(Type.Boolean({ description: 'Who is not active cannot log in.' })),
          appAccess: Type.Optional(Type.Boolean({ description: "Soteri's app access." })),
        }),
        response: { 200: RestDetailedUser },
      },
    },
    async (request) =>
      inTransaction(db, async (transaction) => {
        const { name, ...changes } = request.body;
        const user = await findManagedUser(request, transaction, name);
        if (changes.active === false) {
          assertNotSelf(request, user);
          await assertNotLast(transaction, user);
        }
        const changed = await updateUser(transaction, user.id, changes);
        await auditUsers(
          request,
          context,
          'User changed',
          { user: user.name, fields: Object.keys(changes) },
          transaction,
        );
        return toDetailedUser(changed ?? user);
      }),
  );

  app.delete(
    '/admin/users',
    {
      config: ADMIN,
      schema: {
        summary: 'Deletes an account, with its tokens, permissions and personal project',
        tags: TAGS,
        querystring: Type.Object({ name: Type.String({ minLength: 1 }) }),
        response: { 200: RestDetailedUser },
      },
    },
    async (request) =>
      inTransaction(db, async (transaction) => {
        const user = await findManagedUser(request, transaction, request.query.name);
        assertNotSelf(request, user);
        await assertNotLast(transaction, user);
        await deleteUser(transaction, user.id);
        await auditUsers(request, context, 'User deleted', { user: user.name }, transaction);
        return toDetailedUser(user);
      }),
  );

  app.put(
    '/admin/users/credentials',
    {
      config: ADMIN,
      schema: {
        summary: "Sets somebody's password",
        tags: TAGS,
        body: Type.Object({
          name: Type.String({ minLength: 1 }),
          password: NewPassword,
          passwordConfirm: Type.String(),
        }),
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { name, password, passwordConfirm } = request.body;
      if (password !== passwordConfirm)
        throw new HttpError(400, 'passwordConfirm differs from password.', { context: 'passwordConfirm' });
      const user = await findManagedUser(request, db, name);
      await setPassword(db, user.id, password);
      await auditUsers(request, context, 'Password set', { user: user.name });
      return reply.code(204).send(null);
    },
  );
}
