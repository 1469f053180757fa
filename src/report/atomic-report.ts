import { open, readlink, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import { writeFileAtomic } from '../util/write-atomic.ts';
import { PRINTERS } from './report.ts';
import type { ReportFormat, ReportInput } from './report.ts';
import { toChunks } from './write-pieces.ts';

export interface ReportFileOptions {
  /** The report holds secrets in clear: only the owner may read the file. */
  readonly showSecrets: boolean;
}

/**
 * Writes the report to a file that is there whole or not at all. A link is followed; a device or pipe (`-o /dev/stdout`) is written
 * to in place. An existing file keeps its permissions, unless they are too wide for secrets. Throws `OUTPUT_FAILED`.
 */
export async function writeReportFile(
  format: ReportFormat,
  input: ReportInput,
  path: string,
  { showSecrets }: ReportFileOptions,
): Promise<void> {
  const chunks = toChunks(PRINTERS[format](input, { color: false }));
  try {
    const target = await findTarget(path);
    if (target.special) await writeInPlace(target.path, chunks);
    else await writeFileAtomic(target.path, chunks, { mode: showSecrets ? 0o600 : target.mode });
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
  readonly mode: number;
}

async function findTarget(path: string): Promise<Target> {
  try {
    // Not by its real path: that of a pipe behind `/dev/stdout` names nothing.
    const stats = await stat(path);
    if (!stats.isFile() || /^\/(?:dev|proc)\//.test(path)) return { path, special: true, mode: 0 };
    return { path: await realpath(path), special: false, mode: stats.mode & 0o777 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const target = await readlink(path).catch(() => undefined);
    if (target !== undefined) return findTarget(resolve(dirname(path), target));
    return { path, special: false, mode: 0o666 };
  }
}

async function writeInPlace(path: string, chunks: Iterable<string>): Promise<void> {
  const file = await open(path, 'w');
  try {
    await writeFile(file, chunks);
  } finally {
    await file.close();
  }
}
