import type { Rule } from '../model/rule.ts';

/** Rules without what a scan does not look at: a push has to read all of this. */
export function slimRules(rules: readonly Rule[]): Rule[] {
  return rules.map((rule) => ({ ...rule, description: '', references: [], examples: [], negativeExamples: [] }));
}
