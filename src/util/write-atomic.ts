import { randomBytes } from 'node:crypto';
import { link, open, rename, unlink, writeFile } from 'node:fs/promises';

/** What a file is to hold; pieces are written as they come, so that they need not be in memory together. */
export type FileData = string | Uint8Array | Iterable<string>;

export interface WriteOptions {
  /** Permissions of the new file, before the umask. */
  readonly mode?: number;
  /** Whether the content must be on the disk before this returns; `false` for what a restart may lose. */
  readonly sync?: boolean;
}

/**
 * Replaces a file as a whole: readers see the old content or the new, also when the machine stops half-way.
 * A symbolic link is replaced, not followed.
 */
export async function writeFileAtomic(
  path: string,
  data: FileData,
  { mode = 0o666, sync = true }: WriteOptions = {},
): Promise<void> {
  const temporary = await writeBeside(path, data, mode, sync);
  try {
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary);
    throw error;
  }
}

/** Creates a file with its whole content, unless it is there already; whether it was created. Of several processes, one is told yes. */
export async function createFileAtomic(
  path: string,
  data: FileData,
  { mode = 0o666, sync = true }: WriteOptions = {},
): Promise<boolean> {
  const temporary = await writeBeside(path, data, mode, sync);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(temporary);
  }
}

/** Writes a file of its own in the same folder, so that a rename or link cannot cross file systems. */
async function writeBeside(path: string, data: FileData, mode: number, sync: boolean): Promise<string> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', mode);
  try {
    await writeFile(file, data);
    if (sync) await file.sync();
  } catch (error) {
    await unlink(temporary).catch(() => {}); // the first error is the one to tell
    throw error;
  } finally {
    await file.close();
  }
  return temporary;
}
