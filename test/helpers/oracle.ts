import { compilePattern, type Pattern } from '../../src/regex/pattern.ts';
import { parsePattern } from '../../src/regex/syntax.ts';
import { lengthOf } from '../../src/regex/length.ts';
import type { Match } from '../../src/detect/match.ts';
import type { Rule } from '../../src/model/rule.ts';

const patterns = new Map<string, Pattern>();

/**
 * The reference: every rule's pattern over the whole content, leftmost first, no literal, no window. A pattern without a bound sees its
 * `maxLength` bytes from where it starts.
 */
export function oracleMatches(rules: readonly Rule[], content: Uint8Array): Match[] {
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1');
  const found: Match[] = [];
  rules.forEach((rule, index) => {
    if (rule.pattern === undefined) return;
    const pattern = patterns.get(rule.pattern) ?? compilePattern(rule.pattern);
    patterns.set(rule.pattern, pattern);
    const natural = lengthOf(parsePattern(rule.pattern)).max;
    const cap = natural <= (rule.maxLength ?? 65_536) ? Infinity : (rule.maxLength ?? 4096);
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

export function sortMatches(matches: readonly Match[]): Match[] {
  return [...matches].sort((a, b) => a.rule - b.rule || a.start - b.start);
}
