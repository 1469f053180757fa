import type { Rule } from '../model/rule.ts';
import { failsCertainCheck } from './checks.ts';
import { shannonEntropy } from './entropy.ts';
import type { Match } from './match.ts';
import { tokenEfficiency } from './token-efficiency.ts';

/** The second look at matches of one content: what a pattern cannot say. */
export interface Refinement {
  /** Whether the match stays; one beyond the cap of its rule does not, and is counted. */
  accepts(match: Match): boolean;
  readonly dropped: number;
}

export interface Refiner {
  begin(content: Uint8Array): Refinement;
}

type Predicate = (secret: string) => boolean;

/** Answers kept, over all rules, then all are dropped and gathered anew: versions of a file repeat its secrets and what is like them. */
const REMEMBERED_ANSWERS = 4096;
const REMEMBERED_CHARS = 256;

/** @param maxPerRule matches of one rule that are kept in one content */
export function createRefiner(rules: readonly Rule[], maxPerRule: number): Refiner {
  const predicates: (Predicate | undefined)[] = [];
  const tally = { answers: 0, generation: 0 };
  return {
    begin(content) {
      const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
      const kept = new Map<number, number>();
      let dropped = 0;
      return {
        accepts(match) {
          // The group for the secret may be empty where the match is not.
          if (match.secretEnd <= match.secretStart) return false;
          const passes = (predicates[match.rule] ??= predicateOf(rules[match.rule] as Rule, tally));
          if (passes !== ANYTHING && !passes(bytes.toString('latin1', match.secretStart, match.secretEnd)))
            return false;
          const count = (kept.get(match.rule) ?? 0) + 1;
          kept.set(match.rule, count);
          if (count > maxPerRule) dropped++;
          return count <= maxPerRule;
        },
        get dropped() {
          return dropped;
        },
      };
    },
  };
}

const ANYTHING: Predicate = () => true;

/** All that a rule asks of a secret, and what was answered before: it depends on nothing else. */
function predicateOf(rule: Rule, tally: { answers: number; generation: number }): Predicate {
  const tests = predicatesOf(rule);
  if (tests.length === 0) return ANYTHING;
  const known = new Map<string, boolean>();
  let generation = tally.generation;
  return (secret) => {
    if (secret.length > REMEMBERED_CHARS) return tests.every((test) => test(secret));
    if (generation !== tally.generation) {
      known.clear();
      generation = tally.generation;
    }
    let answer = known.get(secret);
    if (answer === undefined) {
      answer = tests.every((test) => test(secret));
      known.set(secret, answer);
      if (++tally.answers > REMEMBERED_ANSWERS) {
        tally.answers = 0;
        tally.generation++;
      }
    }
    return answer;
  };
}

/** What a rule asks of a secret, cheapest first. */
function predicatesOf(rule: Rule): Predicate[] {
  const predicates: Predicate[] = [];
  const { minEntropy, maxTokenEfficiency } = rule;
  if (minEntropy !== undefined) predicates.push((secret) => shannonEntropy(secret) > minEntropy);
  if (rule.stopWords.length > 0) {
    const words = rule.stopWords.map((word) => word.toLowerCase());
    predicates.push((secret) => {
      const folded = secret.toLowerCase();
      return !words.some((word) => folded.includes(word));
    });
  }
  if (maxTokenEfficiency !== undefined) predicates.push((secret) => tokenEfficiency(secret) < maxTokenEfficiency);
  if (rule.checks.length > 0) predicates.push((secret) => !failsCertainCheck(rule.checks, secret));
  return predicates;
}
