/**
 * Mails and webhook calls on their way. Whoever takes one marks it first: attempt and the time of the next try are written before anything is sent,
 * so a server that is killed in between takes it up again, and of two servers one has it.
 */
import type { Selectable } from 'kysely';
import type { Db } from './open-store.ts';
import type { DeliveryTable, Time, WebhookRow } from './schema.ts';

export type DeliveryRow = Selectable<DeliveryTable>;

export interface NewDelivery {
  readonly kind: DeliveryRow['kind'];
  /** 0 for mail. */
  readonly webhookId: number;
  readonly subject: string;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly time: Time;
}

/** Puts deliveries in line, due at once. */
export async function addDeliveries(db: Db, deliveries: readonly NewDelivery[]): Promise<void> {
  if (deliveries.length === 0) return;
  await db
    .insertInto('deliveries')
    .values(
      deliveries.map(({ time, ...delivery }) => ({
        ...delivery,
        state: 'WAITING' as const,
        attempt: 0,
        due: time,
        lastError: null,
        created: time,
      })),
    )
    .execute();
}

/** Of what is due, the longest waiting. @param busy webhooks (0: mail) whose turn it is not */
export async function nextDelivery(db: Db, now: Time, busy: readonly number[]): Promise<DeliveryRow | undefined> {
  let query = db.selectFrom('deliveries').selectAll().where('state', '=', 'WAITING').where('due', '<=', now);
  if (busy.length > 0) query = query.where('webhookId', 'not in', busy);
  return query.orderBy('due').orderBy('id').limit(1).executeTakeFirst();
}

/** When the next one is due; undefined when nothing waits. @param busy as for `nextDelivery` */
export async function nextDue(db: Db, busy: readonly number[]): Promise<Time | undefined> {
  let query = db
    .selectFrom('deliveries')
    .select((eb) => eb.fn.min('due').as('due'))
    .where('state', '=', 'WAITING');
  if (busy.length > 0) query = query.where('webhookId', 'not in', busy);
  const row = await query.executeTakeFirst();
  return row?.due ?? undefined;
}

/** Takes a delivery for one attempt; false when another has it. @param due when it is tried again if nothing is heard of this attempt */
export async function claimDelivery(db: Db, { id, attempt }: DeliveryRow, due: Time): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('deliveries')
    .set({ attempt: attempt + 1, due })
    .where('id', '=', id)
    .where('state', '=', 'WAITING')
    .where('attempt', '=', attempt)
    .executeTakeFirst();
  return Number(numUpdatedRows) === 1;
}

/** How an attempt ended. */
export interface DeliveryEnd {
  readonly state: DeliveryRow['state'];
  readonly due: Time;
  readonly lastError: string | null;
}

export async function settleDelivery(db: Db, id: number, end: DeliveryEnd): Promise<void> {
  await db.updateTable('deliveries').set(end).where('id', '=', id).where('state', '=', 'WAITING').execute();
}

/** Forgets what is over. */
export async function pruneDeliveries(
  db: Db,
  before: { readonly delivered: Time; readonly givenUp: Time },
): Promise<void> {
  await db.deleteFrom('deliveries').where('state', '=', 'DELIVERED').where('created', '<', before.delivered).execute();
  await db.deleteFrom('deliveries').where('state', '=', 'GIVEN_UP').where('created', '<', before.givenUp).execute();
}

/** The latest deliveries of a webhook, newest first. */
export async function deliveriesOf(
  db: Db,
  webhookId: number,
  page: { readonly start: number; readonly limit: number },
): Promise<readonly DeliveryRow[]> {
  return db
    .selectFrom('deliveries')
    .selectAll()
    .where('kind', '=', 'webhook')
    .where('webhookId', '=', webhookId)
    .orderBy('id', 'desc')
    .offset(page.start)
    .limit(page.limit)
    .execute();
}

/** Active webhooks that a repository's event goes to: its own, its project's and those of all. */
export async function webhooksFor(
  db: Db,
  event: string,
  { repositoryId, projectId }: { readonly repositoryId: number; readonly projectId: number },
): Promise<readonly WebhookRow[]> {
  const rows = await db
    .selectFrom('webhooks')
    .selectAll()
    .where('active', '=', 1)
    .where((eb) =>
      eb.or([
        eb('scope', '=', 'GLOBAL'),
        eb.and([eb('scope', '=', 'PROJECT'), eb('resourceId', '=', projectId)]),
        eb.and([eb('scope', '=', 'REPOSITORY'), eb('resourceId', '=', repositoryId)]),
      ]),
    )
    .orderBy('id')
    .execute();
  return rows.filter(({ events }) => (JSON.parse(events) as readonly string[]).includes(event));
}

/** The webhook of a delivery; undefined when it is gone or switched off. */
export async function activeWebhook(db: Db, id: number): Promise<WebhookRow | undefined> {
  return db.selectFrom('webhooks').selectAll().where('id', '=', id).where('active', '=', 1).executeTakeFirst();
}
