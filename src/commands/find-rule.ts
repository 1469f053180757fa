import { LeakgateError } from '../model/errors.ts';
import type { Rule } from '../model/rule.ts';
import { didYouMean } from '../yaml/nearest-name.ts';

/** The rule with an id; an unknown id is an error that names the nearest one. */
export function findRule(rules: readonly Rule[], id: string): Rule {
  const rule = rules.find((candidate) => candidate.id === id);
  if (rule !== undefined) return rule;
  const hint = didYouMean(
    id,
    rules.map((candidate) => candidate.id),
  );
  throw new LeakgateError(
    'USAGE_INVALID',
    `there is no rule ${JSON.stringify(id)}${hint}; leakgate rules list shows all`,
  );
}
