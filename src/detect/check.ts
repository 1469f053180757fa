import type { FakeRandom } from './fake-random.ts';

/**
 * How far an algorithm is known, which decides what a failure may mean.
 *
 * - `published`  a standard, or the vendor's documentation or source
 * - `verified`   worked out by others and executed on public dummy tokens
 * - `structure`  follows from what the format is
 * - `reported`   another scanner states it; nobody of us has seen it confirmed
 * - `heuristic`  what such values look like; wrong now and then
 */
export type Trust = 'published' | 'verified' | 'structure' | 'reported' | 'heuristic';

/** An offline test of a secret, named in a rule's `checks`. Pure: no clock, no network, no state. */
export interface Check {
  /** What passes, in one sentence for `rules explain`. */
  readonly description: string;
  /** Where the algorithm is from: a standard, a page, a format. */
  readonly source: string;
  readonly trust: Trust;
  /**
   * What a failure does. `drop`: it is no finding. `doubt`: it stays one, with lower confidence. Dropping is for algorithms that are certain:
   * a vendor that changes an unpublished checksum must not switch its rule off.
   */
  readonly onFailure: 'drop' | 'doubt';
  /** Whether the secret, a latin-1 view of its bytes, passes. Never throws, whatever the text. */
  readonly passes: (secret: string) => boolean;
  /** Makes a value that passes: for examples, so that no token-shaped text has to be stored. */
  readonly make?: (fake: FakeBody) => string;
}

/** What a check's generator gets: randomness, and the words after the check's name in `{{ check name … }}`. */
export interface FakeBody {
  readonly random: FakeRandom;
  readonly args: readonly string[];
}
