import { CommanderError } from 'commander';
import { LeakgateError } from '../model/errors.ts';
import type { CliContext, ExitCode } from './cli-context.ts';
import { printError } from './print-error.ts';
import { createProgram, WELCOME } from './program.ts';
import { printText } from './terminal-text.ts';

/** The parts of `process` that a run uses. */
export type HostProcess = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'env' | 'cwd' | 'on' | 'off' | 'exit'>;

/** Exit code of a process that its user stopped by force: 128 + SIGINT. */
const STOPPED_BY_FORCE = 130;

/** Runs one command line to its end and says how it ended. */
export async function runCli(args: readonly string[], host: HostProcess): Promise<ExitCode> {
  const stop = new AbortController();
  const context: CliContext = {
    stdin: host.stdin,
    stdout: host.stdout,
    stderr: host.stderr,
    env: host.env,
    get cwd() {
      return currentFolder(host);
    },
    signal: stop.signal,
    exitCode: 2,
  };
  const release = listen(host, context, stop);
  try {
    // Nothing was asked, so nothing is known: a script whose arguments got lost must not read this as "clean".
    if (args.length === 0) printText(context.stderr, WELCOME);
    else await createProgram(context).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) context.exitCode = error.exitCode === 0 ? 0 : 2;
    else {
      context.exitCode = 2;
      printError(context, error);
    }
  } finally {
    release();
  }
  return context.exitCode;
}

/** Asked for only where it is needed: a folder that was removed under its shell keeps nobody from what lies elsewhere. */
function currentFolder(host: HostProcess): string {
  try {
    return host.cwd();
  } catch {
    throw new LeakgateError(
      'TARGET_INVALID',
      'the current folder was removed or cannot be read; change to another one',
    );
  }
}

/** Reacts to signals and to a reader that went away, until the returned function is called. */
function listen(host: HostProcess, context: CliContext, stop: AbortController): () => void {
  const onSignal = (): void => {
    if (stop.signal.aborted) host.exit(STOPPED_BY_FORCE);
    printText(context.stderr, `leakgate: stopping${context.stopNote ?? ''} (again to leave at once)`);
    stop.abort(new LeakgateError('SCAN_CANCELLED', 'stopped by the user'));
  };
  // `leakgate scan | head`: the reader has enough. Nobody is there to be told, so end with what is known.
  const onPipeError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE')
      printError(context, new LeakgateError('OUTPUT_FAILED', 'cannot write the output', { cause: error }));
    host.exit(error.code === 'EPIPE' ? context.exitCode : 2);
  };
  const onErrorStreamError = (): void => {
    // Messages that nobody can read change no verdict.
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) host.on(signal, onSignal);
  host.stdout.on('error', onPipeError);
  host.stderr.on('error', onErrorStreamError);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) host.off(signal, onSignal);
  };
}
