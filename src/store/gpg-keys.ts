/** Public keys of users, by which signatures of commits can be checked. */
import type { Selectable } from 'kysely';
import type { Db } from './open-store.ts';
import type { GpgKeyTable, Time } from './schema.ts';
import type { Slice } from './slice.ts';
import { orTaken } from './taken.ts';

export type GpgKeyRow = Selectable<GpgKeyTable>;

export interface SubKey {
  /** Lower-case hex. */
  readonly fingerprint: string;
  readonly expires: Time | null;
}

export interface NewGpgKey {
  readonly userId: number;
  /** Lower-case hex, as all of them here. */
  readonly fingerprint: string;
  /** 16 digits. */
  readonly keyId: string;
  /** Armoured; nothing but the public key. */
  readonly text: string;
  readonly email: string | null;
  readonly expires: Time | null;
  readonly subKeys: readonly SubKey[];
  readonly created: Time;
}

/** @throws LeakgateError `NAME_TAKEN` when somebody has it already */
export async function addGpgKey(db: Db, { subKeys, ...key }: NewGpgKey): Promise<GpgKeyRow> {
  return orTaken('this key has been added already', () =>
    db
      .insertInto('gpgKeys')
      .values({ ...key, subKeys: JSON.stringify(subKeys) })
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
}

/** In the order in which they were added. */
export async function listGpgKeys(db: Db, userId: number, { start, limit }: Slice): Promise<readonly GpgKeyRow[]> {
  return db
    .selectFrom('gpgKeys')
    .selectAll()
    .where('userId', '=', userId)
    .orderBy('id')
    .limit(limit + 1)
    .offset(start)
    .execute();
}

export async function countGpgKeys(db: Db, userId: number): Promise<number> {
  const { count } = await db
    .selectFrom('gpgKeys')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('userId', '=', userId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Keys with this fingerprint or key id: of ids there can be several. */
export async function findGpgKeys(db: Db, fingerprintOrId: string): Promise<readonly GpgKeyRow[]> {
  return db
    .selectFrom('gpgKeys')
    .selectAll()
    .where((eb) => eb.or([eb('fingerprint', '=', fingerprintOrId), eb('keyId', '=', fingerprintOrId)]))
    .orderBy('id')
    .execute();
}

export async function deleteGpgKeys(db: Db, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await db.deleteFrom('gpgKeys').where('id', 'in', ids).execute();
}

/** Removes all keys of a user; how many there were. */
export async function deleteGpgKeysOf(db: Db, userId: number): Promise<number> {
  const { numDeletedRows } = await db.deleteFrom('gpgKeys').where('userId', '=', userId).executeTakeFirst();
  return Number(numDeletedRows);
}

export function subKeysOf({ subKeys }: Pick<GpgKeyRow, 'subKeys'>): readonly SubKey[] {
  return JSON.parse(subKeys) as readonly SubKey[];
}
