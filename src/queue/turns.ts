import type { ScanRow } from '../store/schema.ts';

/** When each repository was last given a turn, by a count that only grows. */
export type Turns = ReadonlyMap<number, number>;

/**
 * Whose turn it is: the highest priority goes first; among equals the repository that has waited longest for a turn, so that one with a thousand
 * branches does not keep the others waiting; within a repository the oldest.
 *
 * @param waiting the first of each repository
 */
export function nextScan(waiting: readonly ScanRow[], turns: Turns): ScanRow | undefined {
  return waiting.toSorted(
    (a, b) =>
      b.priority - a.priority || (turns.get(a.repositoryId) ?? 0) - (turns.get(b.repositoryId) ?? 0) || a.id - b.id,
  )[0];
}
