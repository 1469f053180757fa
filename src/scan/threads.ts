/** Pools of worker threads that read and match (the only importer of piscina). */
import { existsSync } from 'node:fs';
import type { Piscina } from 'piscina';
import { requestStop, type ProgressCells } from './progress-cells.ts';
import type { RangePlan } from './range-scanner.ts';

export type ThreadPool = Piscina;

export interface ThreadOptions {
  readonly min: number;
  readonly max: number;
  /** How long a thread above `min` stays without work. */
  readonly idleMs: number;
  /** The function of the worker that does a task. */
  readonly task: 'scanRange' | 'scanOnce';
  /** Module of the workers; tests give one that dies. */
  readonly workerUrl?: URL | undefined;
  readonly workerData?: RangePlan;
}

/** Memory of JavaScript objects in one worker; content lies outside of it. */
const MAX_HEAP_MB = 512;
/** How long workers may take to come to an end by themselves when the scan is stopped. */
const STOP_GRACE_MS = 2_000;

export async function startThreads(options: ThreadOptions): Promise<ThreadPool> {
  const { Piscina: Pool } = await import('piscina');
  return new Pool({
    filename: (options.workerUrl ?? defaultWorkerUrl()).href,
    name: options.task,
    minThreads: options.min,
    maxThreads: options.max,
    idleTimeout: options.idleMs,
    // Waiting on atomics between tasks would keep a worker from noticing that its git has ended.
    atomics: 'disabled',
    recordTiming: false,
    ...(options.workerData === undefined ? {} : { workerData: options.workerData }),
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
}

/** Asks the workers of a scan to stop when `signal` says so. Those that do not listen are to be ended when `terminate` does. */
export function stopOnAbort(
  signal: AbortSignal,
  cells: ProgressCells,
): { readonly terminate: AbortController; done(): void } {
  const terminate = new AbortController();
  let graceTimer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    requestStop(cells);
    graceTimer = setTimeout(() => terminate.abort(), STOP_GRACE_MS);
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return {
    terminate,
    done() {
      clearTimeout(graceTimer);
      signal.removeEventListener('abort', stop);
    },
  };
}

/** The worker beside this file: from sources (.ts, under a loader), built (.js), or below the folder of a bundle that took this file in. */
function defaultWorkerUrl(): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const beside = new URL(`./worker.${ending}`, import.meta.url);
  return existsSync(beside) ? beside : new URL(`./scan/worker.${ending}`, import.meta.url);
}
