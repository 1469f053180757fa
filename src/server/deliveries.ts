/**
 * Webhook calls and mails that leave the server. They are rows of the database before anything is sent, so what was promised is kept over a restart:
 * at least once, and most often exactly once.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import type { KeyRing } from '../keyring/key-ring.ts';
import { activeWebhook, addDeliveries, webhooksFor, type DeliveryRow } from '../store/deliveries.ts';
import type { Store } from '../store/open-store.ts';
import { readSetting } from '../store/settings.ts';
import { TargetRefused } from './deliveries-address.ts';
import { DELIVERY_LIMITS, type DeliveryLimits } from './deliveries-limits.ts';
import { createDeliveryQueue, NotDeliverable } from './deliveries-queue.ts';
import { callWebhook } from './deliveries-webhook.ts';
import { createMailer } from './mail-transport.ts';

export interface Deliveries {
  /** Tells the webhooks of a repository, its project and of all that listen to `event`. The body is kept and sent as it is: it holds no secret. */
  webhook(
    event: string,
    scope: { readonly repositoryId: number; readonly projectId: number },
    body: object,
  ): Promise<void>;
  /** Writes to each address by itself. The text is kept until it is sent: it holds no secret. */
  mail(to: readonly string[], subject: string, text: string): Promise<void>;
  /** Begins to send, with what an earlier run left. */
  start(): Promise<void>;
  /** Takes up nothing more and ends what is under way; that is tried again after the next start. */
  close(): Promise<void>;
}

export interface DeliveriesDeps {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly now: () => number;
  readonly log: FastifyBaseLogger;
  /** Ours, for `User-Agent`. */
  readonly version: string;
  readonly limits?: Partial<DeliveryLimits>;
}

/** Context under which secrets of webhooks are sealed. */
export const WEBHOOK_SECRET = 'webhooks.secret';

interface StoredCall {
  readonly requestId: string;
  /** JSON, byte for byte what is signed and sent. */
  readonly payload: string;
}

interface StoredMail {
  readonly subject: string;
  readonly text: string;
}

/** Nothing is sent before `start`; what is asked for before waits. */
export function createDeliveries({
  store: { db },
  keys,
  now,
  log,
  version,
  limits: given,
}: DeliveriesDeps): Deliveries {
  const limits = { ...DELIVERY_LIMITS, ...given };
  const mailer = createMailer({ db, keys, timeoutMs: limits.timeoutMs });

  const send = async (row: DeliveryRow, signal: AbortSignal): Promise<void> => {
    if (row.kind === 'webhook') return call(row, signal);
    const mail = JSON.parse(row.body) as StoredMail;
    return mailer.send({ to: row.subject, ...mail }, signal);
  };

  const call = async (row: DeliveryRow, signal: AbortSignal): Promise<void> => {
    const webhook = await activeWebhook(db, row.webhookId);
    if (webhook === undefined) throw new NotDeliverable('the webhook was removed or switched off');
    const { requestId, payload } = JSON.parse(row.body) as StoredCall;
    const secret = webhook.secretSealed === null ? {} : { secret: keys.open(webhook.secretSealed, WEBHOOK_SECRET) };
    const { status } = await callWebhook(
      { url: webhook.url, event: row.subject, requestId, body: payload, ...secret },
      {
        allowPrivateTargets: await readSetting(db, 'allowPrivateTargets'),
        timeoutMs: limits.timeoutMs,
        userAgent: `Leakgate/${version}`,
        signal,
      },
    ).catch((error: unknown) => {
      throw error instanceof TargetRefused ? new NotDeliverable(error.message) : error;
    });
    if (status >= 300 && status < 400) throw new Error(`answered ${status}: redirects are not followed`);
    if (status < 200 || status >= 400) throw new Error(`answered ${status}`);
  };

  const queue = createDeliveryQueue({ db, send, now, log, limits });
  return {
    async webhook(event, scope, body) {
      const webhooks = await webhooksFor(db, event, scope);
      const payload = JSON.stringify(body);
      await addDeliveries(
        db,
        webhooks.map(({ id }) => ({
          kind: 'webhook',
          webhookId: id,
          subject: event,
          body: JSON.stringify({ requestId: randomUUID(), payload } satisfies StoredCall),
          time: now(),
        })),
      );
      queue.wake();
    },
    async mail(to, subject, text) {
      const body = JSON.stringify({ subject, text } satisfies StoredMail);
      await addDeliveries(
        db,
        [...new Set(to)].map((address) => ({ kind: 'mail', webhookId: 0, subject: address, body, time: now() })),
      );
      queue.wake();
    },
    start: queue.start,
    close: queue.close,
  };
}
