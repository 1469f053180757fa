/** Public PGP keys of users, as in Bitbucket's interface /rest/gpg. Everybody has his own; administrators may name a user. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { LeakgateError } from '../../model/errors.ts';
import {
  addGpgKey,
  countGpgKeys,
  deleteGpgKeys,
  deleteGpgKeysOf,
  findGpgKeys,
  listGpgKeys,
} from '../../store/gpg-keys.ts';
import type { UserRow } from '../../store/schema.ts';
import { findUserByName } from '../../store/users.ts';
import { auditOf, inPerson, userOf } from '../actor.ts';
import { notPermitted } from '../authorize.ts';
import { HttpError } from '../http-error.ts';
import { PAGE_QUERY, pageOf, pageRequest, toPage } from '../paging.ts';
import type { Routes, ServerContext } from '../server-context.ts';
import { RestGpgKey, toRestKey } from './gpg-key-shape.ts';
import { readGpgKey } from './gpg-key-text.ts';

const MAX_KEYS = 100;
const TAGS = ['GPG keys'];
const AUDITED = { category: 'Users and groups', scope: 'GLOBAL', resourceId: 0 } as const;

const GpgKeyBody = Type.Object({
  text: Type.String({ description: 'An armoured public key. Everything else is read from it.' }),
});
const USER_QUERY = {
  user: Type.Optional(Type.String({ pattern: '^[^\\u0000]+$', description: 'Name of another user; needs ADMIN.' })),
};

export const addGpgKeyRoutes: Routes = (app, context) => {
  const { db } = context.store;
  const known = { config: { access: 'AUTHENTICATED' } } as const;

  app.get(
    '/keys',
    {
      ...known,
      schema: {
        summary: "A user's keys",
        tags: TAGS,
        querystring: Type.Object({ ...PAGE_QUERY, ...USER_QUERY }),
        response: { 200: pageOf(RestGpgKey) },
      },
    },
    async (request) => {
      const user = await userMeant(request, context, request.query.user);
      const page = pageRequest(request.query);
      return toPage(page, (await listGpgKeys(db, user.id, page)).map(toRestKey));
    },
  );

  app.post(
    '/keys',
    {
      ...known,
      schema: {
        summary: 'Add a key',
        tags: TAGS,
        querystring: Type.Object(USER_QUERY),
        body: GpgKeyBody,
        response: { 200: RestGpgKey },
      },
    },
    async (request) => {
      inPerson(request);
      const user = await userMeant(request, context, request.query.user);
      if ((await countGpgKeys(db, user.id)) >= MAX_KEYS)
        throw new HttpError(400, `A user can have at most ${MAX_KEYS} keys.`);
      const key = await readGpgKey(request.body.text);
      return db.transaction().execute(async (change) => {
        const row = await addGpgKey(change, { ...key, userId: user.id, created: context.now() }).catch(
          (error: unknown) => {
            if (error instanceof LeakgateError && error.code === 'NAME_TAKEN')
              throw new HttpError(409, 'This key has been added already.', { context: 'text' });
            throw error;
          },
        );
        const details = { user: user.name, fingerprint: row.fingerprint };
        await auditOf(request, context, { ...AUDITED, action: 'GPG key added', details, db: change });
        return toRestKey(row);
      });
    },
  );

  app.delete(
    '/keys',
    {
      ...known,
      schema: {
        summary: "Delete all of a user's keys",
        tags: TAGS,
        querystring: Type.Object(USER_QUERY),
        response: { 204: Type.Null({ description: 'The user has no keys.' }) },
      },
    },
    async (request, reply) => {
      inPerson(request);
      const user = await userMeant(request, context, request.query.user);
      await db.transaction().execute(async (change) => {
        const keys = await deleteGpgKeysOf(change, user.id);
        if (keys === 0) return;
        const details = { user: user.name, keys };
        await auditOf(request, context, { ...AUDITED, action: 'GPG keys deleted', details, db: change });
      });
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/keys/:fingerprintOrId',
    {
      ...known,
      schema: {
        summary: 'Delete a key',
        description: 'One that is not there is no mistake.',
        tags: TAGS,
        params: Type.Object({
          fingerprintOrId: Type.String({ description: 'Fingerprint, with colons or without, or id of the key.' }),
        }),
        response: { 204: Type.Null({ description: 'There is no such key.' }) },
      },
    },
    async (request, reply) => {
      const user = inPerson(request);
      const wanted = request.params.fingerprintOrId.replaceAll(':', '').toLowerCase();
      await db.transaction().execute(async (change) => {
        const found = /^[0-9a-f]+$/.test(wanted) ? await findGpgKeys(change, wanted) : [];
        const own = found.filter(({ userId }) => userId === user.id);
        if (own.length === 0 && found.length > 0 && !request.rights.has('ADMIN')) throw notPermitted(request);
        // An id that others' keys have too means one's own.
        const keys = own.length > 0 ? own : found;
        await deleteGpgKeys(
          change,
          keys.map(({ id }) => id),
        );
        for (const { fingerprint } of keys)
          await auditOf(request, context, {
            ...AUDITED,
            action: 'GPG key deleted',
            details: { fingerprint },
            db: change,
          });
      });
      return reply.code(204).send(null);
    },
  );
};

/** The user that a request is about. Who may not ask about others is not told who there is. */
async function userMeant(
  request: FastifyRequest,
  { store }: ServerContext,
  name: string | undefined,
): Promise<UserRow> {
  const caller = userOf(request);
  if (name === undefined || name.toLowerCase() === caller.name.toLowerCase()) return caller;
  if (!request.rights.has('ADMIN')) throw notPermitted(request);
  const user = await findUserByName(store.db, name);
  if (user !== undefined) return user;
  throw new HttpError(404, 'There is no user of this name.', {
    context: 'user',
    exceptionName: 'com.atlassian.bitbucket.user.NoSuchUserException',
  });
}
