/**
 * Bitbucket's rate limit: everyone has a bucket of `capacity` tokens that fills at `fillRate` per second; a request takes one, and an empty bucket is
 * answered with 429. Only requests with credentials count. Buckets live in memory: a restart fills them.
 */
import type { FastifyBaseLogger } from 'fastify';
import { addRejects, listRateLimits } from '../store/rate-limits.ts';
import { readSetting } from '../store/settings.ts';
import type { Store } from '../store/open-store.ts';
import { HttpError } from './http-error.ts';
import type { Caller } from './server-context.ts';

/** Size of a bucket, and tokens per second. */
export interface BucketSettings {
  readonly capacity: number;
  readonly fillRate: number;
}

interface Bucket {
  tokens: number;
  filled: number;
}

interface Limits {
  readonly enabled: boolean;
  readonly defaults: BucketSettings;
  /** By user: his own bucket; null when he is never limited. */
  readonly own: ReadonlyMap<number, BucketSettings | null>;
}

export interface RateLimiter {
  /** @throws HttpError 429 */
  take(caller: Caller): Promise<void>;
  /** Settings were changed: they are read again. */
  reload(): void;
  /** Writes down how many requests were refused; rare, so that being refused costs us little. */
  flush(): Promise<void>;
}

/** Refusals are counted by the minute. */
const INTERVAL_MS = 60_000;
const FLUSH_MS = 5000;
/** Another server on the same database, or the command line, may have changed the settings. */
const SETTINGS_FRESH_MS = 10_000;
const MOST_BUCKETS = 50_000;

export function createRateLimiter({ db }: Store, now: () => number, log: Pick<FastifyBaseLogger, 'warn'>): RateLimiter {
  const buckets = new Map<string, Bucket>();
  let limits: Promise<Limits> | undefined;
  let read = 0;
  let refused = new Map<string, { readonly userId: number; readonly time: number; rejects: number }>();
  let flushed = now();

  const currentLimits = (): Promise<Limits> => {
    if (limits === undefined || now() - read > SETTINGS_FRESH_MS) {
      read = now();
      limits = readLimits(db);
      limits.catch(() => (limits = undefined));
    }
    return limits;
  };

  const flush = async (): Promise<void> => {
    const counted = [...refused.values()];
    refused = new Map();
    flushed = now();
    await addRejects(db, counted);
  };

  const noteRefusal = (userId: number): void => {
    const time = Math.floor(now() / INTERVAL_MS) * INTERVAL_MS;
    const key = `${userId} ${time}`;
    const entry = refused.get(key) ?? { userId, time, rejects: 0 };
    entry.rejects += 1;
    refused.set(key, entry);
    if (now() - flushed >= FLUSH_MS)
      flush().catch((err: unknown) => log.warn({ err }, 'refused requests could not be noted'));
  };

  return {
    flush,
    reload() {
      limits = undefined;
      // Buckets of another size: they begin full.
      buckets.clear();
    },
    async take(caller) {
      if (caller.kind === 'anonymous') return;
      const { enabled, defaults, own } = await currentLimits();
      if (!enabled) return;
      const settings = caller.kind === 'user' ? own.get(caller.user.id) : undefined;
      if (settings === null) return;
      const key = caller.kind === 'user' ? `user ${caller.user.id}` : `token ${caller.id}`;
      const wait = takeFrom(buckets, key, settings ?? defaults, now());
      if (wait === 0) return;
      if (caller.kind === 'user') noteRefusal(caller.user.id);
      throw new HttpError(429, 'You have been rate limited', { retryAfter: wait });
    },
  };
}

/** Takes a token; or says after how many seconds there will be one. */
function takeFrom(
  buckets: Map<string, Bucket>,
  key: string,
  { capacity, fillRate }: BucketSettings,
  now: number,
): number {
  const bucket = buckets.get(key) ?? { tokens: capacity, filled: now };
  const passed = Math.max(0, now - bucket.filled) / 1000;
  bucket.tokens = Math.min(capacity, bucket.tokens + passed * fillRate);
  bucket.filled = now;
  buckets.delete(key);
  buckets.set(key, bucket);
  const oldest = buckets.keys().next().value;
  if (buckets.size > MOST_BUCKETS && oldest !== undefined) buckets.delete(oldest);
  if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / fillRate));
  bucket.tokens -= 1;
  return 0;
}

async function readLimits(db: Store['db']): Promise<Limits> {
  const setting = await readSetting(db, 'rateLimit');
  const rows = await listRateLimits(db);
  return {
    enabled: setting.enabled,
    defaults: setting.defaultSettings,
    own: new Map(
      rows.map(({ userId, whitelisted, capacity, fillRate }) => [
        userId,
        whitelisted === 1 || capacity === null || fillRate === null ? null : { capacity, fillRate },
      ]),
    ),
  };
}
