/** Bitbucket's webhooks of projects and repositories, under their own addresses; one implementation for both. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { inTransaction } from '../../store/in-transaction.ts';
import type { Db } from '../../store/open-store.ts';
import { readSetting } from '../../store/settings.ts';
import type { ScopeColumns, WebhookRow } from '../../store/schema.ts';
import {
  countWebhooks,
  createWebhook,
  deleteWebhook,
  findWebhook,
  listWebhooks,
  updateWebhook,
} from '../../store/webhooks.ts';
import { auditOf } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import type { App, Routes, ServerContext } from '../server-context.ts';
import { isTrue } from '../validate-request.ts';
import { readId, scopeOf, SCANNING_SCOPES, SCOPE_PARAMS } from './scanning-scopes.ts';
import type { ScanningScope } from './scanning-scopes.ts';
import { readWebhook, RestWebhook, toRestWebhook, WebhookBody } from './webhook-body.ts';
import { historyByEvent } from './webhook-statistics.ts';

/** Of one scope: each of them is a call for every event. */
export const MAX_WEBHOOKS = 50;

const ListQuery = Type.Object({
  event: Type.Optional(
    Type.Union([Type.Array(Type.String()), Type.String()], {
      description: 'Only webhooks that hear this event. May repeat.',
    }),
  ),
  statistics: Type.Optional(
    // Clients in Python write `True`.
    Type.String({
      pattern: '^(?:[Tt]rue|[Ff]alse)$',
      description: 'Whether to add statistics to each: true or false.',
    }),
  ),
  ...PAGE_QUERY,
});

/** What an audit entry is called for. */
type Verb = 'created' | 'changed' | 'deleted';

/** Where webhooks are, and how one is found; shared with webhook-calls.ts. */
export function webhookScopes(): readonly ScanningScope[] {
  return SCANNING_SCOPES.filter(({ type }) => type !== 'GLOBAL');
}

/** Five methods, twice. */
export const addWebhookRoutes: Routes = (app, context) => {
  for (const scope of webhookScopes()) addRoutesOf(scope, app, context);
};

/** The webhook of a path. @throws HttpError 404 */
export async function requireWebhook(
  context: ServerContext,
  scope: ScopeColumns,
  text: string,
  db: Db = context.store.db,
): Promise<WebhookRow> {
  const id = readId(text);
  const row = id === undefined ? undefined : await findWebhook(db, scope, id);
  if (row === undefined) throw new HttpError(404, 'There is no such webhook here.');
  return row;
}

function addRoutesOf(scope: ScanningScope, app: App, context: ServerContext): void {
  const { db } = context.store;
  const path = `${scope.path}/webhooks`;
  const config = { access: scope.access };
  const described = (summary: string) => ({ summary: `${summary} (${scope.title.toLowerCase()})`, tags: ['Webhooks'] });
  const params = Type.Object(SCOPE_PARAMS[scope.type]);
  const itemParams = Type.Object({ ...SCOPE_PARAMS[scope.type], webhookId: Type.String() });
  const reader = async () => ({
    keys: context.keys,
    allowPrivateTargets: await readSetting(db, 'allowPrivateTargets'),
  });

  const change = <T>(work: (transaction: Db) => Promise<T>): Promise<T> =>
    context.keys.using(() => inTransaction(db, work));

  const audit = async (
    request: FastifyRequest,
    verb: Verb,
    { id, name }: WebhookRow,
    transaction: typeof db,
  ): Promise<void> => {
    const action = `${scope.title} webhook ${verb}`;
    await auditOf(request, context, {
      category: scope.category,
      action,
      ...scopeOf(scope, request),
      details: { id, name },
      db: transaction,
    });
  };

  app.get(
    path,
    {
      config,
      schema: {
        ...described('Lists webhooks'),
        params,
        querystring: ListQuery,
        response: { 200: pageOf(RestWebhook) },
      },
    },
    async (request) => {
      const { event = [], statistics } = request.query;
      const page = pageRequest(request.query);
      const { values, ...rest } = toPage(page, await listWebhooks(db, scopeOf(scope, request), [event].flat(), page));
      const shown = values.map(async (row) => ({
        ...toRestWebhook(row),
        ...(isTrue(statistics) ? { statistics: await historyByEvent(context, row) } : {}),
      }));
      return { ...rest, values: await Promise.all(shown) };
    },
  );

  app.post(
    path,
    {
      config,
      schema: { ...described('Creates a webhook'), params, body: WebhookBody, response: { 200: RestWebhook } },
    },
    async (request) => {
      const read = await reader();
      const where = scopeOf(scope, request);
      return change(async (transaction) => {
        const content = readWebhook(request.body, read);
        if ((await countWebhooks(transaction, where)) >= MAX_WEBHOOKS)
          throw new HttpError(400, `There are ${MAX_WEBHOOKS} webhooks here already, which is the most there can be.`);
        const row = await createWebhook(transaction, where, content, context.now());
        await audit(request, 'created', row, transaction);
        return toRestWebhook(row);
      });
    },
  );

  app.get(
    `${path}/:webhookId`,
    {
      config,
      schema: {
        ...described('Shows a webhook'),
        params: itemParams,
        querystring: Type.Pick(ListQuery, ['statistics']),
        response: { 200: RestWebhook },
      },
    },
    async (request) => {
      const row = await requireWebhook(context, scopeOf(scope, request), request.params.webhookId);
      return {
        ...toRestWebhook(row),
        ...(isTrue(request.query.statistics) ? { statistics: await historyByEvent(context, row) } : {}),
      };
    },
  );

  app.put(
    `${path}/:webhookId`,
    {
      config,
      schema: {
        ...described('Changes a webhook'),
        params: itemParams,
        body: WebhookBody,
        response: { 200: RestWebhook },
      },
    },
    async (request) => {
      const read = await reader();
      return change(async (transaction) => {
        const before = await requireWebhook(context, scopeOf(scope, request), request.params.webhookId, transaction);
        const content = readWebhook(request.body, { ...read, before });
        const row = await updateWebhook(transaction, before.id, content, context.now());
        if (row === undefined) throw new HttpError(404, 'There is no such webhook here.');
        await audit(request, 'changed', row, transaction);
        return toRestWebhook(row);
      });
    },
  );

  app.delete(
    `${path}/:webhookId`,
    { config, schema: { ...described('Deletes a webhook'), params: itemParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      const before = await requireWebhook(context, scopeOf(scope, request), request.params.webhookId);
      await inTransaction(db, async (transaction) => {
        const row = await deleteWebhook(transaction, scopeOf(scope, request), before.id);
        if (row !== undefined) await audit(request, 'deleted', row, transaction);
      });
      return reply.code(204).send(null);
    },
  );
}
