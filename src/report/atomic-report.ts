import { randomBytes } from 'node:crypto';
import { open, realpath, rename, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import { PRINTERS } from './report.ts';
import type { ReportFormat, ReportInput } from './report.ts';
import { toChunks } from './write-pieces.ts';

export interface ReportFileOptions {
  /** The report holds secrets in clear: only the owner may read the file. */
  readonly showSecrets: boolean;
}

/**
 * Writes the report to a file that is there whole or not at all: a temporary file beside it takes its name once everything is on
 * the disk. A link is followed; a device or pipe (`-o /dev/stderr`) is written to in place. Throws `OUTPUT_FAILED`.
 */
export async function writeReportFile(
  format: ReportFormat,
  input: ReportInput,
  path: string,
  options: ReportFileOptions,
): Promise<void> {
  const chunks = toChunks(PRINTERS[format](input, { color: false }));
  try {
    const target = await findTarget(path);
    if (target.special) await writeInPlace(target.path, chunks);
    else await replaceFile(target.path, options.showSecrets ? 0o600 : (target.mode ?? 0o666), chunks);
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error; // a defect of ours, not of the disk
    throw new LeakgateError('OUTPUT_FAILED', `the report could not be written to ${path}: ${message}`, {
      cause: error,
    });
  }
}

interface Target {
  readonly path: string;
  /** Not a regular file: renaming over it would take a device away. */
  readonly special: boolean;
  /** Permissions of the file that is there already. */
  readonly mode?: number;
}

async function findTarget(path: string): Promise<Target> {
  try {
    const real = await realpath(path);
    const stats = await stat(real);
    return { path: real, special: !stats.isFile(), mode: stats.mode & 0o777 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { path, special: false };
  }
}

async function replaceFile(path: string, mode: number, chunks: Iterable<string>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx', mode);
  try {
    await writeAndSync(file, chunks);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {}); // the first error is the one to tell
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeAndSync(file: FileHandle, chunks: Iterable<string>): Promise<void> {
  try {
    for (const chunk of chunks) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeInPlace(path: string, chunks: Iterable<string>): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const chunk of chunks) await file.writeFile(chunk);
  } finally {
    await file.close();
  }
}

/** Makes the rename survive a power cut; not every file system can, and the report is complete without it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
