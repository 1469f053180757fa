/**
 * Who has seen which results, for a while: clients poll, and the audit log is to say that somebody read the texts, not how often he asked whether there
 * are others.
 */
const REMEMBERED_MS = 5 * 60_000;
const MAX_REMEMBERED = 10_000;

export interface SeenResults {
  /** Whether it is the first time within a while; it is remembered then. */
  isNew(seen: readonly unknown[]): boolean;
}

export function createSeenResults(now: () => number): SeenResults {
  const times = new Map<string, number>();
  return {
    isNew(seen) {
      const key = JSON.stringify(seen);
      if ((times.get(key) ?? Number.NEGATIVE_INFINITY) > now() - REMEMBERED_MS) return false;
      times.delete(key);
      times.set(key, now());
      const oldest = times.keys().next().value;
      if (times.size > MAX_REMEMBERED && oldest !== undefined) times.delete(oldest);
      return true;
    },
  };
}
