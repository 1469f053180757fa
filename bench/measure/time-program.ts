import { spawnSync } from 'node:child_process';

export interface TimedRun {
  readonly status: number;
  readonly wallMs: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TimedOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly input?: string;
}

/** Runs a short program and takes the time from just before it is started to its end: for figures of some tens of milliseconds. */
export function timeProgram([program = '', ...args]: readonly string[], options: TimedOptions): TimedRun {
  const started = performance.now();
  const run = spawnSync(program, args, { ...options, encoding: 'utf8', maxBuffer: 1 << 28 });
  const wallMs = performance.now() - started;
  if (run.error !== undefined) throw run.error;
  return { status: run.status ?? -1, wallMs, stdout: run.stdout, stderr: run.stderr };
}
