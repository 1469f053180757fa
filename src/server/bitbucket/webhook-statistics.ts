/** How the calls of a webhook went, from the deliveries that are still kept. */
import { Type } from 'typebox';
import { deliveriesOf } from '../../store/deliveries.ts';
import type { DeliveryRow } from '../../store/deliveries.ts';
import type { WebhookRow } from '../../store/schema.ts';
import type { ServerContext } from '../server-context.ts';
import { orNull } from '../or-null.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** For as long as successful deliveries are kept. */
const WINDOW_MS = 7 * DAY_MS;
/** Looked at, newest first. */
const MAX_INVOCATIONS = 1000;

export const RestInvocation = Type.Object({
  id: Type.Integer(),
  event: Type.String(),
  eventScope: Type.Object({ id: Type.String(), type: Type.String() }),
  start: Type.Integer(),
  finish: Type.Integer(),
  duration: Type.Integer(),
  request: Type.Object({ method: Type.String(), url: Type.String() }),
  result: Type.Object({
    outcome: Type.Union([Type.Literal('SUCCESS'), Type.Literal('FAILURE'), Type.Literal('ERROR')]),
    description: Type.String(),
  }),
});

const NullableInvocation = orNull(RestInvocation);

export const RestInvocationHistory = Type.Object({
  lastSuccess: NullableInvocation,
  lastFailure: NullableInvocation,
  lastError: NullableInvocation,
  counts: Type.Object({
    successes: Type.Integer(),
    failures: Type.Integer(),
    errors: Type.Integer(),
    window: Type.Object({ start: Type.Integer(), duration: Type.Integer() }),
  }),
});

type Invocation = Type.Static<typeof RestInvocation>;
type History = Type.Static<typeof RestInvocationHistory>;

/** Calls that came to an end, newest first. */
export async function invocationsOf(
  { store }: Pick<ServerContext, 'store'>,
  webhook: WebhookRow,
): Promise<readonly Invocation[]> {
  const rows = await deliveriesOf(store.db, webhook.id, { start: 0, limit: MAX_INVOCATIONS });
  return rows.filter(({ state }) => state !== 'WAITING').map((row) => toInvocation(row, webhook));
}

export function historyOf(invocations: readonly Invocation[], now: number): History {
  const start = now - WINDOW_MS;
  const last = (outcome: Invocation['result']['outcome']): Invocation | null =>
    invocations.find(({ result }) => result.outcome === outcome) ?? null;
  const count = (outcome: Invocation['result']['outcome']): number =>
    invocations.filter(({ result, finish }) => result.outcome === outcome && finish >= start).length;
  return {
    lastSuccess: last('SUCCESS'),
    lastFailure: last('FAILURE'),
    lastError: last('ERROR'),
    counts: {
      successes: count('SUCCESS'),
      failures: count('FAILURE'),
      errors: count('ERROR'),
      window: { start, duration: WINDOW_MS },
    },
  };
}

/** The history of each event that was ever sent. */
export async function historyByEvent(
  context: Pick<ServerContext, 'store' | 'now'>,
  webhook: WebhookRow,
): Promise<Record<string, History>> {
  const invocations = await invocationsOf(context, webhook);
  const events = [...new Set(invocations.map(({ event }) => event))];
  return Object.fromEntries(
    events.map((name) => [
      name,
      historyOf(
        invocations.filter(({ event }) => event === name),
        context.now(),
      ),
    ]),
  );
}

function toInvocation(row: DeliveryRow, webhook: WebhookRow): Invocation {
  return {
    id: row.id,
    event: row.subject,
    eventScope: { id: String(webhook.resourceId), type: webhook.scope === 'PROJECT' ? 'project' : 'repository' },
    start: row.created,
    finish: row.due,
    duration: Math.max(0, row.due - row.created),
    request: { method: 'POST', url: webhook.url },
    result: resultOf(row),
  };
}

/** An answer that refuses is a failure; none at all an error. */
function resultOf({ state, lastError }: DeliveryRow): Invocation['result'] {
  if (state === 'DELIVERED') return { outcome: 'SUCCESS', description: 'delivered' };
  const description = lastError ?? 'unknown error';
  return { outcome: description.startsWith('answered ') ? 'FAILURE' : 'ERROR', description };
}
