/** Limits that users have of their own, and how often requests were refused. */
import type { Selectable } from 'kysely';
import { inTransaction } from './in-transaction.ts';
import type { Db } from './open-store.ts';
import type { RateLimitTable, UserRow } from './schema.ts';
import { contains } from './slice.ts';
import type { Slice } from './slice.ts';

export type RateLimitRow = Selectable<RateLimitTable>;

/** What a user gets instead of the default. */
export interface UserRateLimit {
  readonly user: UserRow;
  readonly limit: RateLimitRow;
}

/** All of them: there are few. */
export async function listRateLimits(db: Db): Promise<readonly RateLimitRow[]> {
  return db.selectFrom('rateLimits').selectAll().execute();
}

/** With their users, by name. @param filter part of the user's name or displayed name */
export async function listUserRateLimits(
  db: Db,
  filter: string,
  { start, limit }: Slice,
): Promise<readonly UserRateLimit[]> {
  const rows = await db
    .selectFrom('rateLimits')
    .innerJoin('users', 'users.id', 'rateLimits.userId')
    .selectAll('users')
    .select(['rateLimits.userId', 'rateLimits.whitelisted', 'rateLimits.capacity', 'rateLimits.fillRate'])
    .$if(filter !== '', (query) =>
      query.where((eb) =>
        eb.or([contains(eb.ref('users.name'), filter), contains(eb.ref('users.displayName'), filter)]),
      ),
    )
    .orderBy('users.slug')
    .limit(limit + 1)
    .offset(start)
    .execute();
  return rows.map(({ userId, whitelisted, capacity, fillRate, ...user }) => ({
    user,
    limit: { userId, whitelisted, capacity, fillRate },
  }));
}

export async function findRateLimit(db: Db, userId: number): Promise<RateLimitRow | undefined> {
  return db.selectFrom('rateLimits').selectAll().where('userId', '=', userId).executeTakeFirst();
}

/** In place of what was set before. */
export async function setRateLimit(db: Db, limit: RateLimitRow): Promise<void> {
  const { whitelisted, capacity, fillRate } = limit;
  await db
    .insertInto('rateLimits')
    .values(limit)
    .onConflict((conflict) => conflict.column('userId').doUpdateSet({ whitelisted, capacity, fillRate }))
    .execute();
}

/** Back to the default. */
export async function removeRateLimit(db: Db, userId: number): Promise<void> {
  await db.deleteFrom('rateLimits').where('userId', '=', userId).execute();
}

/** Refused requests of one user within one interval. */
export interface Rejects {
  readonly userId: number;
  /** Start of the interval. */
  readonly time: number;
  readonly rejects: number;
}

/** Adds to what was counted before. */
export async function addRejects(db: Db, counted: readonly Rejects[]): Promise<void> {
  if (counted.length === 0) return;
  await inTransaction(db, async (transaction) => {
    for (const row of counted) {
      await transaction
        .insertInto('rateLimitRejects')
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(['userId', 'time']).doUpdateSet((eb) => ({
            rejects: eb('rateLimitRejects.rejects', '+', row.rejects),
          })),
        )
        .execute();
    }
  });
}

export interface UserRejects {
  readonly user: UserRow;
  readonly rejects: number;
  /** The last interval with one. */
  readonly last: number;
}

/** Users that were refused since `from`: the most refused first, or the last refused. */
export async function listRejects(
  db: Db,
  { from, order }: { readonly from: number; readonly order: 'FREQUENCY' | 'NEWEST' },
  { start, limit }: Slice,
): Promise<readonly UserRejects[]> {
  const rows = await db
    .selectFrom('rateLimitRejects')
    .innerJoin('users', 'users.id', 'rateLimitRejects.userId')
    .selectAll('users')
    .select((eb) => [
      eb.fn.sum<number | string>('rateLimitRejects.rejects').as('refusals'),
      eb.fn.max<number | string>('rateLimitRejects.time').as('lastRefused'),
    ])
    .where('rateLimitRejects.time', '>=', from)
    .groupBy('users.id')
    .orderBy(order === 'NEWEST' ? 'lastRefused' : 'refusals', 'desc')
    .orderBy('users.id')
    .limit(limit + 1)
    .offset(start)
    .execute();
  return rows.map(({ refusals, lastRefused, ...user }) => ({
    user,
    rejects: Number(refusals),
    last: Number(lastRefused),
  }));
}
