import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { loosenPattern } from '../../src/regex/loosen.ts';
import { reopenPattern, type PatternMatch } from '../../src/regex/pattern.ts';
import { loadBuiltinRules } from '../../src/hook/built-ruleset.ts';
import { builtinRulesFolder } from '../../src/rules/builtin-folder.ts';

function looseSource(source: string): string | undefined {
  return loosenPattern(source)?.source;
}

describe('loosenPattern', () => {
  it('takes the upper bound from long counts of single characters', () => {
    assert.equal(looseSource('a{8,200}'), '(a{8,})');
    assert.equal(looseSource('key=(?<secret>[a-z{}]{0,60}?)"'), 'key=(?<secret>([a-z{}]{0,}?))"');
    assert.equal(looseSource(String.raw`(?i:\x41{3,99}|\.{1,70})$`), String.raw`(?i:(\x41{3,})|(\.{1,}))$`);
    assert.equal(looseSource('[]-]{1,51}'), '([]-]{1,})');
  });

  it('counts groups as RE2 does', () => {
    const { source, bounds } = loosenPattern('(a)(?:b)(?<secret>c{1,60}(d))e{2,70}') ?? {};
    assert.equal(source, '(a)(?:b)(?<secret>(c{1,})(d))(e{2,})');
    assert.deepEqual(bounds, [
      { group: 3, max: 60 },
      { group: 5, max: 70 },
    ]);
  });

  it('leaves alone what is short, exact, without a bound, a group, or repeated', () => {
    for (const source of ['a{8,50}', 'a{200}', 'a{8,}', 'a*', '(?:ab){1,60}', '(?:a{1,60})+', '(?:a{1,60}){2}'])
      assert.equal(looseSource(source), undefined, source);
    assert.equal(looseSource('(?:a{1,60}b)?'), '(?:(a{1,})b)?');
    assert.equal(looseSource(String.raw`\Qxa\E{1,60}`), undefined);
  });

  it('finds what the bounded pattern finds', () => {
    const piece = fc.constantFrom('a', 'b', 'ab', '-', '=', '"', 'a'.repeat(50), 'ab'.repeat(30), 'a'.repeat(61), '\n');
    const part = fc.constantFrom(
      'a{1,60}',
      '[ab]{3,55}',
      '[ab]{0,60}?',
      '[^"]{2,70}',
      '(?<secret>[ab=]{8,100})',
      '(?:a{1,60}|b)',
      '(?:"[ab]{0,52}")?',
      '=',
      '-?',
      '(a|b)',
      '$',
      '\\b',
    );
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 5 }),
        fc.array(piece, { maxLength: 8 }),
        (parts, pieces) => {
          fc.pre(parts.filter((one) => one.includes('secret')).length < 2);
          assertSame(parts.join(''), pieces.join(''));
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('finds what the built-in rules find, within their bounds and beyond', async () => {
    const { rules } = await loadBuiltinRules(builtinRulesFolder());
    const patterns = rules.flatMap(({ pattern }) =>
      pattern !== undefined && loosenPattern(pattern) !== undefined ? [pattern] : [],
    );
    assert.ok(patterns.length > 10);
    const texts = [49, 51, 199, 200, 201, 700].flatMap((length) => [
      `token = "${'x1'.repeat(length / 2)}"`,
      `password: ${'y'.repeat(length)} secret=${'z'.repeat(length)}`,
      `https://user:${'p'.repeat(length)}@host/${'q'.repeat(length)}`,
    ]);
    for (const pattern of patterns) for (const text of texts) assertSame(pattern, text);
  });
});

function assertSame(source: string, text: string): void {
  const loosened = loosenPattern(source);
  if (loosened === undefined) return;
  const bounded = reopenPattern(source);
  const loose = reopenPattern(source, loosened);
  for (const anchored of [true, false]) {
    for (const from of [0, 1, text.length >> 1, text.length]) {
      assert.deepEqual(place(loose.exec(text, from, anchored)), place(bounded.exec(text, from, anchored)), source);
    }
  }
}

function place(match: PatternMatch | undefined): readonly number[] | undefined {
  return match && [match.start, match.end, match.secretStart, match.secretEnd];
}
