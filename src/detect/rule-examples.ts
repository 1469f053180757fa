import type { Allowlist, Rule } from '../model/rule.ts';
import { compilePattern } from '../regex/pattern.ts';
import { compileRuleset } from './compile-ruleset.ts';
import { createDetector } from './detector.ts';
import { expandExample } from './example-template.ts';
import type { Match } from './match.ts';

/**
 * One sentence for each example that the rule does not find and each negative example that it does. The rule is tried alone, so that no other
 * takes the secret from it, with those of its own allowlists that look at content. Examples of a rule on paths alone are paths.
 */
export function findWrongExamples(rule: Rule): readonly string[] {
  const finds = rule.pattern === undefined ? finderOfPaths(rule.path ?? '') : finderOfSecrets(rule);
  return [
    ...rule.examples.flatMap((example) => judge(rule, example, true, finds)),
    ...rule.negativeExamples.flatMap((example) => judge(rule, example, false, finds)),
  ];
}

type Finder = (text: string) => boolean;

function judge(rule: Rule, example: string, wanted: boolean, finds: Finder): readonly string[] {
  try {
    if (finds(expandExample(example, rule.id)) === wanted) return [];
    return [wanted ? `the example ${shown(example)} is not found` : `the negative example ${shown(example)} is found`];
  } catch (error) {
    return [`the example ${shown(example)} cannot be made: ${(error as Error).message}`];
  }
}

function finderOfSecrets(rule: Rule): Finder {
  const detector = createDetector(compileRuleset([rule]));
  const allowed = rule.allowlists
    .filter((list) => list.paths.length === 0 && list.commits.length === 0)
    .map(conditionsOf);
  return (text) => {
    const content = Buffer.from(text, 'utf8');
    const view = content.toString('latin1');
    return detector.findMatches(content).matches.some((match) => !allowed.some((holds) => holds(view, match)));
  };
}

/** Whether everything that an allowlist says about lines and secrets holds. Paths and commits are decided where they are known, in suppress/. */
function conditionsOf(list: Allowlist): (view: string, match: Match) => boolean {
  const lines = list.lines.map((source) => compilePattern(source));
  const secrets = list.secrets.map((source) => compilePattern(source));
  const words = list.stopWords.map((word) => word.toLowerCase());
  return (view, match) => {
    const secret = view.slice(match.secretStart, match.secretEnd);
    const end = view.indexOf('\n', match.end - 1);
    const line = view.slice(view.lastIndexOf('\n', Math.max(match.start - 1, 0)) + 1, end < 0 ? view.length : end);
    return (
      (lines.length === 0 || lines.some((pattern) => pattern.test(line))) &&
      (secrets.length === 0 || secrets.some((pattern) => pattern.test(secret))) &&
      (words.length === 0 || words.some((word) => secret.toLowerCase().includes(word)))
    );
  };
}

function finderOfPaths(pattern: string): Finder {
  const path = compilePattern(pattern);
  return (text) => path.test(Buffer.from(text, 'utf8').toString('latin1'));
}

/** The template, not what it was expanded to: nothing in the shape of a secret is printed. */
function shown(example: string): string {
  return JSON.stringify(example.length > 100 ? `${example.slice(0, 100)}…` : example);
}
