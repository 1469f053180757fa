/** Trying a webhook out, and how its calls went. */
import { randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import { readSetting } from '../../store/settings.ts';
import type { WebhookRow } from '../../store/schema.ts';
import { WEBHOOK_SECRET } from '../deliveries.ts';
import { callWebhook } from '../deliveries-webhook.ts';
import { HttpErrors } from '../http-error.ts';
import type { App, Routes, ServerContext } from '../server-context.ts';
import { scopeOf, SCOPE_PARAMS } from './scanning-scopes.ts';
import type { ScanningScope } from './scanning-scopes.ts';
import { checkUrl } from './webhook-body.ts';
import {
  historyByEvent,
  historyOf,
  invocationsOf,
  RestInvocation,
  RestInvocationHistory,
} from './webhook-statistics.ts';
import { requireWebhook, webhookScopes } from './webhooks.ts';
import { orNull } from '../or-null.ts';

const PING = 'diagnostics:ping';
const PING_BODY = JSON.stringify({ test: true });
const TIMEOUT_MS = 10_000;

const TestQuery = Type.Object({
  url: Type.Optional(Type.String({ description: 'What to call; default: the URL of the webhook.' })),
  webhookId: Type.Optional(Type.String({ description: 'Whose secret signs the call.' })),
});

const TestResult = Type.Object({
  request: Type.Object({ method: Type.String(), url: Type.String(), event: Type.String(), body: Type.String() }),
  response: orNull(Type.Object({ status: Type.Integer(), duration: Type.Integer() }), {
    description: 'Null: no answer came, and `error` says why. What else was answered is not shown.',
  }),
  error: Type.Optional(Type.String()),
});

/** Four methods, twice. */
export const addWebhookCallRoutes: Routes = (app, context) => {
  for (const scope of webhookScopes()) addRoutesOf(scope, app, context);
};

function addRoutesOf(scope: ScanningScope, app: App, context: ServerContext): void {
  const path = `${scope.path}/webhooks`;
  const config = { access: scope.access };
  const described = (summary: string) => ({ summary: `${summary} (${scope.title.toLowerCase()})`, tags: ['Webhooks'] });
  const itemParams = Type.Object({ ...SCOPE_PARAMS[scope.type], webhookId: Type.String() });

  app.post(
    `${path}/test`,
    {
      config,
      schema: {
        ...described('Calls a webhook at once'),
        params: Type.Object(SCOPE_PARAMS[scope.type]),
        querystring: TestQuery,
        response: { 200: TestResult },
      },
    },
    async (request) => {
      const { webhookId, url } = request.query;
      const webhook =
        webhookId === undefined ? undefined : await requireWebhook(context, scopeOf(scope, request), webhookId);
      return ping(url ?? webhook?.url ?? '', webhook, context);
    },
  );

  app.get(
    `${path}/:webhookId/statistics`,
    {
      config,
      schema: {
        ...described('How the calls of a webhook went'),
        params: itemParams,
        querystring: Type.Object({ event: Type.Optional(Type.String()) }),
        response: { 200: RestInvocationHistory },
      },
    },
    async (request) => {
      const webhook = await requireWebhook(context, scopeOf(scope, request), request.params.webhookId);
      const invocations = await invocationsOf(context, webhook);
      const { event } = request.query;
      return historyOf(
        event === undefined ? invocations : invocations.filter((call) => call.event === event),
        context.now(),
      );
    },
  );

  app.get(
    `${path}/:webhookId/statistics/summary`,
    {
      config,
      schema: {
        ...described('How the calls of a webhook went, by event'),
        params: itemParams,
        response: { 200: Type.Record(Type.String(), RestInvocationHistory), 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const webhook = await requireWebhook(context, scopeOf(scope, request), request.params.webhookId);
      const summary = await historyByEvent(context, webhook);
      return Object.keys(summary).length === 0 ? reply.code(204).send(null) : reply.send(summary);
    },
  );

  app.get(
    `${path}/:webhookId/latest`,
    {
      config,
      schema: {
        ...described('The last call of a webhook'),
        params: itemParams,
        response: { 200: RestInvocation, 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const webhook = await requireWebhook(context, scopeOf(scope, request), request.params.webhookId);
      const latest = (await invocationsOf(context, webhook))[0];
      return latest === undefined ? reply.code(204).send(null) : reply.send(latest);
    },
  );
}

async function ping(
  url: string,
  webhook: WebhookRow | undefined,
  context: ServerContext,
): Promise<Type.Static<typeof TestResult>> {
  const { keys, store, version } = context;
  const allowPrivateTargets = await readSetting(store.db, 'allowPrivateTargets');
  const problems = checkUrl('url', url, allowPrivateTargets);
  if (problems.length > 0) throw new HttpErrors(400, problems);
  // A secret signs what goes to its own receiver, and nothing else.
  const sealed = webhook?.url === url ? webhook.secretSealed : null;
  const request = { method: 'POST', url, event: PING, body: PING_BODY };
  try {
    const { status, durationMs } = await callWebhook(
      {
        url,
        event: PING,
        requestId: randomUUID(),
        body: PING_BODY,
        ...(sealed === null ? {} : { secret: keys.open(sealed, WEBHOOK_SECRET) }),
      },
      { allowPrivateTargets, timeoutMs: TIMEOUT_MS, userAgent: `Leakgate/${version}` },
    );
    return { request, response: { status, duration: Math.round(durationMs) } };
  } catch (error) {
    return { request, response: null, error: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return message === '' ? (code ?? 'unknown error') : message;
}
