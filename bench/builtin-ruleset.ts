import { compileRuleset, type CompiledRuleset } from '../src/detect/compile-ruleset.ts';
import { builtinRulesFolder } from '../src/rules/builtin-folder.ts';
import { loadRuleFiles } from '../src/rules/load-rules.ts';

/** The rules that come with Leakgate, compiled. */
export async function loadBuiltinRuleset(): Promise<CompiledRuleset> {
  const { rules } = await loadRuleFiles([builtinRulesFolder()], 'builtin');
  return compileRuleset(rules);
}
