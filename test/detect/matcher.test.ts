import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { createMatcher, SLICE_BYTES } from '../../src/detect/matcher.ts';
import type { Match } from '../../src/detect/match.ts';
import { REPEATS } from '../../src/detect/repeats.ts';
import type { Rule } from '../../src/model/rule.ts';
import { makeRule } from '../helpers/make-rule.ts';
import { oracleMatches, sortMatches } from '../helpers/oracle.ts';

// One rule for each way in which a pattern can be awkward.
const PATTERNS: Readonly<Record<string, string>> = {
  'literal first': 'abc_(?<secret>[a-z0-9]{6})',
  'word boundary': '\\bkey-(?<secret>[0-9a-f]{4,8})\\b',
  'folded name and value':
    '(?i)(?:api[_-]?key|token|secret)[\\w.-]{0,8}[ \'"]{0,3}(?:=|:|=>)[ "\']{0,3}(?<secret>[\\w-]{4,20})',
  'variable lead': '[\\w.-]{0,12}(?:passwd|passphrase)[ =:]{1,3}(?<secret>\\S{3,12})',
  'lazy lead': '[a-z]{0,9}?token[:=](?<secret>[a-z]{2,9}?);',
  'different literals at different places': '(?:[0-9]{2}xyz|xyzw[0-9]{3}|a{0,4}keys)(?<secret>[ab]{1,5})',
  'literal in the middle of an alternation': '(?:sk_live_[a-z]{4}|[0-9]{3}-live-[0-9]{2})x?',
  'a match whose literal comes late over one whose literal comes early': '[a-zA-Z0-9]{6}END|MID[a-zA-Z0-9]{3}',
  'more required bytes than are looked at': 'kwa-[q]{75,90}=',
  'more optional bytes than are looked at': 'kwb-[q]{0,90};',
  'a nested sequence longer than is looked at': 'kwc-(?:(?:[q]{40}[q]{40}-){1,2}|=)!',
  'without a bound': 'abc[a-z]*z',
  'line anchors': '(?m)^tok[0-9]+$',
  'ends of a line or of the text behind a count': '(?m)tok-[0-9]{2,9}(?:[;,]|$)|key-[0-9a-f]{4}(?:[^0-9a-f]|\\z)',
  'an end of the text that nothing can follow': 'xyz(?:=[0-9]{1,3}$){1,2}|abc-[a-z]{2}$\\b',
  'text anchors': '\\Aabc[a-z]{1,3}|xyz[0-9]{1,3}\\z',
  'no literal': '[xyz]{2}[0-9]{2}',
  'repetition with a literal inside': '(?:ab-cd[0-9]){2,3}',
  'high bytes': 'key\\xe9(?<secret>[^a-z]{3})',
  'negated class over all bytes': 'abc[^\\n]{2,5}=',
};
const RULES: Rule[] = Object.entries(PATTERNS).map(([id, pattern]) =>
  makeRule({ id: id.replaceAll(' ', '-'), pattern, maxLength: 4096 }),
);
// Where a match is cut there is the end of a text, of a line and of a word.
const SHORT: Readonly<Record<string, string>> = {
  cut: 'abc[a-z]*',
  'cut, end of the text': 'abc[a-z]*$|tok[0-9]*(?:;|\\z)',
  'cut, end of the text, variable lead': '[^\\n]{0,3}(?:abc|key)[a-z]*$',
  'cut, end of a line, variable lead': '(?m)[a-z]{0,3}tok[0-9a-z]*$',
  'cut, end of a word': '[a-z]{0,2}key[a-z]*\\b',
  'cut, end of a word in the middle': '\\bkey\\b[=: "]*[a-z]*',
  'cut, not the end of a word': 'xyz[0-9a-z]*\\B',
};
for (const [id, pattern] of Object.entries(SHORT))
  RULES.push(makeRule({ id: id.replaceAll(/\W+/g, '-'), pattern, maxLength: 8 }));
const ruleset = compileRuleset(RULES);
const whole = createMatcher(ruleset);

function collect(find: (content: Uint8Array, found: (match: Match) => void) => void, content: Uint8Array): Match[] {
  const found: Match[] = [];
  find(content, (match) => found.push(match));
  return sortMatches(found);
}

// Words of the patterns, so that random content is full of near misses, between noise of every byte.
const WORDS = [
  'abc_',
  'abc',
  'key-',
  'key',
  'keys',
  'api_key',
  'API-KEY',
  'apikey',
  'Token',
  'token',
  'secret',
  'passwd',
  'passphrase',
  'sk_live_',
  '-live-',
  'xyz',
  'tok',
  'ab-cd',
  '12',
  '345',
  'aaab',
  'deadbeef',
  '=',
  ': ',
  ' => ',
  '"',
  "'",
  ';',
  '\n',
  ' ',
  'z',
  'xx11',
  '\u00e9',
  '---',
  'A',
  'abMIDxEND',
  'MID',
  'END',
  'kwa-',
  'kwb-',
  'kwc-',
  'qqq',
  `kwa-${'q'.repeat(80)}=`,
  `kwb-${'q'.repeat(80)};`,
  `kwc-${'q'.repeat(80)}-!`,
  `kwb-${'q'.repeat(91)};`,
];
const content = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...WORDS) },
      { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
    ),
    { maxLength: 120 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));
const bytes = fc.oneof(
  content,
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
);

describe('matcher', () => {
  it('finds what the oracle finds, for every kind of pattern', () => {
    fc.assert(
      fc.property(bytes, (sample) => {
        assert.deepEqual(collect(whole, sample), oracleMatches(RULES, sample));
      }),
      { numRuns: 1500 },
    );
  });

  it('finds the same when it remembers all that came before', () => {
    const remembering = createMatcher(ruleset, SLICE_BYTES, REPEATS);
    fc.assert(
      fc.property(fc.array(content, { minLength: 1, maxLength: 4 }), (samples) => {
        // Neighbours share their ends.
        const joined = samples.map((_, at) => Buffer.concat(samples.slice(at)));
        for (const sample of joined) assert.deepEqual(collect(remembering, sample), oracleMatches(RULES, sample));
      }),
      { numRuns: 400 },
    );
  });

  it('finds the same whatever the size of a slice', () => {
    fc.assert(
      fc.property(content, fc.integer({ min: 1, max: 700 }), (sample, slice) => {
        assert.deepEqual(collect(createMatcher(ruleset, slice), sample), collect(whole, sample));
      }),
      { numRuns: 500 },
    );
  });

  it('finds the same at every split point of one sample', () => {
    const sample = Buffer.from(
      WORDS.join('') + ' token = "abcdefgh"; passwd: xyzzy1 sk_live_abcd 99xyzab keysab '.repeat(12),
      'latin1',
    );
    const expected = oracleMatches(RULES, sample);
    assert.ok(expected.length > 30, `only ${expected.length} matches to compare`);
    for (let slice = 1; slice <= sample.length; slice++)
      assert.deepEqual(collect(createMatcher(ruleset, slice), sample), expected, `slices of ${slice}`);
  });

  it('finds a value longer than maxLength as far as that, and goes on behind it', () => {
    // Were such matches none, each of its many starts would be tried in vain: minutes for a line of 1 MB.
    const pattern = '(?:api_)?key[=: ]{1,3}(?<secret>[\\w=]{201,})(?:[;"]|$)';
    const find = createMatcher(compileRuleset([makeRule({ id: 'long', pattern, maxLength: 1000 })]));
    const found = collect(find, Buffer.alloc(5400, 'api_key='));
    assert.deepEqual(
      found.map(({ start, end }) => [start, end]),
      [0, 1, 2, 3, 4].map((at) => [1000 * at, 1000 * (at + 1)]).concat([[5000, 5400]]),
    );
    assert.deepEqual(found.slice(0, 1), [{ rule: 0, start: 0, end: 1000, secretStart: 8, secretEnd: 1000 }]);
  });

  it('finds what the oracle finds in texts of nothing but beginnings', () => {
    const patterns = [
      'key[^;]*;',
      '[a-z]{0,2}key[^;!]*!',
      '(?:key[^;]*;|tok[^;!]*!)',
      'key[^;]{0,1000}[^;]{0,500};',
      'to(?:k[^;]*!)$',
    ];
    const rules = patterns.map((pattern, index) => makeRule({ id: `rule-${index}`, pattern, maxLength: 1503 }));
    const dense = compileRuleset(rules);
    const piece = fc
      .tuple(fc.constantFrom('key', 'key=', 'tok', 'keytok ', 'k', ';', '!', 'x'), fc.integer({ min: 1, max: 700 }))
      .map(([text, times]) => (text.length > 1 ? text.repeat(times) : text));
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 500, max: 9000 }),
        (pieces, slice) => {
          const sample = Buffer.from(pieces.join(''));
          assert.deepEqual(collect(createMatcher(dense, slice), sample), oracleMatches(rules, sample));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('finds every match that straddles a border between lanes', () => {
    for (let pad = 0; pad < 2100; pad += 7) {
      const sample = Buffer.from(`${'.'.repeat(pad)}abc_q1w2e3${'.'.repeat(2100 - pad)}`);
      assert.deepEqual(collect(whole, sample), oracleMatches(RULES, sample), `at ${pad}`);
    }
  });
});
