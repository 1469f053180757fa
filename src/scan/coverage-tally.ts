import type { Coverage, Outcome, Unread, UnreadReason } from '../model/coverage.ts';
import { LeakgateError } from '../model/errors.ts';

/** So many unread things are named; the rest are counted. */
const SAMPLES = 100;

/** Unread things counted so far; what a worker sends back. */
export interface UnreadTally {
  readonly counts: Partial<Record<UnreadReason, number>>;
  readonly samples: Unread[];
}

export function createUnreadTally(): UnreadTally {
  return { counts: {}, samples: [] };
}

/** Counts one thing (or `times` of which one is named). */
export function addUnread(tally: UnreadTally, unread: Unread, times = 1): void {
  tally.counts[unread.reason] = (tally.counts[unread.reason] ?? 0) + times;
  if (tally.samples.length < SAMPLES) tally.samples.push(unread);
}

export function mergeUnread(into: UnreadTally, from: UnreadTally): void {
  for (const [reason, count] of Object.entries(from.counts) as [UnreadReason, number][]) {
    into.counts[reason] = (into.counts[reason] ?? 0) + count;
  }
  for (const sample of from.samples) if (into.samples.length < SAMPLES) into.samples.push(sample);
}

/** What was read, as the stages of a scan count it up. */
export interface CoverageTally {
  blobs: number;
  commits: number;
  tags: number;
  trees: number;
  bytes: number;
  skipped: number;
  readonly unread: UnreadTally;
  /** History was cut when the repository was cloned. */
  shallow?: true;
  /** Set when the scan could not do its work. */
  error?: { readonly code: string; readonly message: string };
}

export function createCoverageTally(): CoverageTally {
  return { blobs: 0, commits: 0, tags: 0, trees: 0, bytes: 0, skipped: 0, unread: createUnreadTally() };
}

/** Notes what ended a scan; the first error stands. */
export function noteError(tally: CoverageTally, error: unknown): void {
  tally.error ??= describeError(error);
}

/** An error as plain data. One that is not ours is a defect. */
export function describeError(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof LeakgateError) return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
}

/** The record of findings in `what` that were counted and not kept. */
export function tooManyFindings(what: string, dropped: number): Unread {
  return { reason: 'too-many-findings', what, detail: `${dropped} more were counted and not kept` };
}

/** `failed` with an error, `partial` with anything unread, else `complete`. `show` makes names fit to be printed. */
export function toCoverage(tally: CoverageTally, show: (text: string) => string): Coverage {
  const { unread, error, ...read } = tally;
  const outcome: Outcome =
    error !== undefined ? 'failed' : Object.keys(unread.counts).length > 0 ? 'partial' : 'complete';
  return {
    outcome,
    ...read,
    unread: { ...unread.counts },
    unreadSamples: unread.samples.map((sample) => ({ ...sample, what: show(sample.what) })),
    ...(error === undefined ? {} : { error }),
  };
}
