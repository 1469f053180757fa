import type { CompiledRuleset } from './compile-ruleset.ts';
import { createCandidates, createFindCandidates } from './find-candidates.ts';
import { createMatchRunner } from './match-candidates.ts';
import type { Match } from './match.ts';
import type { RepeatSizes } from './repeats.ts';

/** Content is searched in pieces of this size, so that candidates of a huge blob never pile up. */
export const SLICE_BYTES = 1 << 20;

/** Calls `found` for every match of every rule in `content`, unrefined; per rule in ascending order, rules in no order. */
export type FindRawMatches = (content: Uint8Array, found: (match: Match) => void) => void;

/**
 * The first two stages: what every pattern would find over the whole content, found by literals and windows.
 * @param sliceBytes how much is searched for candidates at once; any size gives the same matches
 * @param repeats remember text from content to content; gives the same matches, sooner where contents are versions of each other
 */
export function createMatcher(
  ruleset: CompiledRuleset,
  sliceBytes = SLICE_BYTES,
  repeats?: RepeatSizes,
): FindRawMatches {
  const findCandidates = createFindCandidates(ruleset, repeats);
  const candidates = createCandidates();
  const runner = createMatchRunner(ruleset);
  const unfiltered = ruleset.unfiltered.length > 0;
  return (content, found) => {
    // Most contents have no candidate at all: nothing is made for them.
    let run = unfiltered ? runner.begin(content, found) : undefined;
    for (let from = 0; from < content.length; from += sliceBytes) {
      const to = Math.min(content.length, from + sliceBytes);
      candidates.count = 0;
      findCandidates(content, from, to, candidates);
      if (candidates.count > 0) (run ??= runner.begin(content, found)).add(candidates);
      if (to < content.length) run?.advance(to);
    }
    run?.finish();
  };
}
