/** Runs the real command as a child process: the built one when it is up to date, which starts faster, else its sources. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isolatedEnv } from './temp-repo.ts';

const ROOT = join(import.meta.dirname, '../..');
const COMMAND = isBuilt()
  ? [join(ROOT, 'dist/cli.js')]
  : ['--import', import.meta.resolve('tsx'), join(ROOT, 'src/cli.ts')];

export interface CliRun {
  /** Exit code, or -1 when a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  /** Does not end standard input: the command has to end by itself. */
  readonly keepInputOpen?: boolean;
  /** Called with the running process, to send it a signal for instance. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** Node's arguments that run the command line. */
export function cliArguments(args: readonly string[]): string[] {
  return [...COMMAND, ...args];
}

/** `leakgate <args>` in an environment without configuration of the machine's user. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const child = spawn(process.execPath, cliArguments(args), {
    cwd: options.cwd ?? process.cwd(),
    env: isolatedEnv(options.env),
    stdio: 'pipe',
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => {}); // a command that reads no input has closed it already
  if (options.input !== undefined) child.stdin.write(options.input);
  if (options.keepInputOpen !== true) child.stdin.end();
  options.onStart?.(child);
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? -1));
  });
  return { status, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') };
}

/** Whether dist/ was made after the last change of a source. */
function isBuilt(): boolean {
  const built = statSync(join(ROOT, 'dist/cli.js'), { throwIfNoEntry: false });
  if (built === undefined) return false;
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  return sources.every((name) => statSync(join(ROOT, 'src', name)).mtimeMs < built.mtimeMs);
}
