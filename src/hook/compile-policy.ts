/** The slow way to a policy: parse every file, compile every rule. Kept apart so that a push which finds the cache does not even load the parsers. */
import type { Policy } from '../model/policy.ts';
import { parsePolicy, withContent } from '../policy/load-policy.ts';
import type { PolicyTexts } from '../policy/read-sources.ts';
import { compileOnTopOf, loadBuiltinRules, type BuiltinRuleset } from './built-ruleset.ts';
import type { HookPolicy } from './hook-policy.ts';
import { writePolicyCache, type PolicyCache } from './policy-cache.ts';
import { slimRules } from './slim-rules.ts';

export async function compileHookPolicy(
  texts: PolicyTexts,
  rulesFolder: string,
  cache: PolicyCache,
): Promise<Pick<HookPolicy, 'policy' | 'ruleset'>> {
  const builtin = await loadBuiltinRules(rulesFolder);
  return compile(parsePolicy({ ...texts, builtin }), builtin, cache);
}

/** The same for a server's snapshot: its policy, with what the content says on top. */
export async function compileSnapshotPolicy(
  policy: Policy,
  contents: Pick<PolicyTexts, 'content' | 'soteri'>,
  rulesFolder: string,
  cache: PolicyCache,
): Promise<Pick<HookPolicy, 'policy' | 'ruleset'>> {
  const builtin = await loadBuiltinRules(rulesFolder);
  return compile(withContent(policy, contents, contents.soteri === undefined ? [] : builtin.rules), builtin, cache);
}

async function compile(
  whole: Policy,
  builtin: BuiltinRuleset,
  cache: PolicyCache,
): Promise<Pick<HookPolicy, 'policy' | 'ruleset'>> {
  const rules = slimRules(whole.rules);
  const policy = { ...whole, rules, decisions: [] };
  const ruleset = compileOnTopOf(builtin, rules);
  await writePolicyCache(cache, policy, ruleset);
  return { policy, ruleset };
}
