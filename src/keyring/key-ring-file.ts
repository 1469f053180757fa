/** The file of the key ring: JSON, mode 0600, replaced as a whole. Its content is in no message: it is nothing but keys. */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LeakgateError } from '../model/errors.ts';

/** One key of 256 bits, `key-<number>`. */
export interface RingKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/**
 * The keys, oldest first; `undefined` when there is no file. Read in one go without waiting, because whoever opens a sealed text
 * may have to look here for a key that another process has added.
 */
export function readKeyRingFile(path: string): readonly RingKey[] | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe must not make us wait
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new LeakgateError('KEY_INVALID', `the key ring ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new LeakgateError('KEY_INVALID', `the key ring ${path} is not a regular file`);
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0)
      throw new LeakgateError(
        'KEY_INVALID',
        `the key ring ${path} is open to others than its owner (mode ${(stats.mode & 0o777).toString(8).padStart(4, '0')}); make it 0600`,
      );
    return parseKeys(readFileSync(file, 'utf8'), path);
  } finally {
    closeSync(file);
  }
}

/** Creates the file. When another process was first, that one's keys are taken. */
export async function createKeyRingFile(path: string, keys: readonly RingKey[]): Promise<readonly RingKey[]> {
  await writeBeside(path, keys, async (temporary) => {
    try {
      await link(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await unlink(temporary);
    }
  });
  return readKeyRingFile(path) ?? keys;
}

/** Replaces the file as a whole. */
export async function replaceKeyRingFile(path: string, keys: readonly RingKey[]): Promise<readonly RingKey[]> {
  await writeBeside(path, keys, (temporary) => rename(temporary, path));
  return keys;
}

/** The new content is on the disk before it gets its name, and so is the name when this returns: texts will be sealed under it. */
async function writeBeside(
  path: string,
  keys: readonly RingKey[],
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(formatKeys(keys));
      await file.sync();
    } finally {
      await file.close();
    }
    await place(temporary);
    const folder = await open(dirname(path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    throw new LeakgateError('KEY_INVALID', `the key ring ${path} cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function formatKeys(keys: readonly RingKey[]): string {
  const entries = keys.map(({ id, bytes }) => ({ id, key: Buffer.from(bytes).toString('hex') }));
  return `${JSON.stringify({ format: 'leakgate-key-ring-1', keys: entries }, undefined, 2)}\n`;
}

function parseKeys(text: string, path: string): readonly RingKey[] {
  const entries = entriesOf(text);
  const keys = entries.flatMap(({ id, key }) =>
    typeof id === 'string' && typeof key === 'string' && /^key-[1-9]\d{0,8}$/.test(id) && /^[0-9a-f]{64}$/.test(key)
      ? [{ id, bytes: Buffer.from(key, 'hex') }]
      : [],
  );
  if (keys.length === 0 || keys.length !== entries.length)
    throw new LeakgateError(
      'KEY_INVALID',
      `the key ring ${path} is damaged; restore it from a backup: without it, nothing that was sealed under its keys can be read`,
    );
  return keys;
}

function entriesOf(text: string): readonly { readonly id?: unknown; readonly key?: unknown }[] {
  try {
    const { format, keys } = JSON.parse(text) as { format?: unknown; keys?: unknown };
    return format === 'leakgate-key-ring-1' && Array.isArray(keys) ? keys : [];
  } catch {
    return [];
  }
}
