import { LeakgateError } from '../model/errors.ts';

/** A signal that aborts at a deadline or when the caller's own signal does, whichever is first. */
export interface Deadline {
  /** Its reason is a LeakgateError `SCAN_DEADLINE` or `SCAN_CANCELLED`. */
  readonly signal: AbortSignal;
  /** Milliseconds left; 0 once it has passed, Infinity without a limit. */
  remainingMs(): number;
  /** Stops the timer and lets go of the caller's signal. Call it in `finally`. */
  close(): void;
}

export interface DeadlineOptions {
  /** Time from now in milliseconds; absent: no limit. */
  readonly ms?: number;
  /** What was set, in milliseconds, where some of it has passed already: what is said when the rest has. */
  readonly of?: number;
  readonly signal?: AbortSignal;
}

/** Starts a deadline. The timer does not keep the process alive. */
export function startDeadline({ ms, of = ms, signal }: DeadlineOptions): Deadline {
  const controller = new AbortController();
  const end = ms === undefined ? Number.POSITIVE_INFINITY : performance.now() + ms;
  const cancel = (): void =>
    controller.abort(new LeakgateError('SCAN_CANCELLED', 'cancelled by the caller', { cause: signal?.reason }));
  const expire = (): void => controller.abort(new LeakgateError('SCAN_DEADLINE', `the deadline of ${of} ms passed`));
  const timer = ms === undefined ? undefined : setTimeout(expire, Math.min(ms, MAX_TIMER_MS)).unref();
  if (signal?.aborted) cancel();
  else signal?.addEventListener('abort', cancel, { once: true });
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(0, end - performance.now()),
    close() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    },
  };
}

/** setTimeout fires at once above 2^31 - 1 (24.8 days). */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs work under a deadline. The work gets the signal; when it does not end by itself, the promise is rejected all the same with the
 * reason of the signal, and what the work does later is ignored.
 */
export async function withDeadline<T>(options: DeadlineOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = startDeadline(options);
  const { signal } = deadline;
  try {
    signal.throwIfAborted();
    return await new Promise<T>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      work(signal).then(resolve, reject);
    });
  } finally {
    deadline.close();
  }
}
