/**
 * Finds secrets in content. The stages, each in a file of its own:
 *
 *   content → candidates (literal automaton, follow check) → matches (RE2 in a window) → refined (entropy, checks …) → one per secret (overlaps)
 *
 * Pure functions of ruleset and bytes: no clock, no file, no environment. The reference is the oracle of the tests, every pattern over the whole
 * content; what this finds is equal to that.
 */
import type { Rule } from '../model/rule.ts';
import type { CompiledRuleset } from './compile-ruleset.ts';
import { createMatcher, SLICE_BYTES } from './matcher.ts';
import type { Match, MatchList } from './match.ts';
import { resolveOverlaps } from './overlaps.ts';
import { createRefiner, type Refinement } from './refine.ts';
import { REPEATS } from './repeats.ts';

export interface Detector {
  readonly ruleset: CompiledRuleset;
  readonly rules: readonly Rule[];
  /** All findings' places in `content`, refined, one per secret, by start. Content is bytes; decode UTF-16 before. */
  findMatches(content: Uint8Array): MatchList;
}

export interface DetectorOptions {
  /** Matches kept per rule and content; the rest are counted. */
  readonly maxMatchesPerRule?: number;
  /**
   * Contents repeat each other, as versions of files do: text seen before is recognised instead of searched. Finds the same. Takes 38 MiB, and
   * time where little is repeated.
   */
  readonly repeats?: boolean;
}

/** So many of one rule in one content are noise to a person and memory to a server. */
export const DEFAULT_MAX_MATCHES_PER_RULE = 1000;

const NOTHING: MatchList = { matches: [], dropped: 0 };

const shared = new WeakMap<CompiledRuleset, Detector>();

/**
 * The one detector of a ruleset in this thread, for contents one at a time. Making one means copying megabytes of tables, and a push asks for
 * several: for its objects, for the names of its refs, for what is printed.
 */
export function sharedDetector(ruleset: CompiledRuleset): Detector {
  let detector = shared.get(ruleset);
  if (detector === undefined) shared.set(ruleset, (detector = createDetector(ruleset)));
  return detector;
}

export function createDetector(ruleset: CompiledRuleset, options: DetectorOptions = {}): Detector {
  const findRawMatches = createMatcher(ruleset, SLICE_BYTES, options.repeats === true ? REPEATS : undefined);
  const refiner = createRefiner(ruleset.rules, options.maxMatchesPerRule ?? DEFAULT_MAX_MATCHES_PER_RULE);
  return {
    ruleset,
    rules: ruleset.rules,
    findMatches(content) {
      const found: Match[] = [];
      let refinement: Refinement | undefined;
      findRawMatches(content, (match) => {
        if ((refinement ??= refiner.begin(content)).accepts(match)) found.push(match);
      });
      return found.length === 0
        ? NOTHING
        : { matches: resolveOverlaps(found, ruleset.rules), dropped: refinement?.dropped ?? 0 };
    },
  };
}
