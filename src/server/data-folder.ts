import { mkdir, stat } from 'node:fs/promises';
import { LeakgateError } from '../model/errors.ts';

/**
 * Makes the data directory, for its owner alone; or checks one that is there. It holds findings, keys and passwords' hashes, so one that others
 * may read or write, or that is another user's, is refused.
 *
 * @throws LeakgateError `TARGET_INVALID`
 */
export async function openDataFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new LeakgateError(
      'TARGET_INVALID',
      `the data directory ${path} cannot be made: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
  const folder = await stat(path);
  if (!folder.isDirectory()) throw new LeakgateError('TARGET_INVALID', `the data directory ${path} is no directory`);
  if (process.platform === 'win32') return;
  if ((folder.mode & 0o077) !== 0) {
    const mode = (folder.mode & 0o777).toString(8).padStart(4, '0');
    throw new LeakgateError(
      'TARGET_INVALID',
      `the data directory ${path} is open to others than its owner (mode ${mode}); run: chmod 700 ${path}`,
    );
  }
  if (folder.uid !== process.getuid?.())
    throw new LeakgateError(
      'TARGET_INVALID',
      `the data directory ${path} is another user's; start the server as that user`,
    );
}
