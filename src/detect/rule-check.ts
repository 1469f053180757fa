/**
 * Judges rules before they are used: whether their patterns compile, what they cost, whether names in them exist, and whether they find what
 * their examples say. What can be told from the text of a file alone is found when it is loaded (`rules/load-rules.ts`).
 */
import { globProblem } from '../glob/glob.ts';
import type { Problem } from '../model/errors.ts';
import type { Allowlist, Rule } from '../model/rule.ts';
import { planLiterals } from '../regex/literals.ts';
import { compilePattern } from '../regex/pattern.ts';
import { findDuplicateIds } from '../rules/load-rules.ts';
import { didYouMean } from '../yaml/nearest-name.ts';
import { CHECKS, findCheck } from './checks.ts';
import { DEFAULT_MAX_LENGTH } from './compile-ruleset.ts';
import { findWrongExamples } from './rule-examples.ts';

/** Everything wrong with the rules, in their order. `warning`: it works, but costs more or says less than it should. */
export function checkRules(rules: readonly Rule[]): Problem[] {
  return [...findDuplicateIds(rules), ...rules.flatMap(checkRule)];
}

function checkRule(rule: Rule): Problem[] {
  const problems: Problem[] = [];
  const add = (level: Problem['level'], message: string): void => {
    const { file, line, column } = rule.origin;
    problems.push({ file, line, column, subject: rule.id, message, level });
  };
  const compiles = [
    checkPattern('"pattern"', rule.pattern, add),
    checkPattern('"path"', rule.path, add),
    ...rule.allowlists.flatMap((list) =>
      [...list.lines, ...list.secrets].map((source) => checkPattern('a pattern of its allowlists', source, add)),
    ),
  ].every(Boolean);
  checkNames(rule, add);
  for (const list of rule.allowlists) checkGlobs(list, add);
  if (rule.origin.scope === 'builtin') checkDocumentation(rule, add);
  // Later ones would only repeat in other words what is wrong so far.
  if (!compiles || problems.some((problem) => problem.level === 'error')) return problems;
  checkCost(rule, add);
  for (const message of findWrongExamples(rule)) add('error', message);
  return problems;
}

type Add = (level: Problem['level'], message: string) => void;

/** Whether RE2 takes the pattern. */
function checkPattern(what: string, source: string | undefined, add: Add): boolean {
  if (source === undefined) return true;
  try {
    compilePattern(source);
    return true;
  } catch (error) {
    add('error', `${what} is not a valid RE2 pattern: ${(error as Error).message}`);
    return false;
  }
}

function checkNames(rule: Rule, add: Add): void {
  for (const name of rule.checks) {
    if (findCheck(name) === undefined)
      add('error', `there is no check "${name}"${didYouMean(name, Object.keys(CHECKS))}; rules/README.md lists them`);
  }
  if (rule.pattern === undefined) {
    for (const key of ['keywords', 'checks', 'stopWords'] as const) {
      if (rule[key].length > 0) add('error', `"${key}" has no effect on a rule without a pattern; remove it`);
    }
  }
  if (rule.minEntropy !== undefined && rule.minEntropy > HIGHEST_ENTROPY) {
    add(
      'warning',
      `hardly any secret has more than ${HIGHEST_ENTROPY} bits of entropy per character; "minEntropy" ${rule.minEntropy} hides nearly all`,
    );
  }
}

/** Random base64 of 64 characters has 5.2 bits in the mean. */
const HIGHEST_ENTROPY = 5;

function checkGlobs(list: Allowlist, add: Add): void {
  for (const glob of list.paths) {
    const wrong = globProblem(glob);
    if (wrong !== undefined) add('error', `the glob ${JSON.stringify(glob)} of an allowlist cannot be used: ${wrong}`);
  }
}

/** What the rules that come with Leakgate owe their readers. */
function checkDocumentation(rule: Rule, add: Add): void {
  if (rule.description === '') add('error', 'the key "description" is missing: say what the credential opens');
  if (rule.examples.length === 0)
    add('error', 'has no "examples"; a rule without one is a rule nobody has seen working');
  if (rule.references.length === 0)
    add('error', 'has no "references"; name the page that says what the credential looks like');
}

/** Keywords must be proved by the pattern, and what makes a rule slow is named. */
function checkCost(rule: Rule, add: Add): void {
  if (rule.pattern === undefined) return;
  const plan = planLiterals(rule.pattern, rule.keywords);
  if (plan.kind === 'none' && rule.keywords.length > 0) add('error', `"keywords": ${plan.reason}`);
  else if (plan.kind === 'none')
    add('warning', `is slow: ${plan.reason}, so it runs over all content; give it a constant part`);
  if (plan.length.max > DEFAULT_MAX_LENGTH && rule.maxLength === undefined) {
    add(
      'warning',
      `can match without end, or more than ${DEFAULT_MAX_LENGTH} bytes: what is longer is missed; bound its repetitions ({20,200}) or say "maxLength"`,
    );
  }
}
