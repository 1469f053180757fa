/** Watches how long somebody says nothing while he is listened to. */
export interface Silence {
  /** From now on; begins anew at each call. */
  listen(): void;
  /** Whatever time passes now is not his. */
  pause(): void;
}

/** A timer that is late by more than this part of its time tells that this thread was busy. */
const LATE = 1 / 5;

/**
 * @param tooLong called when nothing was heard for `ms` between `listen` and `pause`. Time in which this thread was busy is not counted: what it has
 *   not read, or not even sent, is nobody else's silence.
 */
export function watchSilence(ms: number, tooLong: () => void): Silence {
  let timer: NodeJS.Timeout | undefined;
  let look: NodeJS.Immediate | undefined;
  const pause = (): void => {
    clearTimeout(timer);
    clearImmediate(look);
  };
  const listen = (): void => {
    pause();
    const due = performance.now() + ms;
    timer = setTimeout(() => {
      if (performance.now() - due > ms * LATE) listen();
      // Timers come before what lies in a pipe, so there is one more look at that.
      else look = setImmediate(tooLong);
    }, ms);
  };
  return { listen, pause };
}
