/** Scans at set times (the only importer of croner). Times are UTC, whatever the machine's clock shows. */
import { Cron } from 'croner';

/** What is wrong with a cron expression; undefined when nothing is. */
export function scheduleProblem(expression: string): string | undefined {
  try {
    const next = new Cron(expression, { timezone: 'UTC', paused: true }).nextRun();
    return next === null ? 'it names no time to come' : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export interface Schedule {
  /** Runs `work` at the times of the expression from now on; null: never. The same expression again changes nothing. */
  set(expression: string | null): void;
  /** When `work` runs next, in milliseconds since 1970. */
  next(): number | undefined;
  stop(): void;
}

/** @param work is not started while it still runs */
export function createSchedule(work: () => Promise<void>): Schedule {
  let current: { readonly expression: string; readonly job: Cron } | undefined;
  const stop = (): void => {
    current?.job.stop();
    current = undefined;
  };
  return {
    set(expression) {
      if (expression === (current?.expression ?? null)) return;
      stop();
      if (expression === null) return;
      const job = new Cron(expression, { timezone: 'UTC', protect: true, unref: true, catch: true }, work);
      current = { expression, job };
    },
    next: () => current?.job.nextRun()?.getTime(),
    stop,
  };
}
