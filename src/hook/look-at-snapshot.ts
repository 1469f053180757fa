/** What a server's snapshot says, for people: not compiled, and not part of what a push loads. */
import type { Repository } from '../git/repository.ts';
import type { Policy } from '../model/policy.ts';
import { withContent } from '../policy/load-policy.ts';
import { builtinRulesFolder } from '../rules/builtin-folder.ts';
import { loadBuiltinRules } from './built-ruleset.ts';
import type { PolicySnapshot } from './policy-snapshot.ts';
import { contentsOf, readSharedRuleset } from './snapshot-policy.ts';

/**
 * The policy of a snapshot with what the default branch says on top. Rules that are among the built-in ones have their texts and examples back,
 * which the snapshot has not.
 */
export async function readSnapshotPolicy(snapshot: PolicySnapshot, repository: Repository): Promise<Policy> {
  const { rules: builtin } = await loadBuiltinRules(builtinRulesFolder());
  const whole = new Map(builtin.map((rule) => [rule.id, rule]));
  const rules = readSharedRuleset(snapshot, '')
    .rules()
    .map((rule) => {
      const { description, references, examples, negativeExamples, pattern } = whole.get(rule.id) ?? rule;
      return pattern === rule.pattern ? { ...rule, description, references, examples, negativeExamples } : rule;
    });
  const contents = await contentsOf(snapshot, { ...repository, found: 'unclear' }, undefined);
  return withContent({ ...snapshot.policy, rules, decisions: [] }, contents, builtin);
}
