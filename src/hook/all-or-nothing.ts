/**
 * A change of several files that is made as a whole or not at all: what fails half-way is put back byte for byte, and told in words of
 * whoever has to mend it. A repository that is half installed would say so of itself ever after.
 */
import { constants } from 'node:fs';
import { chmod, lchown, link, lstat, mkdir, open, readlink, rename, rm, rmdir, stat, symlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import { writeFileAtomic } from '../util/write-atomic.ts';

/** One path as it was before. `other`: something that cannot be read, or is none of these; it is left as it is. */
type Before = { readonly path: string } & (
  | { readonly kind: 'absent' }
  | { readonly kind: 'other' }
  | (Owned & { readonly kind: 'folder' })
  | (Owned & { readonly kind: 'link'; readonly target: string })
  | (Owned & { readonly kind: 'file'; readonly bytes: Buffer; readonly dev: number; readonly ino: number })
);

interface Owned {
  /** Permissions only. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Runs `change`, and puts `paths` back when it fails.
 * @param paths all that it may make, change or remove, each folder before what lies in it
 * @throws LeakgateError `HOOK_INSTALL` for what the system refuses; every other error of `change` as it is
 */
export async function allOrNothing<T>(paths: readonly string[], change: () => Promise<T>): Promise<T> {
  const before = await Promise.all(paths.map(lookAt));
  try {
    return await change();
  } catch (error) {
    const left = await putBack(before);
    throw await inPlainWords(error, left);
  }
}

async function lookAt(path: string): Promise<Before> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => error);
  if (stats instanceof Error)
    return { path, kind: stats.code === 'ENOENT' || stats.code === 'ENOTDIR' ? 'absent' : 'other' };
  const owned = { mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
  if (stats.isDirectory()) return { path, kind: 'folder', ...owned };
  try {
    if (stats.isSymbolicLink()) return { path, kind: 'link', target: await readlink(path), ...owned };
    return stats.isFile() ? await readWhole(path) : { path, kind: 'other' };
  } catch {
    return { path, kind: 'other' };
  }
}

/** Of one open file, so that owner and content belong together. */
async function readWhole(path: string): Promise<Before> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { mode, uid, gid, dev, ino } = await file.stat();
    return { path, kind: 'file', mode: mode & 0o7777, uid, gid, dev, ino, bytes: await file.readFile() };
  } finally {
    await file.close();
  }
}

/** @returns what could not be put back */
async function putBack(before: readonly Before[]): Promise<string[]> {
  const left: string[] = [];
  const attempt = async (one: Before, step: () => Promise<void>): Promise<void> =>
    step().catch(() => void left.push(one.path));
  // What is to go goes last: a hook that was moved is still there under its new name.
  for (const one of before) await attempt(one, () => restore(one, before));
  for (const one of before.toReversed()) if (one.kind === 'absent') await attempt(one, () => remove(one.path));
  return left;
}

async function restore(one: Before, all: readonly Before[]): Promise<void> {
  if (one.kind === 'absent' || one.kind === 'other') return;
  const now = await lookAt(one.path);
  if (isSame(one, now)) return;
  if (one.kind === 'folder') {
    if (now.kind === 'absent') await mkdir(one.path, { mode: one.mode });
  } else if (one.kind === 'link') await replaceWith(one.path, (temporary) => symlink(one.target, temporary));
  else if (now.kind !== 'file' || !now.bytes.equals(one.bytes)) await restoreFile(one, all);
  if (one.kind !== 'link') await chmod(one.path, one.mode);
  const { uid, gid } = await lstat(one.path);
  if (uid !== one.uid || gid !== one.gid) await lchown(one.path, one.uid, one.gid);
}

function isSame(one: Before, now: Before): boolean {
  if (one.kind === 'file' && now.kind === 'file')
    return one.bytes.equals(now.bytes) && one.mode === now.mode && one.uid === now.uid && one.gid === now.gid;
  return JSON.stringify(one) === JSON.stringify(now);
}

/** The file itself where it still has another name, which keeps owner and times; else its bytes. */
async function restoreFile(one: Before & { kind: 'file' }, all: readonly Before[]): Promise<void> {
  for (const { path } of all) {
    if (path === one.path) continue;
    const other = await lookAt(path);
    // A number alone says nothing: a file system gives that of a removed file to the next one.
    if (other.kind !== 'file' || other.ino !== one.ino || other.dev !== one.dev || !isSame(one, other)) continue;
    const linked = await replaceWith(one.path, (temporary) => link(path, temporary)).then(
      () => true,
      () => false,
    );
    if (linked) return;
  }
  await writeFileAtomic(one.path, one.bytes, { mode: one.mode });
}

/** In one rename, so that there is no instant without a hook. */
async function replaceWith(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.before`;
  try {
    await make(temporary);
    await rename(temporary, path);
  } finally {
    // Of two names for one file, renaming one to the other leaves both.
    await rm(temporary, { force: true });
  }
}

/** A folder that somebody has put something into stays. */
async function remove(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return;
  if (!stats.isDirectory()) return rm(path);
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}

async function inPlainWords(error: unknown, left: readonly string[]): Promise<unknown> {
  const outcome =
    left.length === 0 ? 'Everything is as it was before.' : `These could not be put back: ${left.join(', ')}.`;
  const { code, path } = error as NodeJS.ErrnoException;
  if (error instanceof LeakgateError || code === undefined || path === undefined) {
    if (left.length === 0) return error;
    return new LeakgateError('HOOK_INSTALL', `${(error as Error).message}\n${outcome}`, { cause: error });
  }
  const what = path.replace(TEMPORARY, '');
  const remedy = PERMISSION.has(code) ? await whoMay(what) : 'Mend that, then run the same command again.';
  const text = `${what} cannot be changed by ${userName()}: ${reasonOf(code, error as Error)}\n${outcome} ${remedy}`;
  return new LeakgateError('HOOK_INSTALL', text);
}

/** What a file is called while it is being written. */
const TEMPORARY = /\.(?:[0-9a-f]{12}\.tmp|leakgate|before)$/;

const PERMISSION: ReadonlySet<string> = new Set(['EACCES', 'EPERM']);

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
  EDQUOT: 'the quota is used up',
  ENOTDIR: 'something that is no folder is in the way',
  EEXIST: 'something else is in the way',
  EISDIR: 'a folder is in the way',
};

function reasonOf(code: string, { message }: Error): string {
  const reason = REASONS[code];
  return reason === undefined ? message : `${reason} (${code})`;
}

/** Whoever owns the nearest folder that is there. */
async function whoMay(path: string): Promise<string> {
  const folder = dirname(path);
  const stats = await stat(folder).catch(() => undefined);
  if (stats === undefined && folder !== path) return whoMay(folder);
  if (stats === undefined) return '';
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
  return `${folder} belongs to user ${stats.uid} (mode ${mode}): run the same command as the account that owns the repository, or as root.`;
}

function userName(): string {
  const uid = process.geteuid?.();
  try {
    return uid === undefined ? userInfo().username : `user ${uid} (${userInfo().username})`;
  } catch {
    return `user ${uid ?? 'unknown'}`; // an account without an entry in the list of users
  }
}
