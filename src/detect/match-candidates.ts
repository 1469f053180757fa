/**
 * Runs patterns at candidates. What comes out for a rule is what its pattern alone would find over the whole content, leftmost first and
 * never overlapping itself, because
 *
 * - a match starts between `maxBefore` and `minBefore` bytes before one of its literals: only those starts are tried;
 * - a match is at most `maxLength` bytes long: a window that reaches so far beyond a start decides it, and one more byte on either side shows
 *   assertions such as `\b` their neighbours;
 * - starts are tried in ascending order, and none inside an earlier match of the rule.
 *
 * A pattern without a bound of its own sees `maxLength` bytes from its start and no further: there the text ends for it, so that a value which goes
 * on is found as far as that. A search sees more of the text, and so must not ask what follows.
 */
import { reopenPattern, type Pattern, type PatternMatch } from '../regex/pattern.ts';
import { ignoreWhatFollows } from '../regex/trailing.ts';
import { ENTRY, type CompiledRuleset } from './compile-ruleset.ts';
import type { Candidates } from './find-candidates.ts';
import type { Match } from './match.ts';
import { createAnswerTally, rememberAnswers, type AnswerTally } from './remember-answers.ts';

/**
 * Starts searched in one call of RE2. Small, because each call hands RE2 the whole window anew: with dense matches the cost is their number
 * times this.
 */
const STEP_BYTES = 2048;

/**
 * Starts of a rule tried in vain, so many within one window, before those close behind are searched as one. Each costs up to a window: a text of
 * nothing but beginnings would be read thousands of times.
 */
const PATIENCE = 64;

/** Windows up to this size are remembered with their answer: what a pattern says of a text never changes. */
const REMEMBERED_CHARS = 1024;
/** Answers kept, over all rules. */
const REMEMBERED_ANSWERS = 8192;

/** One content being matched. Candidates are added piece by piece, in order of pieces. */
export interface MatchRun {
  add(candidates: Candidates): void;
  /** All literals that end before `to` have been added. */
  advance(to: number): void;
  finish(): void;
}

export interface MatchRunner {
  begin(content: Uint8Array, found: (match: Match) => void): MatchRun;
}

/** Starts that may belong to a match: `first` to `last`, both included. */
interface Interval {
  readonly first: number;
  readonly last: number;
}

export function createMatchRunner(ruleset: CompiledRuleset): MatchRunner {
  const { entries } = ruleset;
  const patterns: (Pattern | undefined)[] = [];
  const searched: (Pattern | undefined)[] = [];
  const tally = createAnswerTally(REMEMBERED_ANSWERS);
  const longestBefore = longestBeforeByRule(ruleset);
  const loose = new Map(ruleset.loose.map(({ rule, pattern }) => [rule, pattern]));

  function patternOf(rule: number): Pattern {
    return (patterns[rule] ??= remembering(
      reopenPattern(ruleset.rules[rule]?.pattern as string, loose.get(rule)),
      tally,
    ));
  }

  /** What to search with: it matches wherever a match of `rule` starts, and for a pattern without a bound elsewhere as well. */
  function searchedOf(rule: number): Pattern {
    let pattern = searched[rule];
    if (pattern === undefined) {
      const source =
        ruleset.bounded[rule] === 1 ? undefined : ignoreWhatFollows(ruleset.rules[rule]?.pattern as string);
      searched[rule] = pattern = source === undefined ? patternOf(rule) : reopenPattern(source);
    }
    return pattern;
  }

  return {
    begin(content, found) {
      const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
      const pending = new Map<number, Interval[]>();
      const done = new Map<number, number>();

      /**
       * Tries the starts of `interval` that no earlier match or search has settled.
       * @param once the first match is enough: what comes behind it is for another search
       * @returns whether there was a match
       */
      function search(rule: number, interval: Interval, once = false): boolean {
        let matched = false;
        const length = ruleset.maxLength[rule] as number;
        let from = Math.max(interval.first, done.get(rule) ?? 0);
        while (from <= interval.last) {
          const last = Math.min(interval.last, from + STEP_BYTES);
          const start = from === last ? from : leftmost(rule, from, last, length);
          const match = start === undefined ? undefined : matchAt(rule, start, length);
          if (match === undefined) {
            from = (start ?? last) + 1;
            continue;
          }
          // A pattern that can match nothing matches nothing everywhere; that says nothing.
          matched = true;
          if (match.end > match.start) found(match);
          from = Math.max(match.end, match.start + 1);
          if (once) break;
        }
        done.set(rule, from);
        return matched;
      }

      /** Where the leftmost match may start that does so in `from` to `last`, seen in a window that decides every one of them. */
      function leftmost(rule: number, from: number, last: number, length: number): number | undefined {
        const left = Math.max(0, from - 1);
        const text = bytes.toString('latin1', left, Math.min(bytes.length, last + length + 1));
        const hit = searchedOf(rule).exec(text, from - left, false);
        return hit === undefined || left + hit.start > last ? undefined : left + hit.start;
      }

      /** The match that starts at `start`. A pattern without a bound of its own sees `length` bytes; another sees one more behind its longest match. */
      function matchAt(rule: number, start: number, length: number): Match | undefined {
        const left = Math.max(0, start - 1);
        const end = start + length + (ruleset.bounded[rule] as number);
        const hit = patternOf(rule).exec(
          bytes.toString('latin1', left, Math.min(bytes.length, end)),
          start - left,
          true,
        );
        return hit === undefined ? undefined : shift(rule, left, hit);
      }

      /** Searches the intervals of `rule` that can no longer be joined by one that starts earlier. */
      function settle(rule: number, intervals: Interval[], limit: number): Interval[] {
        intervals.sort((a, b) => a.first - b.first || a.last - b.last);
        const reach = ruleset.maxLength[rule] as number;
        const patience = createPatience(reach);
        let at = 0;
        while (at < intervals.length) {
          let { first, last } = intervals[at] as Interval;
          let next = at + 1;
          // Single places stay apart (each is one anchored call); stretches that touch are searched as one.
          while (last > first && next < intervals.length && (intervals[next] as Interval).first <= last + 1) {
            last = Math.max(last, (intervals[next] as Interval).last);
            next++;
          }
          if (first >= limit) break;
          // A stretch is searched up to the limit only; its rest waits for what may still join it.
          if (last >= limit) {
            search(rule, { first, last: limit - 1 });
            first = limit;
            return [{ first, last }, ...intervals.slice(next)];
          }
          let end = next;
          if (patience.isOver(first)) {
            for (; end < intervals.length; end++) {
              const close = intervals[end] as Interval;
              if (close.first - first > reach || close.last >= limit) break;
              last = Math.max(last, close.last);
            }
          }
          const matched = search(rule, { first, last }, end > next);
          patience.note(matched, end > next ? last : undefined);
          at = matched ? next : end;
        }
        return intervals.slice(at);
      }

      return {
        add(candidates) {
          for (let index = 0; index < candidates.count; index++) {
            const row = (candidates.entry[index] as number) * ENTRY.columns;
            const rule = entries[row + ENTRY.rule] as number;
            const at = candidates.at[index] as number;
            const last = at - (entries[row + ENTRY.minBefore] as number);
            if (last < 0) continue;
            const first = Math.max(0, at - (entries[row + ENTRY.maxBefore] as number));
            const list = pending.get(rule);
            if (list === undefined) pending.set(rule, [{ first, last }]);
            else list.push({ first, last });
          }
        },
        advance(to) {
          for (const [rule, intervals] of pending) {
            // A literal still to come ends at `to` or later, so no match with it starts before this.
            const limit = to + 1 - ruleset.literals.longest - (longestBefore[rule] as number);
            if (intervals.length === 0) continue;
            pending.set(rule, settle(rule, intervals, limit));
          }
        },
        finish() {
          for (const [rule, intervals] of pending) settle(rule, intervals, Infinity);
          for (const rule of ruleset.unfiltered) search(rule, { first: 0, last: bytes.length - 1 });
        },
      };
    },
  };
}

/** Whether starts of a rule have been tried in vain so often that those close behind had better be searched as one. */
interface Patience {
  /** Asked before each try, in ascending order of starts. */
  isOver(start: number): boolean;
  /** @param searched the end of a stretch that was searched because it was over */
  note(matched: boolean, searched: number | undefined): void;
}

/** @param reach most bytes of a match of the rule */
function createPatience(reach: number): Patience {
  let vain = 0;
  let since = 0;
  return {
    isOver(start) {
      if (vain === 0 || start - since > reach) {
        vain = 0;
        since = start;
      }
      return vain >= PATIENCE && reach > REMEMBERED_CHARS;
    },
    note(matched, searched) {
      vain = matched ? 0 : vain + 1;
      // From one stretch to the next, for as long as nothing matches.
      if (searched !== undefined) since = searched;
    },
  };
}

/** A pattern that remembers what it said of small texts. */
function remembering(pattern: Pattern, tally: AnswerTally): Pattern {
  // By the two things beside the text that decide: where to start (0 or 1 nearly always) and whether there alone.
  const known = new Map<number, (text: string) => PatternMatch | undefined>();
  return {
    exec(text, from, anchored) {
      if (text.length > REMEMBERED_CHARS) return pattern.exec(text, from, anchored);
      const key = from * 2 + Number(anchored);
      let ask = known.get(key);
      if (ask === undefined)
        known.set(key, (ask = rememberAnswers(tally, (window) => pattern.exec(window, from, anchored))));
      return ask(text);
    },
    test: (text) => pattern.test(text),
  };
}

function shift(rule: number, by: number, hit: PatternMatch): Match {
  return {
    rule,
    start: by + hit.start,
    end: by + hit.end,
    secretStart: by + hit.secretStart,
    secretEnd: by + hit.secretEnd,
  };
}

function longestBeforeByRule(ruleset: CompiledRuleset): Int32Array {
  const longest = new Int32Array(ruleset.rules.length);
  for (let row = 0; row < ruleset.entries.length; row += ENTRY.columns) {
    const rule = ruleset.entries[row + ENTRY.rule] as number;
    longest[rule] = Math.max(longest[rule] as number, ruleset.entries[row + ENTRY.maxBefore] as number);
  }
  return longest;
}
