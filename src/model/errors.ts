/**
 * Every way in which Leakgate itself can fail. Codes are stable: scripts and logs may rely on them.
 *
 * - `USAGE_INVALID`   arguments that make no sense; exit 2
 * - `CONFIG_INVALID`  a configuration file with problems, all of them listed
 * - `RULE_INVALID`    a rule file with problems, all of them listed
 * - `REVIEW_INVALID`  a reviewed-findings file or import with problems, all of them listed
 * - `KEY_INVALID`     a key file cannot be read or is readable by others, or a text was sealed under a key that is not there
 * - `KEY_BUSY`        the keys are being changed by somebody else at the moment, or one to be dropped is still in use
 * - `GIT_FAILED`      a git command ended in error
 * - `TARGET_INVALID`  the thing to scan is missing, of the wrong kind or refused
 * - `HOOK_INPUT`      pre-receive input that is not what git sends
 * - `HOOK_INSTALL`    the hook cannot be installed, removed or verified
 * - `SCAN_DEADLINE`   the deadline passed
 * - `SCAN_CANCELLED`  the caller cancelled
 * - `OUTPUT_FAILED`   a report could not be written
 * - `STORE_FAILED`    the server's database cannot be opened, reached or used
 * - `STORE_FULL`      there is no space left for the server's database; nothing of the change was kept
 * - `STORE_LOCKED`    another server has the database
 * - `NAME_TAKEN`      something of that name exists already
 * - `VALUE_INVALID`   a name or another value cannot be kept as it is
 * - `INTERNAL`        a defect in Leakgate
 */
export const ERROR_CODES = [
  'USAGE_INVALID',
  'CONFIG_INVALID',
  'RULE_INVALID',
  'REVIEW_INVALID',
  'KEY_INVALID',
  'KEY_BUSY',
  'GIT_FAILED',
  'TARGET_INVALID',
  'HOOK_INPUT',
  'HOOK_INSTALL',
  'SCAN_DEADLINE',
  'SCAN_CANCELLED',
  'OUTPUT_FAILED',
  'STORE_FAILED',
  'STORE_FULL',
  'STORE_LOCKED',
  'NAME_TAKEN',
  'VALUE_INVALID',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error with a stable code and a sentence that names the input and the remedy. */
export class LeakgateError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LeakgateError';
    this.code = code;
  }
}

/** One problem in a file a person wrote. `line` and `column` count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What it is about: a rule id, a key; empty when the whole file is meant. */
  readonly subject: string;
  readonly message: string;
  /** `error` stops the load; `warning` is shown and the load goes on. */
  readonly level: 'error' | 'warning';
}

/** `file:line:col subject: message`, the form every checker of ours prints. */
export function formatProblem(problem: Problem): string {
  const subject = problem.subject === '' ? '' : ` ${problem.subject}:`;
  return `${problem.file}:${problem.line}:${problem.column}${subject} ${problem.message}`;
}

/** All problems of one or several files, thrown together so that they can be mended in one go. */
export class ProblemsError extends LeakgateError {
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, problems: readonly Problem[]) {
    super(code, problems.map(formatProblem).join('\n'));
    this.name = 'ProblemsError';
    this.problems = problems;
  }
}
