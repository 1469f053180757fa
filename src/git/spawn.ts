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
  readonly stdout: Readable;
  /** Resolves when git has ended and its output is closed. Rejects only when git could not be started. */
  readonly exit: Promise<GitExit>;
  kill(): void;
}

/** One that is asked as it goes. */
export interface AskedGit extends GitProcess {
  readonly stdin: Writable;
}

export interface GitOutput {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface SpawnOptions {
  /** Everything that git is to read; nothing by default. */
  readonly input?: string | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

export interface RunOptions extends SpawnOptions {
  /** Exit codes besides 0 that are an answer and not a failure. */
  readonly accept?: readonly number[];
  /** More output than this is a failure. */
  readonly maxBytes?: number;
}

const MAX_STDERR_BYTES = 4096;
const DEFAULT_MAX_BYTES = 64 << 20;

/** Runs git to its end and returns what it printed. */
export async function runGit(place: GitPlace, args: readonly string[], options: RunOptions = {}): Promise<GitOutput> {
  const { accept = [], maxBytes = DEFAULT_MAX_BYTES, signal } = options;
  const git = spawnGit(place, args, options);
  const chunks: Buffer[] = [];
  let size = 0;
  const exit = await readOutput(git, (chunk) => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else {
      git.kill();
      git.stdout.destroy();
    }
  });
  if (size > maxBytes)
    throw new LeakgateError('GIT_FAILED', `git ${commandName(args)} printed more than ${maxBytes} bytes`);
  throwIfAborted(signal);
  if (exit.status === undefined || (exit.status !== 0 && !accept.includes(exit.status))) throw gitFailed(args, exit);
  return { status: exit.status, stdout: Buffer.concat(chunks, size), stderr: exit.stderr };
}

/** Starts git. The caller reads `stdout`, waits for `exit`, and kills it when it leaves early. */
export function spawnGit(place: GitPlace, args: readonly string[], options: SpawnOptions = {}): GitProcess {
  const { input = '', signal } = options;
  // To a push, which waits for several gits, a pipe through which nothing comes is half a millisecond each.
  if (input.length === 0) return start<null>(place, args, 'ignore', signal);
  const git = spawnAskedGit(place, args, { signal });
  git.stdin.end(input);
  return git;
}

/** Starts git, which is then asked through `stdin`. */
export function spawnAskedGit(
  place: GitPlace,
  args: readonly string[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AskedGit {
  const git = start<Writable>(place, args, 'pipe', signal);
  // A git that ends early closes its input: its exit code tells the story, not our EPIPE.
  git.stdin.on('error', () => {});
  return git;
}

function start<Input extends Writable | null>(
  place: GitPlace,
  args: readonly string[],
  stdin: Input extends Writable ? 'pipe' : 'ignore',
  signal: AbortSignal | undefined,
): GitProcess & { readonly stdin: Input } {
  throwIfAborted(signal);
  const child = startIn<Input>(place, args, stdin);
  // The commands we run only read, so there is nothing to tidy up for which a gentler signal would be needed.
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  const exit = waitForExit(child).finally(() => signal?.removeEventListener('abort', kill));
  exit.catch(() => {});
  return { stdin: child.stdin, stdout: child.stdout, exit, kill };
}

/** Starts the process. Where its folder is a file, `spawn` throws instead of telling it later. */
function startIn<Input extends Writable | null>(
  { gitDir, env }: GitPlace,
  args: readonly string[],
  stdin: 'pipe' | 'ignore',
): ChildProcessByStdio<Input, Readable, Readable> {
  let child: ChildProcessByStdio<Input, Readable, Readable>;
  try {
    child = spawn('git', [...GIT_OPTIONS, ...args], {
      cwd: gitDir,
      env,
      stdio: [stdin, 'pipe', 'pipe'],
      windowsHide: true,
    }) as ChildProcessByStdio<Input, Readable, Readable>;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOTDIR') throw cause;
    throw new LeakgateError('TARGET_INVALID', `${escapeControls(gitDir)} is a file, not a repository`);
  }
  // Where no more files can be opened (EMFILE, ENFILE) there are no pipes, and an error still to come that would end the process.
  if ((child.stdout as Readable | undefined) !== undefined) return child;
  child.on('error', () => {});
  throw new LeakgateError('GIT_FAILED', 'git cannot be started: too many files are open');
}

/**
 * Takes everything that git prints as it comes. Sooner done than with an iterator of the stream, which a push would wait for. Rejects with what
 * `take` throws, after it has ended git.
 */
export function readOutput({ stdout, exit, kill }: GitProcess, take: (chunk: Buffer) => void): Promise<GitExit> {
  return new Promise((resolve, reject) => {
    stdout.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        reject(error);
        kill();
        stdout.destroy();
      }
    });
    stdout.once('error', (cause) =>
      reject(new LeakgateError('GIT_FAILED', `what git printed cannot be read: ${cause.message}`, { cause })),
    );
    exit.then(resolve, reject);
  });
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

function waitForExit(child: ChildProcessByStdio<Writable | null, Readable, Readable>): Promise<GitExit> {
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
