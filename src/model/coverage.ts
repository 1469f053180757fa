/** What a scan did and did not read. "Clean" may be said only of a `complete` one. */
export const OUTCOMES = ['complete', 'partial', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/**
 * Why something was not read, or not read whole.
 *
 * - `missing`    the object is not in the repository (partial clone, damaged store), or a ref that points to none
 * - `corrupt`    git cannot read the object
 * - `too-large`  over `maxBlobBytes`
 * - `unreadable` a file could not be opened or read
 * - `worker-died` the worker that held it ended (out of memory, crash)
 * - `deadline`, `cancelled` the scan ended before it
 * - `too-many-findings` more findings in it than are kept; the rest were counted
 * - `too-many-paths` more paths than a sane history has (tree bomb)
 */
export const UNREAD_REASONS = [
  'missing',
  'corrupt',
  'too-large',
  'unreadable',
  'worker-died',
  'deadline',
  'cancelled',
  'too-many-findings',
  'too-many-paths',
] as const;
export type UnreadReason = (typeof UNREAD_REASONS)[number];

/** One thing that was not read. */
export interface Unread {
  readonly reason: UnreadReason;
  /** Object id, path or ref. */
  readonly what: string;
  readonly detail?: string;
}

export interface Coverage {
  readonly outcome: Outcome;
  /** Objects or files scanned whole. */
  readonly blobs: number;
  readonly commits: number;
  readonly tags: number;
  readonly trees: number;
  /** Bytes of content scanned. */
  readonly bytes: number;
  /** Left out by configuration, which does not make a scan partial: e.g. files under `.git`, gitlinks. */
  readonly skipped: number;
  /** How many were not read, by reason; only reasons that occurred are present. */
  readonly unread: Partial<Record<UnreadReason, number>>;
  /** The first of them (at most 100), so that a person can look. */
  readonly unreadSamples: readonly Unread[];
  /**
   * The repository is a shallow clone: what is older than its border is not here. All that is here was read, so the scan is complete; of the history
   * behind the border it says nothing.
   */
  readonly shallow?: true;
  /** Set when `outcome` is `failed`. */
  readonly error?: { readonly code: string; readonly message: string };
}
