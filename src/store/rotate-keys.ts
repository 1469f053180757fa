/**
 * Changes the key of the key ring and seals everything anew under it. The new key is on the disk before anything is sealed under it, and the old
 * ones stay until they are dropped: whatever happens in between, every text opens.
 */
import { setImmediate as otherWork } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import type { KeyRing } from '../keyring/key-ring.ts';
import { LeakgateError } from '../model/errors.ts';
import { LockTimeoutError, withFileLock } from '../util/file-lock.ts';
import { inTransaction } from './in-transaction.ts';
import type { Db } from './open-store.ts';
import type { Database } from './schema.ts';
import { mapSealed, SEALED_COLUMNS } from './sealed-texts.ts';
import type { SealedColumn } from './sealed-texts.ts';

export interface Rotation {
  /** The key that is current now. */
  readonly keyId: string;
  /** How many texts were sealed anew. */
  readonly resealed: number;
}

/**
 * Adds a key and seals every text under it, in one transaction.
 *
 * @throws LeakgateError `KEY_BUSY` while another rotation runs, in this process or another; `KEY_INVALID` when a text does not open, which then
 * is as it was, like all others
 */
export async function rotateKeys(db: Db, keys: KeyRing): Promise<Rotation> {
  return alone(keys, async () => {
    const keyId = await keys.addKey();
    return inTransaction(db, async (transaction) => {
      let resealed = await resealSettings(transaction, keys);
      for (const place of SEALED_COLUMNS) resealed += await resealColumn(transaction, keys, place);
      return { keyId, resealed };
    });
  });
}

/**
 * Drops the keys that no longer seal. Returns their names.
 *
 * @throws LeakgateError `KEY_BUSY` when a text is still sealed under one of them; then none is dropped
 */
export async function dropInactiveKeys(db: Db, keys: KeyRing): Promise<readonly string[]> {
  return alone(keys, async () => {
    const inactive = keys.inactive();
    // Texts that were sealed before the rotation and are about to be stored: they must be there to be seen.
    await keys.settled();
    const used = await usesOf(db, inactive);
    if (used.length > 0)
      throw new LeakgateError(
        'KEY_BUSY',
        `texts are still sealed under ${used.join(', ')}; rotate the keys first, then drop them`,
      );
    await keys.dropInactive();
    return inactive;
  });
}

async function alone<T>(keys: KeyRing, work: () => Promise<T>): Promise<T> {
  try {
    return await withFileLock(keys.path, work, { timeoutMs: 200 });
  } catch (error) {
    if (!(error instanceof LockTimeoutError)) throw error;
    throw new LeakgateError('KEY_BUSY', 'the keys are being changed already; try again when that is done', {
      cause: error,
    });
  }
}

interface SealedRow {
  readonly id: number;
  readonly sealed: string | null;
}

/** Batch after batch by id. Between them other work of this process gets its turn, so that a long rotation does not look like a halt. */
async function resealColumn(
  transaction: Transaction<Database>,
  keys: KeyRing,
  { table, column, context }: SealedColumn,
): Promise<number> {
  // The same for three tables; their columns are checked by name in the tests.
  const db = transaction as unknown as Kysely<Record<string, Record<string, unknown>>>;
  let count = 0;
  for (let last = 0; ;) {
    const rows = (await db
      .selectFrom(table)
      .select(['id', `${column} as sealed`])
      .where('id', '>', last)
      .where(column, 'is not', null)
      .orderBy('id')
      .limit(BATCH)
      .execute()) as unknown as readonly SealedRow[];
    for (const { id, sealed } of rows) {
      if (sealed === null || keys.isCurrent(sealed)) continue;
      const again = keys.seal(keys.open(sealed, context), context);
      // What somebody else has changed since stays: it was sealed then, too.
      await db
        .updateTable(table)
        .set({ [column]: again })
        .where('id', '=', id)
        .where(column, '=', sealed)
        .execute();
      count++;
    }
    if (rows.length < BATCH) return count;
    last = rows.at(-1)?.id ?? last;
    await otherWork();
  }
}

async function resealSettings(db: Transaction<Database>, keys: KeyRing): Promise<number> {
  let count = 0;
  for (const { name, value } of await db.selectFrom('settings').selectAll().execute()) {
    const before = count;
    const again = mapSealed(JSON.parse(value), `settings.${name}`, (sealed, context) => {
      if (keys.isCurrent(sealed)) return sealed;
      count++;
      return keys.seal(keys.open(sealed, context), context);
    });
    if (count > before)
      await db
        .updateTable('settings')
        .set({ value: JSON.stringify(again) })
        .where('name', '=', name)
        .where('value', '=', value)
        .execute();
  }
  return count;
}

/** Which of these keys something is sealed under. */
async function usesOf(db: Db, keyIds: readonly string[]): Promise<readonly string[]> {
  const tables = db as unknown as Kysely<Record<string, Record<string, string>>>;
  const used = new Set<string>();
  for (const { table, column } of SEALED_COLUMNS)
    for (const keyId of keyIds) {
      const row = await tables
        .selectFrom(table)
        .select('id')
        .where(column, 'like', `${keyId}:%`)
        .limit(1)
        .executeTakeFirst();
      if (row !== undefined) used.add(keyId);
    }
  for (const { name, value } of await db.selectFrom('settings').selectAll().execute())
    mapSealed(JSON.parse(value), name, (sealed) => {
      const keyId = keyIds.find((id) => sealed.startsWith(`${id}:`));
      if (keyId !== undefined) used.add(keyId);
      return sealed;
    });
  return [...used].toSorted();
}

const BATCH = 500;
