import { checkRules } from '../detect/rule-check.ts';
import { formatProblem } from '../model/errors.ts';
import { builtinRulesFolder, loadRuleFiles } from '../rules/load-rules.ts';
import type { CliContext } from './cli-context.ts';
import { countOf } from './count-of.ts';
import { printText } from './terminal-text.ts';

/** `leakgate rules check`: every problem of the files on a line of its own. Errors are findings, exit code 1; warnings are not. */
export async function checkRuleFiles(context: CliContext, paths: readonly string[]): Promise<void> {
  const loaded = await loadRuleFiles(paths.length === 0 ? [builtinRulesFolder()] : paths, 'builtin');
  const problems = [...loaded.problems, ...checkRules(loaded.rules)];
  for (const problem of problems) {
    printText(context.stdout, `${problem.level === 'warning' ? 'warning: ' : ''}${formatProblem(problem)}`);
  }
  const errors = problems.filter(({ level }) => level === 'error').length;
  const warnings = problems.length - errors;
  const files = new Set(loaded.rules.map((rule) => rule.origin.file)).size;
  const verdict = [
    errors === 0 ? 'no errors' : countOf(errors, 'error'),
    ...(warnings === 0 ? [] : [countOf(warnings, 'warning')]),
  ].join(', ');
  printText(context.stdout, `${countOf(loaded.rules.length, 'rule')} in ${countOf(files, 'file')}: ${verdict}`);
  context.exitCode = errors > 0 ? 1 : 0;
}
