import { lstat, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from '../git/repository.ts';
import { runGit } from '../git/spawn.ts';
import { writeFileAtomic } from '../util/write-atomic.ts';
import type { InstallRecord } from './install-record.ts';

const KEY = 'receive.advertisePushOptions';

type ConfigRecord = NonNullable<InstallRecord['config']>;

/**
 * Without this setting a client that sends a push option dies before any hook is asked. Returns what to put back later: what an earlier
 * installation noted, or what is changed now; undefined when the setting was on already.
 */
export async function offerPushOptions(
  repository: Repository,
  earlier: ConfigRecord | undefined,
): Promise<ConfigRecord | undefined> {
  if (await advertisesPushOptions(repository)) return earlier;
  const file = join(repository.gitDir, 'config');
  const before = await readFile(file, 'base64');
  await runGit(repository, ['config', '--file', file, KEY, 'true']);
  return { before, after: await readFile(file, 'base64') };
}

export async function advertisesPushOptions(repository: Repository): Promise<boolean> {
  const { stdout } = await runGit(repository, ['config', '--type=bool', '--get', KEY], { accept: [1] });
  return stdout.toString('latin1').trim() === 'true';
}

/** Puts the configuration back as it was; only the setting, when somebody has changed more of it meanwhile. */
export async function withdrawPushOptions(repository: Repository, { before, after }: ConfigRecord): Promise<void> {
  const file = join(repository.gitDir, 'config');
  if ((await readFile(file, 'base64')) === after && !(await lstat(file)).isSymbolicLink()) {
    await writeFileAtomic(file, Buffer.from(before, 'base64'), { mode: (await stat(file)).mode & 0o777 });
    return;
  }
  await runGit(repository, ['config', '--file', file, '--unset-all', KEY], { accept: [5] });
}
