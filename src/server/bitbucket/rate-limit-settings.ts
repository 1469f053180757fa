/** Bitbucket's `/admin/rate-limit`: how many requests everyone may make, and who was refused. */
import type { FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { inTransaction } from '../../store/in-transaction.ts';
import { permissionsOf } from '../../store/permissions.ts';
import {
  findRateLimit,
  listRejects,
  listUserRateLimits,
  removeRateLimit,
  setRateLimit,
  type RateLimitRow,
} from '../../store/rate-limits.ts';
import type { UserRow } from '../../store/schema.ts';
import { readSetting, writeSetting } from '../../store/settings.ts';
import { findUserByName, findUserBySlug } from '../../store/users.ts';
import { auditOf } from '../actor.ts';
import { notPermitted } from '../authorize.ts';
import { HttpError, HttpErrors } from '../http-error.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import type { App, Routes, ServerContext } from '../server-context.ts';
import { noSuchUser } from './permissions.ts';
import { Nothing, RestUser, SearchText, toRestUser, UserParams } from './shapes.ts';

const MOST = 2 ** 31 - 1;
const BucketSettings = Type.Object({
  capacity: Type.Integer({ minimum: 1, maximum: MOST, description: 'Requests that can be made at once.' }),
  fillRate: Type.Integer({ minimum: 1, maximum: MOST, description: 'Requests a second.' }),
});

const RestRateLimitSettings = Type.Object({ enabled: Type.Boolean(), defaultSettings: BucketSettings });

const RestUserRateLimitSettings = Type.Object({
  settings: Type.Optional(BucketSettings),
  user: RestUser,
  whitelisted: Type.Boolean(),
});

/** `settings` may stand beside `whitelisted: true`, as the documentation's own examples have it; it is kept and not used. */
const UserLimitBody = Type.Object({
  settings: Type.Optional(BucketSettings),
  whitelisted: Type.Optional(Type.Boolean({ description: 'Never limited.' })),
});

const RestAggregateRejectCounter = Type.Object({
  user: RestUser,
  lastRejectTime: Type.Integer(),
  rejectCount: Type.Integer(),
});

/** What is shown of the past. */
const HISTORY_MS = 24 * 60 * 60_000;
const TAGS = ['Rate limit'];

export const addRateLimitRoutes: Routes = (app, context) => {
  addServerSettings(app, context);
  addUserLists(app, context);
  addUserSettings(app, context);
};

function addServerSettings(app: App, context: ServerContext): void {
  const { db } = context.store;
  app.get(
    '/admin/rate-limit/settings',
    {
      config: { access: 'AUTHENTICATED' },
      schema: { summary: 'Shows the default rate limit', tags: TAGS, response: { 200: RestRateLimitSettings } },
    },
    () => readSetting(db, 'rateLimit'),
  );

  app.put(
    '/admin/rate-limit/settings',
    {
      config: { access: 'ADMIN' },
      schema: {
        summary: 'Sets the default rate limit; what is absent stays',
        tags: TAGS,
        body: Type.Partial(RestRateLimitSettings),
        response: { 200: RestRateLimitSettings },
      },
    },
    async (request) => {
      const changed = await inTransaction(db, async (transaction) => {
        const value = { ...(await readSetting(transaction, 'rateLimit')), ...request.body };
        const { enabled, defaultSettings } = value;
        await writeSetting(transaction, 'rateLimit', { enabled, defaultSettings });
        await audit(request, context, 'Rate limit changed', { ...value }, transaction);
        return value;
      });
      app.rateLimiter.reload();
      return changed;
    },
  );

  app.get(
    '/admin/rate-limit/history',
    {
      config: { access: 'ADMIN' },
      schema: {
        summary: 'Lists who was refused within the last day',
        tags: TAGS,
        querystring: Type.Object({
          order: Type.Optional(
            Type.Union([Type.Literal('FREQUENCY'), Type.Literal('NEWEST')], { default: 'FREQUENCY' }),
          ),
          ...PAGE_QUERY,
        }),
        response: { 200: pageOf(RestAggregateRejectCounter) },
      },
    },
    async (request) => {
      await app.rateLimiter.flush();
      const { order = 'FREQUENCY' } = request.query;
      const page = pageRequest(request.query);
      const rows = await listRejects(db, { from: context.now() - HISTORY_MS, order }, page);
      return toPage(
        page,
        rows.map(({ user, rejects, last }) => ({ user: toRestUser(user), rejectCount: rejects, lastRejectTime: last })),
      );
    },
  );
}

function addUserLists(app: App, context: ServerContext): void {
  const { db } = context.store;
  app.get(
    '/admin/rate-limit/settings/users',
    {
      config: { access: 'ADMIN' },
      schema: {
        summary: 'Lists users with a limit of their own',
        tags: TAGS,
        querystring: Type.Object({ filter: Type.Optional(SearchText), ...PAGE_QUERY }),
        response: { 200: pageOf(RestUserRateLimitSettings) },
      },
    },
    async (request) => {
      const page = pageRequest(request.query);
      const rows = await listUserRateLimits(db, request.query.filter ?? '', page);
      return toPage(
        page,
        rows.map(({ user, limit }) => toRestUserLimit(user, limit)),
      );
    },
  );

  app.post(
    '/admin/rate-limit/settings/users',
    {
      config: { access: 'ADMIN' },
      schema: {
        summary: 'Sets the limit of several users; answers with that of the last one',
        tags: TAGS,
        body: Type.Object({
          ...UserLimitBody.properties,
          usernames: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 1000 }),
        }),
        response: { 200: RestUserRateLimitSettings },
      },
    },
    async (request) => {
      const { usernames, ...body } = request.body;
      const limit = readLimit(body);
      const last = await inTransaction(db, async (transaction) => {
        const users = await Promise.all(
          usernames.map(async (name) => [name, await findUserByName(transaction, name)] as const),
        );
        const missing = users.filter(([, user]) => user === undefined);
        // Of a list in the body, a wrong name is a wrong value.
        if (missing.length > 0)
          throw new HttpErrors(
            400,
            missing.map(([name]) => new HttpError(400, noSuchUser(name).message, { context: 'usernames' })),
          );
        const found = users.flatMap(([, user]) => (user === undefined ? [] : [user]));
        for (const user of found) await setRateLimit(transaction, { userId: user.id, ...limit });
        await audit(request, context, 'Rate limit of users changed', { users: usernames, ...limit }, transaction);
        return found.at(-1);
      });
      app.rateLimiter.reload();
      if (last === undefined) throw new Error('no users, although at least one is required');
      return toRestUserLimit(last, { userId: last.id, ...limit });
    },
  );
}

function addUserSettings(app: App, context: ServerContext): void {
  const { db } = context.store;
  const path = '/admin/rate-limit/settings/users/:userSlug';

  app.get(
    path,
    {
      config: { access: 'AUTHENTICATED' },
      schema: {
        summary: "Shows a user's limit: one's own, or as an administrator",
        tags: TAGS,
        params: UserParams,
        response: { 200: RestUserRateLimitSettings },
      },
    },
    async (request) => {
      const user = await findUserBySlug(db, request.params.userSlug);
      const { caller, rights } = request;
      const isSelf = caller.kind === 'user' && caller.user.id === user?.id;
      if (!isSelf && !rights.has('ADMIN')) throw notPermitted(request);
      if (user === undefined) throw noSuchUser(request.params.userSlug);
      if (!isSelf && !rights.has('SYS_ADMIN') && (await permissionsOf(db, user.id)).global === 'SYS_ADMIN')
        throw notPermitted(request);
      const own = await findRateLimit(db, user.id);
      if (own !== undefined) return toRestUserLimit(user, own);
      const { defaultSettings } = await readSetting(db, 'rateLimit');
      return { user: toRestUser(user), whitelisted: false, settings: defaultSettings };
    },
  );

  app.put(
    path,
    {
      config: { access: 'ADMIN' },
      schema: {
        summary: "Sets a user's limit",
        tags: TAGS,
        params: UserParams,
        body: UserLimitBody,
        response: { 200: RestUserRateLimitSettings },
      },
    },
    async (request) => {
      const limit = readLimit(request.body);
      const user = await findUserBySlug(db, request.params.userSlug);
      if (user === undefined) throw noSuchUser(request.params.userSlug);
      await inTransaction(db, async (transaction) => {
        await setRateLimit(transaction, { userId: user.id, ...limit });
        await audit(request, context, 'Rate limit of users changed', { users: [user.name], ...limit }, transaction);
      });
      app.rateLimiter.reload();
      return toRestUserLimit(user, { userId: user.id, ...limit });
    },
  );

  app.delete(
    path,
    {
      config: { access: 'ADMIN' },
      schema: {
        summary: "Ends a user's own limit; the default counts again",
        tags: TAGS,
        params: UserParams,
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const user = await findUserBySlug(db, request.params.userSlug);
      if (user === undefined) throw noSuchUser(request.params.userSlug);
      await inTransaction(db, async (transaction) => {
        await removeRateLimit(transaction, user.id);
        await audit(request, context, 'Rate limit of users removed', { users: [user.name] }, transaction);
      });
      app.rateLimiter.reload();
      return reply.code(204).send(null);
    },
  );
}

function readLimit({ settings, whitelisted = false }: Static<typeof UserLimitBody>): Omit<RateLimitRow, 'userId'> {
  if (!whitelisted && settings === undefined)
    throw new HttpError(400, 'settings are required for a user who is not whitelisted.', { context: 'settings' });
  return {
    whitelisted: Number(whitelisted),
    capacity: settings?.capacity ?? null,
    fillRate: settings?.fillRate ?? null,
  };
}

function toRestUserLimit(
  user: UserRow,
  { whitelisted, capacity, fillRate }: RateLimitRow,
): Static<typeof RestUserRateLimitSettings> {
  return {
    user: toRestUser(user),
    whitelisted: whitelisted === 1,
    ...(capacity === null || fillRate === null ? {} : { settings: { capacity, fillRate } }),
  };
}

async function audit(
  request: FastifyRequest,
  context: ServerContext,
  action: string,
  details: object,
  db: ServerContext['store']['db'],
): Promise<void> {
  await auditOf(request, context, {
    category: 'Global administration',
    action,
    scope: 'GLOBAL',
    resourceId: 0,
    details,
    db,
  });
}
