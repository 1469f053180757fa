import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { members } from '../../src/regex/byte-set.ts';
import { lengthOf } from '../../src/regex/length.ts';
import { compilePattern } from '../../src/regex/pattern.ts';
import { parsePattern, PatternSyntaxError } from '../../src/regex/syntax.ts';

/** The bytes RE2 itself accepts for a pattern of one character. */
function acceptedByRe2(source: string): number[] {
  const pattern = compilePattern(`\\A(?:${source})\\z`);
  return Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => pattern.test(String.fromCharCode(byte)));
}

function acceptedByTree(source: string): number[] {
  const node = parsePattern(source);
  const inner = node.kind === 'capture' ? node.node : node;
  assert.equal(inner.kind, 'class', `${source} is no class`);
  return inner.kind === 'class' ? members(inner.set) : [];
}

const SINGLE = [
  ...[
    'a',
    '.',
    '(?s:.)',
    '\\.',
    '\\n',
    '\\t',
    '\\v',
    '\\f',
    '\\a',
    '\\r',
    '\\x41',
    '\\x{e9}',
    '\\101',
    '\\012',
    '\\-',
    '\\/',
    '/',
    '\\"',
    '-',
    ']',
    '}',
    '{',
  ],
  ...[
    '\\d',
    '\\D',
    '\\w',
    '\\W',
    '\\s',
    '\\S',
    '\\pL',
    '\\PL',
    '\\p{Lu}',
    '\\P{Lu}',
    '\\p{^Lu}',
    '\\pN',
    '\\p{Latin}',
    '\\p{Greek}',
  ],
  ...[
    '[abc]',
    '[^abc]',
    '[a-f0-9]',
    '[]a]',
    '[^]a]',
    '[a-]',
    '[-a]',
    '[a\\-z]',
    '[\\w.-]',
    '[^\\w]',
    '[\\D5]',
    '[\\n\\t ]',
    '[\\x00-\\x1f\\x7f]',
    '[\\x{80}-\\x{ff}]',
    '[\\\\]',
  ],
  ...[
    '[[:alpha:]]',
    '[[:^alpha:]]',
    '[[:digit:][:space:]]',
    '[^[:punct:]]',
    '[[:word:]]',
    '[[:xdigit:]]',
    '[[:print:]]',
    '[[:graph:]]',
    '[[:cntrl:]]',
    '[[:blank:]]',
    '[[:ascii:]]',
  ],
  ...[
    '(?i:a)',
    '(?i:Z)',
    '(?i:[a-f])',
    '(?i:[^a-f])',
    '(?i:k)',
    '(?i:s)',
    '(?i:\\x{e9})',
    '(?i:\\x{17f})',
    '(?i:\\x{212a})',
    '(?i:[\\x{c0}-\\x{de}])',
    '(?i:1)',
    '(?i:\\xb5)',
    '(?i:\\xff)',
    '(?i:\\xdf)',
    '(?i:(?-i:a))',
    '(?is:.)',
  ],
];

describe('parsePattern', () => {
  for (const source of SINGLE) {
    it(`reads ${source} as RE2 does`, () => {
      assert.deepEqual(acceptedByTree(source), acceptedByRe2(source));
    });
  }

  it('reads random classes as RE2 does', () => {
    const piece = fc.constantFrom(
      'a',
      'z',
      'a-f',
      '0-9',
      '\\d',
      '\\s',
      '\\W',
      '_',
      '.',
      '[:upper:]',
      '\\x80-\\xc3',
      '\\]',
      '^',
      '\\t',
    );
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.array(piece, { minLength: 1, maxLength: 5 }),
        (negated, folded, pieces) => {
          const source = `${folded ? '(?i:' : '(?:'}[${negated ? '^' : ''}x${pieces.join('')}])`;
          assert.deepEqual(acceptedByTree(source), acceptedByRe2(source));
        },
      ),
    );
  });

  it('knows how long a match can be', () => {
    const lengths: Readonly<Record<string, readonly [number, number]>> = {
      abc: [3, 3],
      'a?b*c+': [1, Infinity],
      'a{2,5}(bc|d){3}': [5, 11],
      '(?:ab){0}x': [1, 1],
      '(?:\\b|^)$': [0, 0],
      '(?:a*){0,3}': [0, Infinity],
      '(?:^*)': [0, 0],
      '\\Qa.b\\E{2}': [4, 4],
      'a{,5}': [5, 5],
    };
    for (const [source, [min, max]] of Object.entries(lengths))
      assert.deepEqual(lengthOf(parsePattern(source)), { min, max }, source);
  });

  it('keeps flags to the group in which they are set', () => {
    const pattern = compilePattern('(?:(?i)a)b');
    assert.ok(pattern.test('Ab'));
    assert.ok(!pattern.test('AB'));
    assert.deepEqual(lengthOf(parsePattern('(?:(?i)a)b')), { min: 2, max: 2 });
  });

  for (const source of [
    'a(?=b)',
    '(?!a)b',
    '(?<=a)b',
    '(?<!a)b',
    '(a)\\1',
    '(?>a)',
    '(a',
    'a)',
    '[a',
    '*a',
    'a**',
    'a{1001}',
    'a{5,2}',
    '\\',
    '\\y',
    '(?<>a)',
    '\\C',
    '[b-a]',
    '[[:letters:]]',
    '[[:constructor:]]',
    '\\p{Nope}',
    '(?P=x)',
    '(?#note)',
  ]) {
    it(`refuses ${source}, with the place`, () => {
      assert.throws(
        () => parsePattern(source),
        (error) => error instanceof PatternSyntaxError && error.index >= 0 && error.index <= source.length,
      );
    });
  }

  it('never ends in anything but a tree or a syntax error', () => {
    const piece = fc.constantFrom(
      '(',
      ')',
      '[',
      ']',
      '{2}',
      '{',
      '}',
      '*',
      '+',
      '?',
      '|',
      '\\',
      '^',
      '$',
      '.',
      'a',
      '-',
      '(?i)',
      '(?:',
      '(?P<n>',
      '\\d',
      '\\x',
      '\\Q',
      '\\E',
      '[:alpha:]',
      '\u00e9',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        try {
          parsePattern(pieces.join(''));
        } catch (error) {
          assert.ok(error instanceof PatternSyntaxError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
