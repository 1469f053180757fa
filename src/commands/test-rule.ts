import { resolve } from 'node:path';
import { findWrongExamples } from '../detect/rule-examples.ts';
import { loadFingerprintKey } from '../keyring/fingerprint-key.ts';
import { LeakgateError, ProblemsError } from '../model/errors.ts';
import { DEFAULT_SETTINGS } from '../model/policy.ts';
import type { Policy } from '../model/policy.ts';
import type { Rule } from '../model/rule.ts';
import { writeReport } from '../report/report.ts';
import { loadRuleFiles } from '../rules/load-rules.ts';
import { runScan } from '../scan/run-scan.ts';
import type { CliContext } from './cli-context.ts';
import { countOf } from './count-of.ts';
import { findRule } from './find-rule.ts';
import { loadPolicyHere } from './load-policy-here.ts';
import type { RulesFlags } from './rules.ts';
import { scanExitCode } from './scan-exit-code.ts';
import { printText, wantsColor } from './terminal-text.ts';
import { toolVersion } from './tool-version.ts';

type TestFlags = Omit<RulesFlags, 'format'>;

/** `leakgate rules test <rule> [file]`: the rule's own examples, or what it finds in a file. */
export async function testRule(
  context: CliContext,
  what: string,
  file: string | undefined,
  flags: TestFlags,
): Promise<void> {
  const rules = /\.ya?ml$/.test(what)
    ? await rulesOfFile(what)
    : [findRule((await loadPolicyHere(context, flags)).rules, what)];
  if (file === undefined) tryExamples(context, rules);
  else await searchFile(context, rules, file, flags);
}

async function rulesOfFile(path: string): Promise<readonly Rule[]> {
  const { rules, problems } = await loadRuleFiles([path], 'global');
  if (problems.some(({ level }) => level === 'error')) throw new ProblemsError('RULE_INVALID', problems);
  if (rules.length === 0)
    throw new LeakgateError('RULE_INVALID', `there are no rules in ${path}, so nothing was tried`);
  return rules;
}

function tryExamples(context: CliContext, rules: readonly Rule[]): void {
  let failed = 0;
  for (const rule of rules) {
    const wrong = findWrongExamples(rule);
    failed += wrong.length;
    for (const message of wrong) printText(context.stdout, `${rule.id}: ${message}`);
    const right = rule.examples.length + rule.negativeExamples.length - wrong.length;
    printText(context.stdout, `${rule.id}: ${countOf(right, 'example')} as it should be, ${wrong.length} not`);
  }
  context.exitCode = failed > 0 ? 1 : 0;
}

async function searchFile(context: CliContext, rules: readonly Rule[], file: string, flags: TestFlags): Promise<void> {
  const target =
    file === '-'
      ? ({ kind: 'stdin', stream: context.stdin } as const)
      : ({ kind: 'directory', path: resolve(context.cwd, file) } as const);
  const result = await runScan(target, {
    policy: onlyRules(rules),
    fingerprintKey: await loadFingerprintKey({ env: context.env }),
    showSecrets: flags.showSecrets === true,
    signal: context.signal,
    inlineMarks: false,
  });
  context.exitCode = scanExitCode(result);
  const color = wantsColor('auto', context.stdout, context.env);
  await writeReport('text', { ...result, rules, toolVersion: toolVersion() }, context.stdout, { color });
}

/** These rules and nothing that could hide what they find. */
function onlyRules(rules: readonly Rule[]): Policy {
  return { rules, allowlists: [], settings: DEFAULT_SETTINGS, locks: [], reviews: [], decisions: [], problems: [] };
}
