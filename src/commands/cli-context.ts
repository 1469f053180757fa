import type { Readable, Writable } from 'node:stream';

/**
 * - `0` nothing found, and everything was read
 * - `1` findings
 * - `2` could not tell: wrong usage or configuration, an error, or something unread and nothing found
 */
export type ExitCode = 0 | 1 | 2;

/** A stream to print to, which may be a terminal. */
export type TextStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The outside world as one command sees it: built once in `run-cli.ts`, so that nothing below reaches for globals. */
export interface CliContext {
  readonly stdin: Readable;
  /** The report, and nothing else. */
  readonly stdout: TextStream;
  /** Everything said to a person: errors, warnings, progress. */
  readonly stderr: TextStream;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Aborted by the first SIGINT or SIGTERM: end soon, and keep what there is. */
  readonly signal: AbortSignal;
  /** What is said when that happens, after "stopping": what becomes of the work. */
  stopNote?: string;
  /** What the process ends with. Stays at "could not tell" until a command knows better. */
  exitCode: ExitCode;
}
