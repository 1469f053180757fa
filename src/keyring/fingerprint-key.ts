import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { LeakgateError } from '../model/errors.ts';

/** 256 bits, the strength of the HMAC itself. */
export const KEY_BYTES = 32;

export interface KeyOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Tried when LEAKGATE_KEY_FILE is unset; for installations as a whole. */
  readonly systemFile?: string;
  /**
   * Whoever can do without a lasting key: told why the user's own key cannot be created (a container without a home folder that can be
   * written), and given a key for this process alone.
   */
  readonly onNoHome?: (reason: string) => void;
}

/**
 * The key under which fingerprints are made, from the first of: the file that LEAKGATE_KEY_FILE names, /etc/leakgate/key when it
 * exists, $XDG_CONFIG_HOME/leakgate/key. A file that is missing (the system one excepted) is created with a fresh key, mode 0600;
 * of several processes that need it at once, all get the same key.
 *
 * The file is text: 64 hex digits and a line feed. Whoever has it can test guesses of a secret against published fingerprints,
 * and losing it makes every review void. So it is refused when others than its owner may read it.
 */
export async function loadFingerprintKey(options: KeyOptions = {}): Promise<Uint8Array> {
  const { env = process.env, systemFile = '/etc/leakgate/key', onNoHome } = options;
  const named = env['LEAKGATE_KEY_FILE'];
  if (named) return readKey(named) ?? createKey(named);
  const own = join(configFolder(env), 'leakgate', 'key');
  const key = readKey(systemFile) ?? readKey(own);
  if (key !== undefined) return key;
  try {
    return await createKey(own);
  } catch (error) {
    if (onNoHome === undefined || !isNoHome(error)) throw error;
    onNoHome((error as LeakgateError).message);
    return randomBytes(KEY_BYTES);
  }
}

/** The key in one file, which must be there: for whoever goes by what a server says, and would not know it by a key of its own. */
export async function readFingerprintKey(path: string): Promise<Uint8Array> {
  const key = readKey(path);
  if (key === undefined) throw new LeakgateError('KEY_INVALID', `the fingerprint key ${path} is not there`);
  return key;
}

/** Whether a key could not be created because nothing can be written there. */
function isNoHome(error: unknown): boolean {
  const cause = error instanceof LeakgateError ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR'].includes(cause?.code ?? '');
}

// Without the thread pool, which costs more than the reading: every push waits for this.
function readKey(path: string): Uint8Array | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe must not make us wait
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) throw new LeakgateError('KEY_INVALID', `the fingerprint key ${path} is not a regular file`);
      if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
        const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
        throw new LeakgateError(
          'KEY_INVALID',
          `the fingerprint key ${path} is open to others than its owner (mode ${mode}); run: chmod 600 ${quoteForShell(path)}`,
        );
      }
      const buffer = Buffer.alloc(KEY_BYTES * 2 + 3);
      const bytesRead = readSync(file, buffer, 0, buffer.length, 0);
      return parseKey(buffer.toString('latin1', 0, bytesRead), path);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof LeakgateError) throw error;
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new LeakgateError('KEY_INVALID', `the fingerprint key ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Never quotes the content: it may be a key with a slip in it. */
function parseKey(text: string, path: string): Uint8Array {
  const digits = text.trimEnd();
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) {
    throw new LeakgateError(
      'KEY_INVALID',
      `the fingerprint key ${path} must be ${KEY_BYTES * 2} hex digits and a line feed; restore it from a backup, or delete it for a new key (reviews made under the old one then no longer match)`,
    );
  }
  return Buffer.from(digits, 'hex');
}

/** Writes a new key beside `path` and links it into place; when another process was first, that one's key is taken. */
async function createKey(path: string): Promise<Uint8Array> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${randomBytes(KEY_BYTES).toString('hex')}\n`);
      await file.sync();
      await link(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await file.close();
      await unlink(temporary);
    }
  } catch (error) {
    throw new LeakgateError(
      'KEY_INVALID',
      `the fingerprint key ${path} cannot be created: ${(error as Error).message}; create it by hand or name another file in LEAKGATE_KEY_FILE`,
      { cause: error },
    );
  }
  const key = readKey(path);
  if (key === undefined)
    throw new LeakgateError('KEY_INVALID', `the fingerprint key ${path} vanished while it was being created`);
  return key;
}

function configFolder(env: NodeJS.ProcessEnv): string {
  const folder = env['XDG_CONFIG_HOME'];
  return folder !== undefined && isAbsolute(folder) ? folder : join(env['HOME'] || homedir(), '.config');
}

function quoteForShell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
