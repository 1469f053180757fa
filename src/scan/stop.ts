import { LeakgateError } from '../model/errors.ts';

/** When a scan has to end early: the caller cancelled, or its deadline passed. */
export interface Stop {
  /** Ends reading and matching. Aborted with a `LeakgateError` as its reason. */
  readonly signal: AbortSignal;
  /** Ends everything: aborted a little later, so that what was found by then still gets its commit and author. */
  readonly final: AbortSignal;
  /** Why it was stopped, in the word of coverage; undefined while it goes on. */
  readonly reason: () => 'cancelled' | 'deadline' | undefined;
  /** Lets go of timer and caller's signal. */
  close(): void;
}

/** Time to finish after a stop, in milliseconds. Whoever sets a deadline leaves so much room behind it. */
export const FINISH_MS = 1_500;

export function createStop(caller: AbortSignal | undefined, deadlineMs: number | undefined): Stop {
  const controller = new AbortController();
  // A caller with a deadline of its own says so in the reason.
  const cancel = (): void =>
    controller.abort(
      caller?.reason instanceof LeakgateError
        ? caller.reason
        : new LeakgateError('SCAN_CANCELLED', 'the scan was cancelled', { cause: caller?.reason }),
    );
  const expire = (): void =>
    controller.abort(new LeakgateError('SCAN_DEADLINE', `the scan passed its deadline of ${deadlineMs} ms`));
  const final = new AbortController();
  let finalTimer: NodeJS.Timeout | undefined;
  const finish = (): void => void (finalTimer = setTimeout(() => final.abort(controller.signal.reason), FINISH_MS));
  controller.signal.addEventListener('abort', finish, { once: true });
  const timer = deadlineMs === undefined ? undefined : setTimeout(expire, deadlineMs);
  if (caller?.aborted === true) cancel();
  caller?.addEventListener('abort', cancel, { once: true });
  return {
    signal: controller.signal,
    final: final.signal,
    reason: () => {
      if (!controller.signal.aborted) return undefined;
      return (controller.signal.reason as LeakgateError).code === 'SCAN_DEADLINE' ? 'deadline' : 'cancelled';
    },
    close() {
      clearTimeout(timer);
      clearTimeout(finalTimer);
      caller?.removeEventListener('abort', cancel);
    },
  };
}
