/**
 * The one place that starts git on a repository. It gives every command the hardened environment and options, ends it when the caller
 * cancels, and turns its failure into an error that can be shown. What is read from git is the other files' business.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { LeakgateError } from '../model/errors.ts';
import { escapeControls } from '../model/escape.ts';
import { GIT_OPTIONS } from './environment.ts';

/** Where a command runs; a `Repository` is one. */
export interface GitPlace {
  /** Working directory of the command. */
  readonly gitDir: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface GitExit {
  /** Exit code; `undefined` when a signal ended git. */
  readonly status: number | undefined;
  readonly signal?: NodeJS.Signals;
  /** What git said, at most a few lines, safe to print. */
  readonly stderr: string;
}

export interface GitProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when git has ended and its output is closed. Rejects only when git could not be started. */
  readonly exit: Promise<GitExit>;
  kill(): void;
}

export interface GitOutput {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  /** Exit codes besides 0 that are an answer and not a failure. */
  readonly accept?: readonly number[];
  /** More output than this is a failure. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

const MAX_STDERR_BYTES = 4096;
const DEFAULT_MAX_BYTES = 64 << 20;

/** Runs git to its end and returns what it printed. */
export async function runGit(place: GitPlace, args: readonly string[], options: RunOptions = {}): Promise<GitOutput> {
  const { accept = [], maxBytes = DEFAULT_MAX_BYTES, signal } = options;
  const git = spawnGit(place, args, { signal });
  git.stdin.end(options.input ?? '');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of git.stdout as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      git.kill();
      git.stdout.destroy();
      await git.exit;
      throw new LeakgateError('GIT_FAILED', `git ${commandName(args)} printed more than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const exit = await git.exit;
  throwIfAborted(signal);
  if (exit.status === undefined || (exit.status !== 0 && !accept.includes(exit.status))) throw gitFailed(args, exit);
  return { status: exit.status, stdout: Buffer.concat(chunks, size), stderr: exit.stderr };
}

/** Starts git. The caller reads `stdout`, waits for `exit`, and kills it when it leaves early. */
export function spawnGit(
  place: GitPlace,
  args: readonly string[],
  options: { signal?: AbortSignal | undefined } = {},
): GitProcess {
  const { signal } = options;
  throwIfAborted(signal);
  const child = startIn(place, args);
  // The commands we run only read, so there is nothing to tidy up for which a gentler signal would be needed.
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  // A git that ends early closes its input: its exit code tells the story, not our EPIPE.
  child.stdin.on('error', () => {});
  const exit = waitForExit(child).finally(() => signal?.removeEventListener('abort', kill));
  exit.catch(() => {});
  return { stdin: child.stdin, stdout: child.stdout, exit, kill };
}

/** Starts the process. Where its folder is a file, `spawn` throws instead of telling it later. */
function startIn(
  { gitDir, env }: GitPlace,
  args: readonly string[],
): ChildProcessByStdio<Writable, Readable, Readable> {
  try {
    return spawn('git', [...GIT_OPTIONS, ...args], {
      cwd: gitDir,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOTDIR') throw cause;
    throw new LeakgateError('TARGET_INVALID', `${escapeControls(gitDir)} is a file, not a repository`);
  }
}

/** The error for a git that ended in failure. */
export function gitFailed(args: readonly string[], exit: GitExit): LeakgateError {
  const how = exit.signal === undefined ? `ended with ${exit.status}` : `was ended by ${exit.signal}`;
  return new LeakgateError(
    'GIT_FAILED',
    `git ${commandName(args)} ${how}${exit.stderr === '' ? '' : `: ${exit.stderr}`}`,
  );
}

/** Throws when the caller has cancelled: with the caller's own reason when that is an error of ours (a deadline), else `SCAN_CANCELLED`. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw signal.reason instanceof LeakgateError
    ? signal.reason
    : new LeakgateError('SCAN_CANCELLED', 'the scan was cancelled', { cause: signal.reason });
}

function commandName(args: readonly string[]): string {
  let index = 0;
  while (args[index] === '-c') index += 2;
  return args[index] ?? '';
}

function waitForExit(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<GitExit> {
  const errors: Buffer[] = [];
  let errorBytes = 0;
  child.stderr.on('data', (chunk: Buffer) => {
    if (errorBytes < MAX_STDERR_BYTES) errors.push(chunk);
    errorBytes += chunk.length;
  });
  return new Promise((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new LeakgateError(
          'GIT_FAILED',
          `git cannot be started (${cause.code ?? cause.message}); is it installed and on PATH?`,
          { cause },
        ),
      );
    });
    child.once('close', (code, signal) => {
      const stderr = readableStderr(Buffer.concat(errors).subarray(0, MAX_STDERR_BYTES));
      resolve({ status: code ?? undefined, ...(signal === null ? {} : { signal }), stderr });
    });
  });
}

function readableStderr(bytes: Buffer): string {
  const lines = bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.slice(0, 4).map(escapeControls).join('; ');
}
