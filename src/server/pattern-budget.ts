/**
 * How long one caller may keep the server busy with patterns: to try one out takes up to seconds in which nobody else is answered, and whoever has an
 * account can send them.
 */
import type { FastifyRequest } from 'fastify';
import { callerKey } from './actor.ts';
import { HttpError } from './http-error.ts';
import type { ServerContext } from './server-context.ts';

const BUDGET_MS = 2000;
const WINDOW_MS = 60_000;

interface Spent {
  readonly since: number;
  readonly ms: number;
}
const spent = new WeakMap<ServerContext, Map<string, Spent>>();

/** Runs work that tries patterns and charges the caller for its time. @throws HttpError 429 when he has had his share of the minute */
export function withinPatternBudget<T>(
  { caller }: Pick<FastifyRequest, 'caller'>,
  context: ServerContext,
  work: () => T,
): T {
  const accounts = spent.get(context) ?? new Map<string, Spent>();
  spent.set(context, accounts);
  const now = context.now();
  for (const [key, { since }] of accounts) if (now - since >= WINDOW_MS) accounts.delete(key);
  const key = callerKey(caller);
  const { since, ms } = accounts.get(key) ?? { since: now, ms: 0 };
  if (ms >= BUDGET_MS)
    throw new HttpError(429, 'Your patterns have taken too much time; try again in a minute.', {
      retryAfter: Math.max(1, Math.ceil((since + WINDOW_MS - now) / 1000)),
    });
  const started = performance.now();
  try {
    return work();
  } finally {
    accounts.set(key, { since, ms: ms + performance.now() - started });
  }
}
