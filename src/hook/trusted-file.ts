import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/**
 * All bytes of a file that only its owner can write, and that owner is root or the account we run as: whoever can write what the hook goes by
 * can switch it off. One read of known size, since such files can be megabytes. Nothing is followed, and nothing is waited for.
 * @throws Error with the system's `code` when the file cannot be read, without one when it cannot be trusted
 */
export function readTrustedFile(path: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    const { uid, mode, size } = stats;
    if (!stats.isFile()) throw new Error('it is not a regular file');
    if (process.geteuid !== undefined) {
      if (uid !== 0 && uid !== process.geteuid())
        throw new Error(`it belongs to user ${uid}, who is neither root nor the account that the hook runs as`);
      if ((mode & 0o022) !== 0)
        throw new Error(`others than its owner may write it, so it cannot be trusted; run: chmod go-w on it`);
    }
    const bytes = Buffer.allocUnsafeSlow(size);
    if (readSync(file, bytes) !== size) throw new Error('it changed while it was read');
    return bytes;
  } finally {
    closeSync(file);
  }
}
