/** Webhooks of projects and repositories: what is told to whom. The calls themselves: deliveries.ts. */
import type { Db } from './open-store.ts';
import type { ScopeColumns, Sealed, Time, WebhookRow } from './schema.ts';
import type { Slice } from './slice.ts';

export interface WebhookContent {
  readonly name: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly active: boolean;
  readonly secretSealed: Sealed | null;
}

/** In the order in which they were made. @param events only those that hear one of these; empty: all */
export async function listWebhooks(
  db: Db,
  { scope, resourceId }: ScopeColumns,
  events: readonly string[],
  { start, limit }: Slice,
): Promise<readonly WebhookRow[]> {
  const rows = await db
    .selectFrom('webhooks')
    .selectAll()
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .orderBy('id')
    .execute();
  // A scope has few of them, and which events one hears is a JSON text.
  return rows
    .filter((row) => events.length === 0 || eventsOf(row).some((event) => events.includes(event)))
    .slice(start, start + limit + 1);
}

/** The keys of the events that a webhook hears. */
export function eventsOf({ events }: Pick<WebhookRow, 'events'>): readonly string[] {
  return JSON.parse(events) as readonly string[];
}

/** A webhook of this scope. */
export async function findWebhook(
  db: Db,
  { scope, resourceId }: ScopeColumns,
  id: number,
): Promise<WebhookRow | undefined> {
  return db
    .selectFrom('webhooks')
    .selectAll()
    .where('id', '=', id)
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .executeTakeFirst();
}

export async function countWebhooks(db: Db, { scope, resourceId }: ScopeColumns): Promise<number> {
  const { count } = await db
    .selectFrom('webhooks')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function createWebhook(
  db: Db,
  { scope, resourceId }: ScopeColumns,
  content: WebhookContent,
  time: Time,
): Promise<WebhookRow> {
  return db
    .insertInto('webhooks')
    .values({ ...columnsOf(content), scope, resourceId, created: time, updated: time })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Undefined when it was deleted in the meantime. */
export async function updateWebhook(
  db: Db,
  id: number,
  content: WebhookContent,
  time: Time,
): Promise<WebhookRow | undefined> {
  return db
    .updateTable('webhooks')
    .set({ ...columnsOf(content), updated: time })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

/** What was deleted; calls on their way to it are not made. */
export async function deleteWebhook(
  db: Db,
  { scope, resourceId }: ScopeColumns,
  id: number,
): Promise<WebhookRow | undefined> {
  return db
    .deleteFrom('webhooks')
    .where('id', '=', id)
    .where('scope', '=', scope)
    .where('resourceId', '=', resourceId)
    .returningAll()
    .executeTakeFirst();
}

function columnsOf({ name, url, events, active, secretSealed }: WebhookContent) {
  return { name, url, events: JSON.stringify(events), active: Number(active), secretSealed };
}
