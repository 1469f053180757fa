import { CHECKS } from '../detect/checks.ts';
import type { Rule } from '../model/rule.ts';
import { planLiterals } from '../regex/literals.ts';
import type { CliContext } from './cli-context.ts';
import { describeOrigin } from './describe-origin.ts';
import { findRule } from './find-rule.ts';
import { loadPolicyHere } from './load-policy-here.ts';
import type { RulesFlags } from './rules.ts';
import { printText } from './terminal-text.ts';

/** `leakgate rules explain <id>`: what the rule finds, how, what it leaves out, and where it was written. */
export async function explainRule(context: CliContext, id: string, flags: RulesFlags): Promise<void> {
  const policy = await loadPolicyHere(context, flags);
  const rule = findRule(policy.rules, id);
  context.exitCode = 0;
  if (flags.format === 'json') {
    context.stdout.write(`${JSON.stringify({ ...rule, literals: literalsOf(rule) }, undefined, 2)}\n`);
    return;
  }
  const lines = [
    `${rule.id}: ${rule.name}`,
    rule.description,
    '',
    ...rows([
      ['severity', `${rule.severity}, confidence ${rule.confidence}${rule.blocking ? '' : ', does not block a push'}`],
      ['pattern', rule.pattern],
      ['path', rule.path],
      ['found by', rule.pattern === undefined ? undefined : describeLiterals(rule)],
      ['entropy', rule.minEntropy === undefined ? undefined : `above ${rule.minEntropy} bits per character`],
      [
        'tokens',
        rule.maxTokenEfficiency === undefined ? undefined : `below ${rule.maxTokenEfficiency} characters per token`,
      ],
      ...rule.checks.map((name) => ['check', describeCheck(name)] as const),
      ['stop words', rule.stopWords.join(', ')],
      ...rule.allowlists.map(
        (entry) => ['allowlist', `${entry.description} (${describeOrigin(entry.origin)})`] as const,
      ),
      ...rule.references.map((reference) => ['see', reference] as const),
      ['written in', describeOrigin(rule.origin)],
      ...policy.decisions
        .filter(({ about, subject }) => about === 'rule' && subject === id)
        .map((decision) => [decision.kind, `${describeOrigin(decision.origin)}: ${decision.message}`] as const),
    ]),
    ...list('Examples (a template is filled in when it is tried):', rule.examples),
    ...list('Not found, on purpose:', rule.negativeExamples),
  ];
  printText(context.stdout, lines.join('\n'));
}

function literalsOf(rule: Rule): readonly string[] {
  if (rule.pattern === undefined) return [];
  const plan = planLiterals(rule.pattern, rule.keywords);
  return plan.kind === 'none' ? [] : plan.literals.map(({ text }) => text);
}

function describeLiterals(rule: Rule): string {
  const plan = planLiterals(rule.pattern ?? '', rule.keywords);
  if (plan.kind === 'none') return `the pattern alone, over all content: ${plan.reason}`;
  return [...new Set(plan.literals.map(({ text }) => JSON.stringify(text)))].join(', ');
}

function describeCheck(name: string): string {
  const check = CHECKS[name];
  return check === undefined ? name : `${name}: ${check.description} (${check.source})`;
}

const LABEL_WIDTH = 12;

function rows(entries: readonly (readonly [label: string, text: string | undefined])[]): string[] {
  return entries
    .filter(([, text]) => text !== undefined && text !== '')
    .map(([label, text]) => `${label.padEnd(LABEL_WIDTH)}${text ?? ''}`);
}

function list(title: string, entries: readonly string[]): string[] {
  return entries.length === 0
    ? []
    : ['', title, ...entries.map((entry) => `  ${entry.trimEnd().replaceAll('\n', '\n  ')}`)];
}
