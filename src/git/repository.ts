/**
 * Opening a repository: from a path, or from the environment git gives to a hook. The result is plain data that crosses threads; every
 * other function of this folder takes it first. Nothing here or below writes to the repository or runs a program it names.
 */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import { escapeControls } from '../model/escape.ts';
import { commonDirOf } from './common-dir.ts';
import { hardenedEnv, hookEnv } from './environment.ts';
import { runGit, type GitPlace } from './spawn.ts';

export type ObjectFormat = 'sha1' | 'sha256';

export interface Repository extends GitPlace {
  /** Absolute path of the repository itself (`…/.git`, or the bare folder; of a linked worktree its own folder inside). */
  readonly gitDir: string;
  /** Absolute path of what all worktrees share: configuration, hooks, and what we keep. The same as `gitDir`, but in a linked worktree. */
  readonly commonDir: string;
  /** Absolute path of the checkout, when `path` was inside one. */
  readonly workTree?: string;
  readonly bare: boolean;
  readonly objectFormat: ObjectFormat;
  /** History was cut when it was cloned: what is older is not here and cannot be scanned. */
  readonly shallow: boolean;
  /** Environment for git commands on it, hardened; `GIT_DIR` in it is absolute. */
  readonly env: NodeJS.ProcessEnv;
  /** Opened inside a push: pushed objects are visible, and not yet accepted. */
  readonly quarantine: boolean;
}

export interface OpenOptions {
  /** Default: `process.env`. Its `GIT_DIR` and the like are ignored: `path` says which repository. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** The operator has registered exactly this path: read it although another user owns it (git's `safe.directory`). */
  readonly registered?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Hex digits of an object id. */
export function oidLength(format: ObjectFormat): 40 | 64 {
  return format === 'sha1' ? 40 : 64;
}

/** Opens the repository at `path` or above it. `TARGET_INVALID` when there is none or git refuses it. */
export async function openRepository(path: string, options: OpenOptions = {}): Promise<Repository> {
  const { registered = false, signal } = options;
  const folder = await realpath(path).catch((cause: unknown) => {
    throw new LeakgateError('TARGET_INVALID', `${escapeControls(path)} does not exist or cannot be read`, { cause });
  });
  // Found first without GIT_DIR, because git checks the owner of what it finds and not of what it is told.
  const place = { gitDir: folder, env: hardenedEnv(options.env ?? process.env) };
  const trust = registered ? ['-c', `safe.directory=${folder}`, '-c', 'safe.bareRepository=all'] : [];
  const found = await describe(place, trust, path, signal);
  const workTree = found.insideWorkTree ? await topLevel(place, trust, signal) : undefined;
  return {
    gitDir: found.gitDir,
    commonDir: commonDirOf(found.gitDir),
    ...(workTree === undefined ? {} : { workTree }),
    bare: found.bare,
    objectFormat: found.objectFormat,
    shallow: found.shallow,
    env: { ...place.env, GIT_DIR: found.gitDir },
    quarantine: false,
  };
}

/**
 * The same, and for the path of a linked worktree the repository that it belongs to: for what a repository has one of, such as its hooks.
 */
export async function openMainRepository(path: string, options: OpenOptions = {}): Promise<Repository> {
  const opened = await openRepository(path, options);
  return opened.commonDir === opened.gitDir ? opened : openRepository(opened.commonDir, options);
}

export interface HookOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Opens the repository of the hook we run in. `env` and `cwd` are those that git gave to the hook. */
export async function openHookRepository(options: HookOptions = {}): Promise<Repository> {
  return startHookRepository(options).opened;
}

/** A hook's repository being opened. git can be asked in `place` before its first answer is there, which a push need not wait for. */
export interface HookOpening {
  readonly place: GitPlace;
  /** See `Repository`. */
  readonly commonDir: string;
  readonly opened: Promise<HookRepository>;
}

export interface HookRepository extends Repository {
  /** Whether there is something at `lookFor`; `unclear` when git's answer was another one than these two. */
  readonly found: 'something' | 'nothing' | 'unclear';
}

/**
 * Starts to open the repository of the hook we run in.
 * @param options.lookFor an object (`HEAD:.gitignore`) that is asked for in the same breath
 */
export function startHookRepository(options: HookOptions & { readonly lookFor?: string } = {}): HookOpening {
  const { env = process.env, cwd = process.cwd(), signal, lookFor } = options;
  if (env['GIT_DIR'] === undefined) {
    throw new LeakgateError('HOOK_INPUT', 'GIT_DIR is not set: this must be started by git as a hook');
  }
  const place = { gitDir: resolve(cwd, env['GIT_DIR']), env: hookEnv(env, cwd) };
  const commonDir = commonDirOf(place.gitDir);
  const opened = describeHook(place, lookFor, signal).then((found) => ({
    ...place,
    commonDir,
    ...found,
    quarantine: env['GIT_QUARANTINE_PATH'] !== undefined,
  }));
  // Whoever waits for it is told; until then it must not count as unhandled.
  opened.catch(() => {});
  return { place, commonDir, opened };
}

/** One git for all that is asked: each costs a push milliseconds. */
async function describeHook(
  place: GitPlace,
  lookFor: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Pick<HookRepository, 'bare' | 'objectFormat' | 'shallow' | 'found'>> {
  const questions = [
    '--is-bare-repository',
    '--show-object-format',
    '--is-shallow-repository',
    ...(lookFor === undefined ? [] : [lookFor]),
  ];
  const answer = await runGit(place, ['rev-parse', ...questions], {
    accept: lookFor === undefined ? [] : [128],
    signal,
  });
  const [bare, format, shallow] = answer.stdout.toString('latin1').split('\n');
  if ((format !== 'sha1' && format !== 'sha256') || (shallow !== 'true' && shallow !== 'false')) {
    throw new LeakgateError(
      'TARGET_INVALID',
      `${escapeControls(place.gitDir)} is not a git repository that can be read: ${answer.stderr}`,
    );
  }
  const found =
    lookFor === undefined
      ? 'unclear'
      : answer.status === 0
        ? 'something'
        : NOTHING_THERE.test(answer.stderr)
          ? 'nothing'
          : 'unclear';
  return { bare: bare === 'true', objectFormat: format, shallow: shallow === 'true', found };
}

/** What rev-parse dies of when there is no such path, or no such commit: a HEAD without a commit yet. */
const NOTHING_THERE = /^fatal: (?:path '.*' does not exist in '|invalid object name ')/;

interface Description {
  readonly bare: boolean;
  readonly insideWorkTree: boolean;
  readonly objectFormat: ObjectFormat;
  readonly shallow: boolean;
  readonly gitDir: string;
}

async function describe(
  place: GitPlace,
  trust: readonly string[],
  path: string,
  signal: AbortSignal | undefined,
): Promise<Description> {
  // The path is asked for last: a folder's name may have newlines in it.
  const questions = [
    '--is-bare-repository',
    '--is-inside-work-tree',
    '--show-object-format',
    '--is-shallow-repository',
    '--absolute-git-dir',
  ];
  const answer = await runGit(place, [...trust, 'rev-parse', ...questions], { signal }).catch((cause: unknown) => {
    if (!(cause instanceof LeakgateError) || cause.code !== 'GIT_FAILED') throw cause;
    throw new LeakgateError(
      'TARGET_INVALID',
      `${escapeControls(path)} is not a git repository that can be read: ${cause.message}`,
      { cause },
    );
  });
  const [bare, inside, format, shallow, ...rest] = answer.stdout.toString('utf8').replace(/\n$/, '').split('\n');
  if ((format !== 'sha1' && format !== 'sha256') || rest.length === 0) {
    throw new LeakgateError(
      'TARGET_INVALID',
      `${escapeControls(path)}: git answered ${JSON.stringify(answer.stdout.toString('utf8'))}, which is not understood`,
    );
  }
  return {
    bare: bare === 'true',
    insideWorkTree: inside === 'true',
    objectFormat: format,
    shallow: shallow === 'true',
    gitDir: rest.join('\n'),
  };
}

async function topLevel(place: GitPlace, trust: readonly string[], signal: AbortSignal | undefined): Promise<string> {
  const answer = await runGit(place, [...trust, 'rev-parse', '--show-toplevel'], { signal });
  return answer.stdout.toString('utf8').replace(/\n$/, '');
}
