/** The slow way to a policy: parse every file, compile every rule. Kept apart so that a push which finds the cache does not even load the parsers. */
import { compileRuleset } from '../detect/compile-ruleset.ts';
import { parsePolicy } from '../policy/load-policy.ts';
import type { PolicyTexts } from '../policy/read-sources.ts';
import { readPolicySources } from '../policy/read-sources.ts';
import type { HookPolicy } from './hook-policy.ts';
import { writePolicyCache, type PolicyCache } from './policy-cache.ts';

export async function compileHookPolicy(
  texts: PolicyTexts,
  rulesFolder: string,
  cache: PolicyCache,
): Promise<Pick<HookPolicy, 'policy' | 'ruleset'>> {
  const { builtin } = await readPolicySources({ builtin: { folder: rulesFolder }, files: [], reviews: [] });
  const whole = parsePolicy({ ...texts, builtin });
  const rules = whole.rules.map((rule) => ({
    ...rule,
    description: '',
    references: [],
    examples: [],
    negativeExamples: [],
  }));
  const policy = { ...whole, rules, decisions: [] };
  const ruleset = compileRuleset(rules);
  await writePolicyCache(cache, policy, ruleset);
  return { policy, ruleset };
}
