/** Where git looks for hooks in a repository, and where ours go. */
import { lstat, realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { Repository } from '../git/repository.ts';
import { runGit } from '../git/spawn.ts';
import { LeakgateError } from '../model/errors.ts';

export interface HookPlace {
  /** The repository's own hooks folder; it need not exist. */
  readonly hooks: string;
  /** `hooks/pre-receive`, which git runs: our dispatcher, or that of a server that knows `pre-receive.d` itself. */
  readonly dispatcher: string;
  readonly chain: string;
  /** Our shim in the chain. */
  readonly shim: string;
  /** The hook that was there before, in the chain. */
  readonly existing: string;
  /** Folder of what we keep in the repository: cache, audit log, what was changed by the installation. */
  readonly own: string;
}

/** Files in `own` that are made again whenever they are missing. */
export const CACHES = ['policy.cache', 'hook.code'] as const;

export function hookPlace({ gitDir }: Pick<Repository, 'gitDir'>): HookPlace {
  const hooks = join(gitDir, 'hooks');
  const chain = join(hooks, 'pre-receive.d');
  return {
    hooks,
    dispatcher: join(hooks, 'pre-receive'),
    chain,
    shim: join(chain, '50-leakgate'),
    existing: join(chain, '10-existing'),
    own: join(gitDir, 'leakgate'),
  };
}

/** A reason for which git would not run the repository's own hooks, and how to mend it; `undefined` when it runs them. */
export async function whyHooksAreElsewhere(repository: Repository): Promise<string | undefined> {
  const { hooks } = hookPlace(repository);
  const configured = await readHooksPath(repository);
  if (
    configured !== undefined &&
    (await realpathOf(resolve(repository.gitDir, configured.path))) !== (await realpathOf(hooks))
  ) {
    return `core.hooksPath is ${configured.path} (set in ${configured.file}), so git runs no hook of this repository and says nothing about it. Either let it have its own: git -C ${repository.gitDir} config core.hooksPath ${hooks}; or install Leakgate there by hand, for every repository that uses it: copy hooks/pre-receive of the package and fill in its two paths`;
  }
  if (
    (await lstat(hooks).catch(() => undefined))?.isSymbolicLink() === true &&
    !(await realpath(hooks)).startsWith(repository.gitDir + sep)
  ) {
    return `${hooks} is a link to ${await realpath(hooks)}, which other repositories may use as well. Give this repository a hooks folder of its own, or install Leakgate there by hand`;
  }
  return undefined;
}

/** Our own git commands run with hooks switched off on the command line; this is about what everybody else's git sees. */
async function readHooksPath(
  repository: Repository,
): Promise<{ readonly path: string; readonly file: string } | undefined> {
  const { stdout, status } = await runGit(
    repository,
    ['config', '-z', '--show-origin', '--type=path', '--get-all', 'core.hooksPath'],
    { accept: [1] },
  );
  if (status !== 0) return undefined;
  const fields = stdout.toString('utf8').split('\0');
  let found: { path: string; file: string } | undefined;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [origin = '', path = ''] = fields.slice(at, at + 2);
    if (!origin.startsWith('command line')) found = { path, file: origin.replace(/^file:/, '') };
  }
  return found;
}

async function realpathOf(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/** Throws what keeps the hook from being installed or from being run. */
export async function assertHooksAreHere(repository: Repository): Promise<void> {
  const problem = await whyHooksAreElsewhere(repository);
  if (problem !== undefined) throw new LeakgateError('HOOK_INSTALL', problem);
}
