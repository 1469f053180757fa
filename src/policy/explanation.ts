import type { Allowlist, Origin } from '../model/rule.ts';

/** One thing that bears on the answer. */
export interface ExplanationStep {
  readonly kind: 'rule' | 'decision' | 'lock' | 'allowlist' | 'review' | 'inline-mark' | 'setting' | 'note';
  /** One sentence without its place. */
  readonly text: string;
  readonly origin?: Origin;
}

export interface Explanation {
  /** What was asked about. */
  readonly subject: string;
  /** The answer in one sentence. */
  readonly outcome: string;
  /** What led to it: from the highest scope to the lowest, then what applies now. */
  readonly steps: readonly ExplanationStep[];
}

/** `global /etc/leakgate/leakgate.yml:12`. */
export function describeOrigin({ scope, file, line }: Origin): string {
  return `${scope} ${file}:${line}`;
}

/** What an allowlist allows, in one sentence. */
export function allowlistStep(entry: Allowlist): ExplanationStep {
  const rules = entry.rules.length === 0 ? 'any rule' : entry.rules.join(', ');
  const described = entry.description === '' ? '' : ` (${entry.description})`;
  return step('allowlist', `allows findings of ${rules}${needs(entry)}${described}`, entry.origin);
}

const CONDITIONS = ['paths', 'pathPatterns', 'lines', 'covering', 'secrets', 'commits', 'stopWords'] as const;
type Condition = (typeof CONDITIONS)[number];

/** The conditions that an allowlist gives, but for one. */
export function conditionsBeside(entry: Allowlist, beside: readonly Condition[] = []): readonly Condition[] {
  return CONDITIONS.filter((condition) => !beside.includes(condition) && entry[condition].length > 0);
}

/** ` where lines and secrets match`: conditions, of which each must hold. */
export function needs(entry: Allowlist, beside: readonly Condition[] = []): string {
  const conditions = conditionsBeside(entry, beside);
  return conditions.length === 0
    ? ''
    : ` where ${conditions.join(' and ')} ${conditions.length === 1 ? 'match' : 'all match'}`;
}

/** `1 allowlist`, `2 allowlists`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Makes a step. */
export function step(kind: ExplanationStep['kind'], text: string, origin?: Origin): ExplanationStep {
  return { kind, text, ...(origin ? { origin } : {}) };
}
