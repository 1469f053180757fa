/**
 * Repositories that several accounts write to (`git init --shared`). git lets each of them push; the hook does not: policy, caches and audit log
 * belong to one account, because whoever can write what the hook goes by can switch it off for all others.
 */
import { stat } from 'node:fs/promises';
import type { Repository } from '../git/repository.ts';
import { runGit } from '../git/spawn.ts';
import { hookPlace } from './hook-place.ts';

const KEY = 'core.sharedRepository';

/** Values with which git, too, keeps a repository to one account. */
const NOT_SHARED: ReadonlySet<string> = new Set(['umask', 'false', 'no', 'off', '0']);

/** What to tell whoever installs the hook there, or looks at it; `undefined` for a repository of one account. */
export async function warnOfSharing(repository: Repository): Promise<string | undefined> {
  const { stdout, status } = await runGit(repository, ['config', '--get', KEY], { accept: [1] });
  const value = stdout.toString('utf8').replace(/\n$/, '');
  if (status !== 0 || NOT_SHARED.has(value.toLowerCase())) return undefined;
  const { own } = hookPlace(repository);
  const stats = await stat(own).catch(() => undefined);
  const owner = stats === undefined ? '' : `, user ${stats.uid}`;
  return `${KEY} is ${value === '' ? 'true' : value}, and pushes of other accounts than the owner of ${own}${owner}, are refused: policy and audit log belong to one. Let one account serve all pushes, as servers for ssh and HTTP do`;
}
