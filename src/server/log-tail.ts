/**
 * Reads what was appended to a log since the last time. The place is remembered with the bytes before it, so that a log which was cut, replaced or
 * moved aside is noticed: a new one is read from its start, and what is left of the old one first.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** How far a log was read. */
export interface LogPosition {
  readonly inode: number;
  readonly offset: number;
  /** Of the bytes right before `offset`. */
  readonly digest: string;
}

export interface LogPart {
  readonly lines: readonly string[];
  readonly position: LogPosition;
  /** There is more to read at once. */
  readonly more: boolean;
}

/** Bytes before a place that must be as they were. */
const LOOK_BACK = 512;
/** Read at a time. A line is at most some hundred KB: a thousand findings. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Longer lines are not ours. */
const MAX_LINE = 16 * 1024 * 1024;
const LF = 0x0a;

/**
 * The whole lines behind `position`, or from the start where that place is not in the log any more. A line that is being written is left for the
 * next time. `undefined` when there is no such file.
 * @throws Error when it cannot be read, or is no regular file
 */
export async function readLog(path: string, position: LogPosition | undefined): Promise<LogPart | undefined> {
  const file = await openLog(path);
  if (file === undefined) return undefined;
  try {
    const { ino, size } = await file.stat();
    const known = position !== undefined && (await isSame(file, position, { ino, size }));
    return await readFrom(file, { inode: ino, from: known ? position.offset : 0, size });
  } finally {
    await file.close();
  }
}

/** Whether a place in a log still is what it was. */
export async function isSameLog(path: string, position: LogPosition): Promise<boolean> {
  const file = await openLog(path);
  if (file === undefined) return false;
  try {
    return await isSame(file, position, await file.stat());
  } finally {
    await file.close();
  }
}

async function openLog(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  throw new Error(`${path} is not a regular file`);
}

async function isSame(
  file: FileHandle,
  { inode, offset, digest }: LogPosition,
  { ino, size }: { readonly ino: number; readonly size: number },
): Promise<boolean> {
  return inode === ino && size >= offset && (await digestBefore(file, offset)) === digest;
}

async function readFrom(
  file: FileHandle,
  { inode, from, size }: { readonly inode: number; readonly from: number; readonly size: number },
): Promise<LogPart> {
  let bytes = await readBytes(file, from, Math.min(size - from, MAX_BYTES));
  // A single line that is longer than what is read at a time.
  while (bytes.length > 0 && !bytes.includes(LF) && from + bytes.length < size && bytes.length < MAX_LINE)
    bytes = await readBytes(file, from, Math.min(size - from, bytes.length * 2));
  const end = bytes.lastIndexOf(LF) + 1;
  // No end of a line in all that: it is passed over, or nothing behind it would ever be read.
  const skipped = end === 0 && bytes.length >= MAX_LINE ? bytes.length : end;
  const offset = from + skipped;
  const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
  const more = skipped > 0 && offset < size;
  return { lines, more, position: { inode, offset, digest: await digestBefore(file, offset) } };
}

async function digestBefore(file: FileHandle, offset: number): Promise<string> {
  const length = Math.min(LOOK_BACK, offset);
  return createHash('sha256')
    .update(await readBytes(file, offset - length, length))
    .digest('hex');
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, length));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
