/** Names of rules as clients of Soteri's interface see and send them: built-in ones by the vendor's words, all others by the name that somebody gave them. */
import { loadBuiltinRules } from '../../hook/built-ruleset.ts';
import { toRuleId, toVendorName } from '../../policy/vendor-names.ts';
import { builtinRulesFolder } from '../../rules/builtin-folder.ts';

let ids: Promise<readonly string[]> | undefined;

/** Ids of all built-in rules, in the order of the catalogue. Read once: they come with the program. */
export async function builtinRuleIds(): Promise<readonly string[]> {
  ids ??= loadBuiltinRules(builtinRulesFolder()).then(({ rules }) => rules.map(({ id }) => id));
  return ids;
}

let known: Promise<ReadonlySet<string>> | undefined;

function builtinSet(): Promise<ReadonlySet<string>> {
  known ??= builtinRuleIds().then((list) => new Set(list));
  return known;
}

/** The id of the built-in rule that a name stands for; undefined when none has it. */
export async function findBuiltinRule(name: string): Promise<string | undefined> {
  const ruleId = toRuleId(name);
  return (await builtinSet()).has(ruleId) ? ruleId : undefined;
}

/** Gives findings and rules the name to show. */
export async function ruleNamer(): Promise<(rule: { readonly ruleId: string; readonly ruleName: string }) => string> {
  const builtin = await builtinSet();
  return ({ ruleId, ruleName }) => (builtin.has(ruleId) ? toVendorName(ruleId) : ruleName);
}
