import { formatProblem, LeakgateError, ProblemsError } from '../model/errors.ts';
import type { Problem } from '../model/errors.ts';
import type { CliContext } from './cli-context.ts';
import { countOf } from './count-of.ts';
import { printText } from './terminal-text.ts';

/** Says what went wrong: one line first, then the details. A stack trace only when LEAKGATE_DEBUG is set. */
export function printError(context: Pick<CliContext, 'stderr' | 'env'>, error: unknown): void {
  const [headline, ...details] = describeError(error);
  printText(context.stderr, [`leakgate: ${headline ?? 'failed'}`, ...details.map((line) => `  ${line}`)].join('\n'));
  if (isDebug(context.env) && error instanceof Error) printText(context.stderr, stackOf(error));
}

/** Prints what was wrong and did not stop us, one line each. */
export function printWarnings(context: Pick<CliContext, 'stderr'>, problems: readonly Problem[]): void {
  for (const problem of problems) printText(context.stderr, `leakgate: warning: ${formatProblem(problem)}`);
}

function describeError(error: unknown): string[] {
  if (error instanceof ProblemsError) {
    return [`${countOf(error.problems.length, 'problem')} to mend first:`, ...error.problems.map(formatProblem)];
  }
  if (error instanceof LeakgateError) {
    return [...error.message.split('\n'), ...causeOf(error)];
  }
  const message = error instanceof Error ? error.message : String(error);
  return [
    `internal error: ${message.split('\n')[0] ?? ''}`,
    'This is a defect of Leakgate. Run again with LEAKGATE_DEBUG=1 and report what it prints, please.',
  ];
}

function causeOf(error: LeakgateError): string[] {
  if (!(error.cause instanceof Error)) return [];
  return error.cause.message
    .split(/[\r\n]+/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !error.message.includes(line));
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

function isDebug(env: NodeJS.ProcessEnv): boolean {
  return env['LEAKGATE_DEBUG'] !== undefined && env['LEAKGATE_DEBUG'] !== '' && env['LEAKGATE_DEBUG'] !== '0';
}
