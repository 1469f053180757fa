/** When policies are brought out: one pass at a time, and a look at the files every so often. */
import type { ScopeType } from '../store/schema.ts';

/** Whom a change is for. */
export interface Scope {
  readonly scope: ScopeType;
  readonly resourceId: number;
}

export interface Passes {
  /** Settles with the pass that begins after this call. */
  add(scope: Scope, why: string): Promise<void>;
  idle(): Promise<void>;
}

/** One pass at a time; what is asked for meanwhile goes into the next. */
export function createPasses(run: (scopes: readonly Scope[], why: string) => Promise<void>): Passes {
  let waiting: { readonly scopes: Scope[]; readonly reasons: Set<string>; readonly done: Promise<void> } | undefined;
  let last: Promise<void> = Promise.resolve();
  return {
    add(scope, why) {
      if (waiting === undefined) {
        const scopes: Scope[] = [];
        const reasons = new Set<string>();
        const done = last
          .catch(() => {})
          .then(() => {
            waiting = undefined;
            return run(scopes, [...reasons].join(', '));
          });
        waiting = { scopes, reasons, done };
        last = done;
      }
      waiting.scopes.push(scope);
      waiting.reasons.add(why);
      return waiting.done;
    },
    idle: () => last.catch(() => {}),
  };
}

/** Does `work` again and again; the next time is counted from the end of the last. */
export function createRechecks(
  work: () => Promise<void>,
  { seconds, onError }: { seconds(): Promise<number>; onError(error: unknown): void },
): { start(): void; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  const once = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      onError(error);
    }
    await next();
  };
  const next = async (): Promise<void> => {
    const wait = await seconds().catch(() => 30);
    if (stopped) return;
    timer = setTimeout(() => {
      running = once();
    }, wait * 1000);
    timer.unref();
  };
  return {
    start: () => void next(),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** Runs `work` for each item, at most `atOnce` at the same time. */
export async function forEachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of left) await work(item);
    }),
  );
}
