import { constants, createReadStream, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { looksLikeUrl } from '../git/clone-url.ts';
import { openRepository } from '../git/repository.ts';
import type { Repository } from '../git/repository.ts';
import { LeakgateError } from '../model/errors.ts';
import { escapeControls } from '../model/escape.ts';
import type { ScanTarget } from '../scan/scan-target.ts';
import type { CliContext } from './cli-context.ts';
import { cloneTarget } from './clone-target.ts';
import type { ScanFlags } from './scan.ts';
import { printText } from './terminal-text.ts';

/** What the words of a command line mean. */
export interface ResolvedTarget {
  readonly scan: ScanTarget;
  /** The repository it is in, whose configuration then counts. */
  readonly repository?: Repository;
  /** The folder whose `.leakgate.yml` counts; absent where the content's own configuration comes from a commit. */
  readonly folder?: string;
  /** Where a clone came from. */
  readonly cloneUrl?: string;
  /** Removes what was made for the scan. */
  close(): Promise<void>;
}

type TargetFlags = Pick<ScanFlags, 'staged' | 'range' | 'branch' | 'history' | 'all' | 'stdinPath' | 'gitignore'>;

/** Finds out what to scan. Errors are `USAGE_INVALID` or `TARGET_INVALID`. */
export async function resolveTarget(context: CliContext, target: string, flags: TargetFlags): Promise<ResolvedTarget> {
  if (flags.history === true && flags.branch === undefined)
    throw usage('--history goes with --branch <name>; for every ref use --all');
  if (flags.stdinPath !== undefined && target !== '-')
    throw usage('--stdin-path goes with - (standard input) as target');
  if (target === '') throw usage('the target is empty; for the current folder leave it out or say .');
  if (flags.gitignore === true && (target === '-' || wantsHistory(flags)))
    throw usage('--gitignore goes with a folder: leave it out for standard input and for what is in git');
  if (target === '-') return standardInput(context, flags);
  const path = isAbsolute(target) ? resolve(target) : resolve(context.cwd, target);
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined && looksLikeUrl(target)) {
    checkCloneFlags(flags);
    return cloneTarget(context, target, (repository) => historyOf(repository, flags));
  }
  if (stats === undefined)
    throw new LeakgateError('TARGET_INVALID', `there is no file, folder or repository ${escapeControls(target)}`);
  // What a shell puts in place of <(command).
  if (stats.isFIFO() && !wantsHistory(flags)) return namedPipe(context, path, target);
  if (wantsHistory(flags)) {
    const repository = await openRepository(path, { env: context.env, signal: context.signal });
    return { scan: historyOf(repository, flags), repository, close };
  }
  return filesAt(context, path, stats.isDirectory());
}

function standardInput(context: CliContext, flags: TargetFlags): ResolvedTarget {
  if (wantsHistory(flags))
    throw usage('standard input has no history: leave out --staged, --range, --branch and --all');
  const name = flags.stdinPath;
  return {
    scan: { kind: 'stdin', stream: context.stdin, ...(name === undefined ? {} : { name }) },
    folder: context.cwd,
    close,
  };
}

function namedPipe(context: CliContext, path: string, name: string): ResolvedTarget {
  const stream = openPipe(path);
  return {
    scan: { kind: 'stdin', stream, name },
    folder: context.cwd,
    close: async () => void stream.destroy(),
  };
}

/**
 * A named pipe, read as its writers write, from the first to the last; the first may come later. An ordinary open waits for that one in a
 * thread that nothing can call back, not even `process.exit`: where nobody writes, the process would never end. Linux opens without waiting,
 * and does not report the end before there was a writer. Other systems may, and call clean what nobody has read, so there the open waits.
 */
function openPipe(path: string): Readable {
  if (process.platform !== 'linux') return createReadStream(path);
  try {
    return new Socket({
      fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
      readable: true,
      writable: false,
    });
  } catch (cause) {
    throw new LeakgateError('TARGET_INVALID', `${escapeControls(path)} cannot be read`, { cause });
  }
}

/** Before the clone is made, which may take long. */
function checkCloneFlags(flags: TargetFlags): void {
  if (flags.staged === true) throw usage('nothing is staged in a clone: leave out --staged');
  if (flags.gitignore === true) throw usage('--gitignore goes with a folder: leave it out for a clone URL');
  if (flags.range !== undefined) parseRange(flags.range);
}

/** The files at a path, or the history when the path is a repository without files. */
async function filesAt(context: CliContext, path: string, isFolder: boolean): Promise<ResolvedTarget> {
  const folder = isFolder ? path : resolve(path, '..');
  const repository = await openRepository(folder, { env: context.env, signal: context.signal }).catch(
    async (error: unknown) => {
      if (!(error instanceof LeakgateError) || error.code !== 'TARGET_INVALID') throw error;
      // Reading the packed files of a repository that git refuses would find nothing and call it clean.
      if (await looksLikeRepository(folder)) throw error;
      if (await isBelowDotGit(folder))
        printText(
          context.stderr,
          `leakgate: warning: its files are scanned, without configuration and reviews of the repository around them: ${error.message}`,
        );
      return undefined;
    },
  );
  if (isFolder && repository !== undefined && repository.workTree === undefined) {
    return { scan: { kind: 'all', repository }, repository, close };
  }
  const top = repository?.workTree;
  return {
    scan: { kind: 'directory', path, ...(top === undefined ? {} : { top }) },
    folder,
    ...(repository === undefined ? {} : { repository }),
    close,
  };
}

function wantsHistory(flags: TargetFlags): boolean {
  return flags.staged === true || flags.range !== undefined || flags.branch !== undefined || flags.all === true;
}

function historyOf(repository: Repository, flags: TargetFlags): ScanTarget {
  if (flags.staged === true) {
    if (repository.bare) throw usage('nothing can be staged in a bare repository: leave out --staged');
    return { kind: 'staged', repository };
  }
  if (flags.range !== undefined) return { kind: 'range', repository, ...parseRange(flags.range) };
  if (flags.branch !== undefined) {
    return { kind: 'branch', repository, branch: flags.branch, history: flags.history === true };
  }
  return { kind: 'all', repository };
}

function parseRange(range: string): { readonly from: string; readonly to: string } {
  const dots = range.indexOf('..');
  if (dots < 0 || range.startsWith('...', dots)) {
    throw usage(`--range needs two revisions with two dots between them, such as origin/main..HEAD, got "${range}"`);
  }
  return { from: range.slice(0, dots) || 'HEAD', to: range.slice(dots + 2) || 'HEAD' };
}

/** Whether there is a repository around a folder, which git then refuses: it belongs to another user, or is damaged. */
async function isBelowDotGit(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    if ((await stat(join(at, '.git')).catch(() => undefined)) !== undefined) return true;
    if (at === dirname(at)) return false;
  }
}

async function looksLikeRepository(folder: string): Promise<boolean> {
  const parts = await Promise.all(
    ['HEAD', 'objects', 'refs'].map((name) => stat(join(folder, name)).catch(() => undefined)),
  );
  return parts.every((part) => part !== undefined);
}

function usage(message: string): LeakgateError {
  return new LeakgateError('USAGE_INVALID', message);
}

async function close(): Promise<void> {
  // nothing was made
}
