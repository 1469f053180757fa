import type { Rule } from '../model/rule.ts';
import type { CliContext } from './cli-context.ts';
import { countOf } from './count-of.ts';
import { loadPolicyHere } from './load-policy-here.ts';
import type { RulesFlags } from './rules.ts';
import { printText } from './terminal-text.ts';

/** `leakgate rules list`: the rules in force in the current folder. */
export async function listRules(context: CliContext, flags: RulesFlags): Promise<void> {
  const { rules } = await loadPolicyHere(context, flags);
  context.exitCode = 0;
  if (flags.format === 'json') {
    context.stdout.write(`${JSON.stringify(rules, undefined, 2)}\n`);
    return;
  }
  const sorted = rules.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const widest = Math.max(...sorted.map(({ id }) => id.length));
  for (const rule of sorted) printText(context.stdout, ruleLine(rule, widest));
  printText(context.stderr, countOf(rules.length, 'rule'));
}

function ruleLine(rule: Rule, widest: number): string {
  const notes = [
    ...(rule.blocking ? [] : ['does not block']),
    ...(rule.origin.scope === 'builtin' ? [] : [`${rule.origin.scope}: ${rule.origin.file}:${rule.origin.line}`]),
  ];
  const note = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  return `${rule.id.padEnd(widest)}  ${rule.severity.padEnd(8)}  ${rule.name}${note}`;
}
