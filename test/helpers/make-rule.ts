import type { Rule } from '../../src/model/rule.ts';

/** A rule with the given keys and harmless defaults for the rest. */
export function makeRule(keys: Partial<Rule> & { readonly id: string }): Rule {
  return {
    name: keys.id,
    description: '',
    keywords: [],
    severity: 'high',
    confidence: 'medium',
    checks: [],
    stopWords: [],
    allowlists: [],
    blocking: true,
    references: [],
    examples: [],
    negativeExamples: [],
    origin: { scope: 'builtin', file: 'test.yml', line: 1, column: 1 },
    ...keys,
  };
}
