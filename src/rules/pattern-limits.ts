import { compilePattern, SECRET_GROUP } from '../regex/pattern.ts';
import { stepsOf } from '../regex/steps.ts';
import { parsePattern } from '../regex/syntax.ts';
import type { Node } from '../regex/syntax.ts';
import type { ScopeName } from '../model/rule.ts';

/** Longest pattern in characters. RE2 would take more, but nobody can review it. */
export const MAX_PATTERN_LENGTH = 8192;

/** What is left for the patterns of one file: steps, with their counts written out (see `stepsOf`). */
export interface PatternBudget {
  steps: number;
}

/**
 * What is wrong with a pattern, as the rest of a sentence that starts with its key; `undefined` when nothing is.
 *
 * Every pattern is parsed. Those of users are compiled as well, so that what only RE2 can refuse (a program too large) is reported
 * with its place and not in the middle of a scan. The built-in ones are compiled by the tests; a hook need not wait for that.
 *
 * @param budget of the file, from which the pattern is taken; what would exceed it is not compiled
 */
export function patternProblem(source: string, scope: ScopeName, budget?: PatternBudget): string | undefined {
  if (source.length > MAX_PATTERN_LENGTH) return `has ${source.length} characters; at most ${MAX_PATTERN_LENGTH} are allowed`;
  const foreign = nonAscii(source);
  if (foreign !== undefined) {
    return `has the character ${JSON.stringify(foreign)} outside of ASCII; patterns are matched on bytes, so write its bytes: ${byteEscapes(foreign)}`;
  }
  try {
    const tree = parsePattern(source);
    const groups = countSecretGroups(tree);
    if (groups > 1) return `has ${groups} groups named "${SECRET_GROUP}"; keep one, around the credential`;
    const over = budget && chargeSteps(stepsOf(tree), budget);
    if (over !== undefined) return over;
    if (scope !== 'builtin') compilePattern(source);
    return undefined;
  } catch (error) {
    return `is not a valid RE2 pattern: ${(error as Error).message}`;
  }
}

function chargeSteps(steps: number, budget: PatternBudget): string | undefined {
  if (steps > budget.steps)
    return `comes to ${steps} steps with its counts written out, and only ${budget.steps} are left to the patterns of this file; use smaller counts, or fewer patterns`;
  budget.steps -= steps;
  return undefined;
}

function countSecretGroups(node: Node): number {
  switch (node.kind) {
    case 'capture':
      return (node.name === SECRET_GROUP ? 1 : 0) + countSecretGroups(node.node);
    case 'repeat':
      return countSecretGroups(node.node);
    case 'concat':
    case 'alternate':
      return node.nodes.reduce((sum, child) => sum + countSecretGroups(child), 0);
    case 'empty':
    case 'class':
    case 'assert':
      return 0;
    default:
      return node satisfies never;
  }
}

function nonAscii(text: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- the range is the point: everything that is one byte in every encoding
  return /[^\x00-\x7f]/u.exec(text)?.[0];
}

/** The UTF-8 bytes of a character as RE2 escapes: `é` gives `\xc3\xa9`. */
function byteEscapes(char: string): string {
  return [...Buffer.from(char, 'utf8')].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
