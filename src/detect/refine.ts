import type { Rule } from '../model/rule.ts';
import { failsCertainCheck } from './checks.ts';
import { shannonEntropy } from './entropy.ts';
import type { Match } from './match.ts';
import { createAnswerTally, rememberAnswers, type AnswerTally } from './remember-answers.ts';
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

/** Answers kept, over all rules, of secrets up to a length. */
const REMEMBERED_ANSWERS = 4096;
const REMEMBERED_CHARS = 256;

/** @param maxPerRule matches of one rule that are kept in one content */
export function createRefiner(rules: readonly Rule[], maxPerRule: number): Refiner {
  const predicates: (Predicate | undefined)[] = [];
  const tally = createAnswerTally(REMEMBERED_ANSWERS);
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

/** All that a rule asks of a secret, with a memory. */
function predicateOf(rule: Rule, tally: AnswerTally): Predicate {
  const tests = predicatesOf(rule);
  if (tests.length === 0) return ANYTHING;
  const passes: Predicate = (secret) => tests.every((test) => test(secret));
  const remembered = rememberAnswers(tally, passes);
  return (secret) => (secret.length > REMEMBERED_CHARS ? passes(secret) : remembered(secret));
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
