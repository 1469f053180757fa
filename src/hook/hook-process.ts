/**
 * The process a hook runs in: its input, what it says, how it ends, and what becomes of everything unforeseen.
 *
 * Only an exit code of 0 accepts a push, so a process that merely dies refuses it. What is left to do here: say why in words, and keep a
 * client that went away from turning one verdict into another.
 */
import { readFileSync } from 'node:fs';
import { describeFailure } from './failure-message.ts';
import type { HookExit } from './hook-exit.ts';
import { printToClient } from './print-to-client.ts';

/** What the flow needs of the outside world. */
export interface HookHost {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** All of standard input. */
  readonly readInput: () => Promise<string>;
  /** Says something to the person who pushes. Never throws, never changes the verdict. */
  readonly print: (text: string) => void;
}

export interface HookProcess extends HookHost {
  /** Prints the message and ends the process. The first call decides. */
  end(exit: HookExit): never;
}

export function createHookProcess(host: NodeJS.Process): HookProcess {
  let decided: HookExit | undefined;
  const end = (exit: HookExit): never => {
    decided ??= exit;
    host.exitCode = decided.code;
    if (decided === exit) printToClient(exit.message);
    host.exit(decided.code);
  };
  const onUnforeseen = (error: unknown): void => {
    if (isBrokenPipe(error)) return;
    end(decided ?? describeFailure(error));
  };
  host.on('uncaughtException', onUnforeseen);
  host.on('unhandledRejection', onUnforeseen);
  // The event loop ran dry: something was waited for that will never come.
  host.on('beforeExit', () => end(decided ?? describeFailure(new Error('the hook came to its end without a verdict'))));
  return { env: host.env, cwd: host.cwd(), readInput: readStandardInput, print: printToClient, end };
}

/**
 * In one go where that works: git has written the lines by the time node is up, and each detour through the event loop or `process.stdin` costs
 * milliseconds. As latin-1, so that bytes of a ref name which are not UTF-8 do not become others.
 */
async function readStandardInput(): Promise<string> {
  try {
    return readFileSync(0, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

function isBrokenPipe(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'EPIPE' && syscall === 'write';
}
