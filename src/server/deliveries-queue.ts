/**
 * Sends what lies in the table `deliveries`. An attempt is written down before it is made: a server that is killed meanwhile takes the delivery up
 * again, once the time of that attempt is over. A failed attempt is repeated after a time that doubles; after the last one the row stays,
 * as given up, with what went wrong.
 */
import type { FastifyBaseLogger } from 'fastify';
import {
  claimDelivery,
  nextDelivery,
  nextDue,
  pruneDeliveries,
  settleDelivery,
  type DeliveryRow,
} from '../store/deliveries.ts';
import type { Db } from '../store/open-store.ts';
import { retryDelay, type DeliveryLimits } from './deliveries-limits.ts';

/** Why a delivery will never succeed; after any other error it is tried again. */
export class NotDeliverable extends Error {}

export interface DeliveryQueueDeps {
  readonly db: Db;
  /** Makes one attempt. @throws NotDeliverable, or another error */
  readonly send: (row: DeliveryRow, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  readonly log: FastifyBaseLogger;
  readonly limits: DeliveryLimits;
}

export interface DeliveryQueue {
  /** There is something new to send. */
  wake(): void;
  start(): Promise<void>;
  close(): Promise<void>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Another server on the same database may have added rows. */
const LOOK_AGAIN_MS = 60_000;
/** So that a clock which stands still does not keep the loop busy. */
const MIN_SLEEP_MS = 10;

export function createDeliveryQueue({ db, send, now, log, limits }: DeliveryQueueDeps): DeliveryQueue {
  const closing = new AbortController();
  /** By webhook; 0: the mail server. */
  const underWay = new Map<number, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let started = false;
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let pruned = Number.NEGATIVE_INFINITY;

  /** Looks for due deliveries now; calls while one is looking lead to one more look. */
  const wake = (): void => {
    if (!started || closing.signal.aborted) return;
    if (looking !== undefined) {
      lookAgain = true;
      return;
    }
    clearTimeout(timer);
    looking = look()
      .catch((error: unknown) => {
        log.error({ err: error }, 'deliveries cannot be read; tried again');
        sleep(LOOK_AGAIN_MS);
      })
      .finally(() => {
        looking = undefined;
        if (!lookAgain) return;
        lookAgain = false;
        wake();
      });
  };

  const sleep = (ms: number): void => {
    clearTimeout(timer);
    if (!closing.signal.aborted) timer = setTimeout(wake, ms).unref();
  };

  const look = async (): Promise<void> => {
    await prune();
    while (underWay.size < limits.concurrency && !closing.signal.aborted) {
      const row = await nextDelivery(db, now(), [...underWay.keys()]);
      if (row === undefined) break;
      await take(row);
    }
    // The end of one of those under way wakes this again.
    if (underWay.size >= limits.concurrency) return;
    const due = await nextDue(db, [...underWay.keys()]);
    sleep(due === undefined ? LOOK_AGAIN_MS : Math.min(Math.max(due - now(), MIN_SLEEP_MS), LOOK_AGAIN_MS));
  };

  const prune = async (): Promise<void> => {
    if (now() - pruned < DAY_MS / 24) return;
    pruned = now();
    await pruneDeliveries(db, { delivered: pruned - 7 * DAY_MS, givenUp: pruned - 30 * DAY_MS });
  };

  const take = async (row: DeliveryRow): Promise<void> => {
    if (row.attempt >= limits.attempts) return giveUp(row, row.lastError ?? 'the server ended during the last attempt');
    const wait = retryDelay(row.attempt + 1, limits);
    // Long enough that nobody else takes it while this attempt may still succeed.
    if (!(await claimDelivery(db, row, now() + Math.max(wait, 4 * limits.timeoutMs)))) return;
    const work = attempt(row, wait).catch((error: unknown) =>
      log.error({ err: error, delivery: row.id }, 'how a delivery ended cannot be written down; tried again'),
    );
    underWay.set(row.webhookId, work);
    void work.finally(() => {
      underWay.delete(row.webhookId);
      wake();
    });
  };

  const attempt = async (row: DeliveryRow, wait: number): Promise<void> => {
    try {
      await send(row, closing.signal);
    } catch (error) {
      const lastError = reasonOf(error);
      // An attempt that we ended ourselves counts, and the next server need not wait for it.
      if (closing.signal.aborted)
        return settleDelivery(db, row.id, {
          state: 'WAITING',
          due: now(),
          lastError: 'the server was stopped meanwhile',
        });
      if (error instanceof NotDeliverable || row.attempt + 1 >= limits.attempts) return giveUp(row, lastError);
      log.warn({ delivery: row.id, kind: row.kind, attempt: row.attempt + 1, reason: lastError }, 'delivery failed');
      return settleDelivery(db, row.id, { state: 'WAITING', due: now() + wait, lastError });
    }
    await settleDelivery(db, row.id, { state: 'DELIVERED', due: now(), lastError: null });
  };

  const giveUp = async (row: DeliveryRow, lastError: string): Promise<void> => {
    log.error({ delivery: row.id, kind: row.kind, reason: lastError }, 'delivery given up');
    await settleDelivery(db, row.id, { state: 'GIVEN_UP', due: now(), lastError });
  };

  return {
    wake,
    async start() {
      started = true;
      wake();
      await looking;
    },
    async close() {
      closing.abort();
      clearTimeout(timer);
      await looking;
      await Promise.all(underWay.values());
    },
  };
}

const REASON_LENGTH = 300;

/** What went wrong, in one line that may be kept and shown. */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  const text = message === '' || message === undefined ? (code ?? 'unknown error') : message;
  return text.replace(/\s+/g, ' ').slice(0, REASON_LENGTH);
}
