import { compilePattern, type Pattern, type PatternMatch } from '../../src/regex/pattern.ts';
import { parsePattern } from '../../src/regex/syntax.ts';
import { lengthOf } from '../../src/regex/length.ts';
import { ignoreWhatFollows } from '../../src/regex/trailing.ts';
import type { Match } from '../../src/detect/match.ts';
import type { Rule } from '../../src/model/rule.ts';

const patterns = new Map<string, Pattern>();

/**
 * The reference: every rule's pattern over the whole content, leftmost first, no literal, no window. A pattern without a bound sees its
 * `maxLength` bytes from where it starts, as if the text ended there.
 */
export function oracleMatches(rules: readonly Rule[], content: Uint8Array): Match[] {
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1');
  const found: Match[] = [];
  rules.forEach((rule, index) => {
    if (rule.pattern === undefined) return;
    const pattern = patterns.get(rule.pattern) ?? compilePattern(rule.pattern);
    patterns.set(rule.pattern, pattern);
    const tree = parsePattern(rule.pattern);
    const cap = lengthOf(tree).max <= (rule.maxLength ?? 65_536) ? Infinity : (rule.maxLength ?? 4096);
    if (cap !== Infinity && ignoreWhatFollows(rule.pattern) !== undefined) {
      found.push(...matchesAtEveryStart(pattern, text, cap).map((match) => ({ rule: index, ...match })));
      return;
    }
    for (let from = 0; from < text.length;) {
      const leftmost = pattern.exec(text, from, false);
      if (leftmost === undefined) break;
      const match =
        cap === Infinity ? leftmost : pattern.exec(text.slice(0, leftmost.start + cap), leftmost.start, true);
      if (match !== undefined && match.end > match.start) found.push({ rule: index, ...match });
      from = match === undefined ? leftmost.start + 1 : Math.max(match.end, leftmost.start + 1);
    }
  });
  return sortMatches(found);
}

/** Where a match is cut, `$` and `\b` hold, though they do not in the whole text: every start is tried with what is seen from there. */
function matchesAtEveryStart(pattern: Pattern, text: string, cap: number): PatternMatch[] {
  const found: PatternMatch[] = [];
  for (let from = 0; from < text.length;) {
    // With the byte before it, which assertions look at.
    const left = Math.max(0, from - 1);
    const match = pattern.exec(text.slice(left, from + cap), from - left, true);
    const end = left + (match?.end ?? 0);
    if (match !== undefined && end > from)
      found.push({
        start: from,
        end,
        secretStart: left + match.secretStart,
        secretEnd: left + match.secretEnd,
      });
    from = Math.max(end, from + 1);
  }
  return found;
}

export function sortMatches(matches: readonly Match[]): Match[] {
  return [...matches].sort((a, b) => a.rule - b.rule || a.start - b.start);
}
