import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import type { Match } from '../../src/detect/match.ts';
import { createMatcher } from '../../src/detect/matcher.ts';
import { createRefiner } from '../../src/detect/refine.ts';
import { translatePattern } from '../../src/regex/foreign-syntax.ts';
import { compilePattern } from '../../src/regex/pattern.ts';
import { makeRule } from '../helpers/make-rule.ts';
import { oracleMatches, sortMatches } from '../helpers/oracle.ts';

const PIECES = [
  ...[
    'abc',
    'tok_',
    'a',
    'é',
    '.',
    '$',
    '^',
    '\\s',
    '\\S+',
    '\\D',
    '\\W',
    '\\b',
    '[^a]',
    '[a-c]+',
    '[\\s]',
    '\\d{2}',
    '\\n',
  ],
  ...['\\Q.\\E', '(', ')', '(?:', '(?i)', '(?s:', '|', '*', '+?', '{2}', '\\p{L}', '[\\w-]', '\\z', ' '],
];
const TEXTS = ['abc', 'ABC', 'tok_', 'a', ' ', '\n', '\r\n', 'é', '12', '.', '-'];

describe('patterns of clients', () => {
  it('find in the matcher what they find over the whole content, also those without a literal or a length', () => {
    const sample = fc.array(fc.constantFrom(...TEXTS), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 }), sample, (pieces, texts) => {
        for (const dialect of ['re2', 'java'] as const) {
          let pattern: string;
          try {
            pattern = translatePattern({ source: pieces.join(''), dialect, unit: 'line' });
            compilePattern(pattern);
          } catch {
            continue;
          }
          const rules = [makeRule({ id: 'x', pattern })];
          const content = Buffer.from(texts.join(''));
          const found: Match[] = [];
          createMatcher(compileRuleset(rules))(content, (match) => found.push(match));
          assert.deepEqual(sortMatches(found), oracleMatches(rules, content), pattern);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are no findings where they match nothing', () => {
    const content = Buffer.from('ab\nxxb\n\n');
    for (const [pattern, expected] of [
      ['(?m:x*)', ['xx']],
      ['(?m:^)', []],
      ['(?m:(?<secret>^)b?)', []],
    ] as const) {
      const rules = [makeRule({ id: 'x', pattern })];
      const refinement = createRefiner(rules, 10).begin(content);
      const secrets: string[] = [];
      createMatcher(compileRuleset(rules))(content, (match) => {
        if (refinement.accepts(match)) secrets.push(content.toString('utf8', match.secretStart, match.secretEnd));
      });
      assert.deepEqual(secrets, expected, pattern);
    }
  });
});
