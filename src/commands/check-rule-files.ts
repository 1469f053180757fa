import { relative, resolve } from 'node:path';
import { checkRules } from '../detect/rule-check.ts';
import { formatProblem, LeakgateError } from '../model/errors.ts';
import type { Problem } from '../model/errors.ts';
import type { Rule } from '../model/rule.ts';
import { builtinRulesFolder, loadRuleFiles } from '../rules/load-rules.ts';
import type { CliContext } from './cli-context.ts';
import { countOf } from './count-of.ts';
import { printText } from './terminal-text.ts';

/** `leakgate rules check`: every problem of the files on a line of its own. Errors are findings, exit code 1; warnings are not. */
export async function checkRuleFiles(context: CliContext, paths: readonly string[]): Promise<void> {
  const { rules, allowlists, problems } = await checkedRules(paths.length === 0 ? [builtinRulesFolder()] : paths);
  if (rules.length + allowlists + problems.length === 0)
    throw new LeakgateError('RULE_INVALID', `there are no rules in ${paths.join(', ')}, so nothing was checked`);
  for (const problem of problems) {
    printText(context.stdout, `${problem.level === 'warning' ? 'warning: ' : ''}${formatProblem(problem)}`);
  }
  const errors = problems.filter(({ level }) => level === 'error').length;
  const warnings = problems.length - errors;
  const files = new Set(rules.map((rule) => rule.origin.file)).size;
  const verdict = [
    errors === 0 ? 'no errors' : countOf(errors, 'error'),
    ...(warnings === 0 ? [] : [countOf(warnings, 'warning')]),
  ].join(', ');
  printText(context.stdout, `${countOf(rules.length, 'rule')} in ${countOf(files, 'file')}: ${verdict}`);
  context.exitCode = errors > 0 ? 1 : 0;
}

interface CheckedRules {
  readonly rules: readonly Rule[];
  /** How many there are for all rules. */
  readonly allowlists: number;
  readonly problems: readonly Problem[];
}

/** Rules that come with Leakgate are held to more: they have a description, references and examples. */
async function checkedRules(paths: readonly string[]): Promise<CheckedRules> {
  const builtin = builtinRulesFolder();
  const rules: Rule[] = [];
  const problems: Problem[] = [];
  let allowlists = 0;
  for (const path of paths) {
    const isBuiltin = !relative(builtin, resolve(path)).startsWith('..');
    const loaded = await loadRuleFiles([path], isBuiltin ? 'builtin' : 'global');
    rules.push(...loaded.rules);
    problems.push(...loaded.problems);
    allowlists += loaded.allowlists.length;
  }
  // What the loader says of a key the checker says again of the rule.
  const said = new Set(problems.map(withoutPlace));
  const more = checkRules(rules).filter((problem) => !said.has(withoutPlace(problem)));
  return { rules, allowlists, problems: [...problems, ...more] };
}

function withoutPlace({ file, subject, message }: Problem): string {
  return [file, subject, message].join('\n');
}
