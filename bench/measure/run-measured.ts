/**
 * Runs a program and says what it cost with everything it started. Node counts its own processor time only, so bash's `time` does it: the
 * kernel adds a child's time to its parent when it is waited for, and bash reports that sum to the millisecond. A child nobody waits for is not
 * in it; git and the peers wait for all of theirs.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { isolatedEnv } from '../../test/helpers/temp-repo.ts';

export interface MeasuredRun {
  /** Exit code; -1 when a signal ended it. */
  readonly status: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Most memory of the program's own process (VmHWM), where /proc tells. */
  readonly peakMiB?: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

export interface MeasuredOptions {
  readonly cwd?: string;
  /** Added to an environment without the user's git and Leakgate configuration. */
  readonly env?: NodeJS.ProcessEnv;
  /** File to read as standard input. */
  readonly input?: string;
  /** Whether standard output is wanted; it goes to /dev/null otherwise. */
  readonly keepOutput?: boolean;
  readonly limitMs?: number;
}

// The program's own standard error is descriptor 4, so that what `time` says stands alone on 3.
const SCRIPT = `TIMEFORMAT='%3R %3U %3S'; { time "$@" 2>&4 3>&- 4>&-; } 4>&2 2>&3`;
const PEAK_EVERY_MS = 50;

export async function runMeasured(command: readonly string[], options: MeasuredOptions = {}): Promise<MeasuredRun> {
  const input = options.input === undefined ? 'ignore' : openSync(options.input, 'r');
  const output = options.keepOutput === true ? 'pipe' : 'ignore';
  const bash = spawn('bash', ['-c', SCRIPT, 'bench', ...command], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: isolatedEnv(options.env),
    stdio: [input, output, 'pipe', 'pipe'],
    // A group of its own, so that a limit ends the program's children too.
    detached: true,
  });
  if (typeof input === 'number') closeSync(input);
  const [stdout, stderr, times] = [bash.stdio[1], bash.stdio[2], bash.stdio[3]].map(collect);
  const peak = watchPeak(bash);
  let timedOut = false;
  const limit = setTimeout(() => {
    timedOut = true;
    if (bash.pid !== undefined) process.kill(-bash.pid, 'SIGKILL');
  }, options.limitMs ?? 3_600_000);
  const started = performance.now();
  try {
    const status = await new Promise<number>((resolve, reject) => {
      bash.once('error', reject);
      bash.once('close', (code) => resolve(code ?? -1));
    });
    const [real, user, system] = (times?.() ?? '').trim().replaceAll(',', '.').split(' ').map(Number);
    return {
      status,
      wallMs: timedOut || real === undefined ? performance.now() - started : real * 1000,
      cpuMs: timedOut ? Number.NaN : ((user ?? Number.NaN) + (system ?? Number.NaN)) * 1000,
      ...(peak.mebibytes() === 0 ? {} : { peakMiB: peak.mebibytes() }),
      stdout: stdout?.() ?? '',
      stderr: stderr?.() ?? '',
      timedOut,
    };
  } finally {
    clearTimeout(limit);
    peak.close();
  }
}

function collect(stream: NodeJS.ReadableStream | NodeJS.WritableStream | null | undefined): () => string {
  const chunks: Buffer[] = [];
  if (stream !== null && stream !== undefined && 'read' in stream) {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  }
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Reads the high-water mark of bash's child now and then; it only grows, so no more than the last moments are missed. */
function watchPeak(bash: ChildProcess): { mebibytes(): number; close(): void } {
  let program: string | undefined;
  let kibibytes = 0;
  const look = (): void => {
    try {
      program ??= readFileSync(`/proc/${bash.pid}/task/${bash.pid}/children`, 'latin1').split(' ', 1)[0] || undefined;
      if (program === undefined) return;
      const [, mark] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${program}/status`, 'latin1')) ?? [];
      kibibytes = Math.max(kibibytes, Number(mark ?? 0));
    } catch {
      // It has ended, or this is not Linux: then there is no such figure.
    }
  };
  const timer = setInterval(look, PEAK_EVERY_MS);
  return { mebibytes: () => Math.round(kibibytes / 1024), close: () => clearInterval(timer) };
}
