import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { translatePattern } from '../../src/regex/foreign-syntax.ts';
import type { ForeignDialect } from '../../src/regex/foreign-syntax.ts';
import { compilePattern } from '../../src/regex/pattern.ts';

/** The secret that a line pattern finds in a content, as text. */
function secretIn(content: string, source: string, dialect: ForeignDialect = 're2'): string | undefined {
  const bytes = Buffer.from(content, 'utf8').toString('latin1');
  const match = compilePattern(translatePattern({ source, dialect, unit: 'line' })).exec(bytes, 0, false);
  return match === undefined
    ? undefined
    : Buffer.from(bytes.slice(match.secretStart, match.secretEnd), 'latin1').toString('utf8');
}

describe('translatePattern', () => {
  it('keeps ordinary patterns meaning what they mean', () => {
    for (const [source, content, found] of [
      ['(BBDC-[a-zA-Z0-9+]{4})', 'x BBDC-ab+9 y', 'BBDC-ab+9'],
      ['(?i)key[_-]?id', 'my Key-ID', 'Key-ID'],
      ['\\Qa.b*\\E+', 'aab a.b**', 'a.b**'],
      ['[^]a-]x', ']x -x bx', 'bx'],
      ['[[:alpha:]]+\\d', 'ab1', 'ab1'],
      ['a(?P<secret>b)c', 'abc', 'abc'],
      ['\\x41\\x{42}\\103?C', 'ABC', undefined],
    ] as const) {
      if (found === undefined) assert.throws(() => secretIn(content, source));
      else assert.equal(secretIn(content, source), found, source);
    }
  });

  it('sees one line at a time, whatever the pattern would take', () => {
    for (const source of [
      '[^"]+',
      '[\\s\\S]+',
      '(?s).+',
      'a\\s+b',
      '[\\x00-\\x7f]+',
      '\\D+',
      '\\W+',
      'a\\nb',
      '[\\n]',
      '\\P{L}+',
    ])
      for (const dialect of ['re2', 'java'] as const) {
        const secret = secretIn('a\r\nb', source, dialect);
        assert.ok(
          secret === undefined || !/[\r\n]/.test(secret),
          `${dialect} ${source} found ${JSON.stringify(secret)}`,
        );
      }
  });

  it('refuses what closes more than it opens, and takes it where it opens and closes nothing', () => {
    for (const dialect of ['re2', 'java'] as const)
      for (const unit of ['line', 'path'] as const) {
        for (const source of ['a)(b', ')', 'a)|(b', '(a))(b', '(?i))(b', 'a)$(?:'])
          assert.throws(() => translatePattern({ source, dialect, unit }), /unmatched \)/, source);
        for (const source of ['a\\)\\(b', '[)](', '\\Q)(\\E'])
          assert.doesNotThrow(() => translatePattern({ source, dialect, unit }), source);
      }
  });

  it('anchors at the ends of lines, however they end', () => {
    for (const content of ['x\nfoo\ny', 'x\r\nfoo\r\ny', 'foo', 'x\r\nfoo']) {
      for (const source of ['^foo$', '\\Afoo\\z', '(?m)^foo$', '(?-m)^foo$'])
        assert.equal(secretIn(content, source), 'foo', source);
      assert.equal(secretIn(content, '^foo\\Z', 'java'), 'foo');
    }
    assert.equal(secretIn('foo bar\n', '^foo$'), undefined);
    assert.equal(secretIn('a\r\nbar\r\n', 'a$|bar$')?.trimEnd(), 'a');
  });

  it('finds characters outside of ASCII as UTF-8 writes them', () => {
    assert.equal(secretIn('le café', 'caf(é|e)'), 'café');
    assert.equal(secretIn('ééé', 'é+'), 'ééé');
    assert.equal(secretIn('naïve', 'na[iïy]ve'), 'naïve');
    assert.equal(secretIn('naïve', 'na\\u00efve', 'java'), 'naïve');
  });

  it("reads Java's own escapes and classes", () => {
    for (const [source, content, found] of [
      ['\\p{Alpha}+[\\p{Digit}_]', 'ab_', 'ab_'],
      ['\\P{Alpha}+', 'ab12', '12'],
      ['\\u0041\\e?', 'A', 'A'],
      ['\\0101', 'A', 'A'],
      ['a\\vb', 'a\u000bb', 'a\u000bb'],
      ['(?<name>a)(?d-u:b)', 'ab', 'ab'],
    ] as const)
      assert.equal(secretIn(content, source, 'java'), found, source);
  });

  it('names what RE2 does not have', () => {
    for (const [source, named] of [
      ['a(?=b)', /lookahead \(\?=/],
      ['a(?!b)', /negative lookahead/],
      ['(?<=a)b', /lookbehind \(\?<=/],
      ['(?<!a)b', /negative lookbehind/],
      ['(?>a)b', /atomic group/],
      ['a++', /possessive repetition \+\+ at character 2/],
      ['a{2,3}+', /possessive repetition \{2,3\}\+/],
      ['(a)\\1', /backreference \\1 at character 4/],
      ['(?<x>a)\\k<x>', /backreference \\k/],
      ['\\h', /\\h at character 1/],
      ['[a&&b]', /intersection of classes/],
      ['[a[b]]', /class within a class/],
      ['(?x)a b', /comments/],
      ['(?U)\\w', /Unicode classes/],
      ['[^é]', /outside of ASCII in a negated class/],
      ['[a-é]', /range that ends outside of ASCII/],
    ] as const)
      assert.throws(() => translatePattern({ source, dialect: 'java', unit: 'line' }), named, source);
  });

  it('takes a path as one text', () => {
    const path = (source: string): string => translatePattern({ source, dialect: 're2', unit: 'path' });
    const matches = (source: string, text: string): boolean => compilePattern(path(source)).test(text);
    assert.ok(matches('\\.pem$', 'keys/a.pem'));
    assert.ok(!matches('^a\\.pem$', 'keys/a.pem'));
    assert.ok(matches('(?i)^KEYS/', 'keys/a.pem'));
  });

  it('either refuses a pattern or makes one that compiles and stays on its line', () => {
    const piece = fc.constantFrom(
      ...[
        'a',
        'é',
        '.',
        '$',
        '^',
        '\\s',
        '\\S',
        '\\D',
        '\\W',
        '\\b',
        '[^a]',
        '[a-c]',
        '[\\s]',
        '[^\\d]',
        '\\n',
        '\\r',
        '\\Q.\\E',
      ],
      ...[
        '(',
        ')',
        '(?:',
        '(?i)',
        '(?s:',
        '(?-m:',
        '|',
        '*',
        '+?',
        '{2}',
        '\\x0a',
        '\\p{L}',
        '[[:space:]]',
        '[\\w-]',
        '\\z',
        ' ',
      ],
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }),
        fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '\r', 'é', '1') }),
        (pieces, text) => {
          for (const dialect of ['re2', 'java'] as const) {
            let secret: string | undefined;
            try {
              secret = secretIn(`${text}\na\nb\r\nc`, pieces.join(''), dialect);
            } catch {
              continue;
            }
            assert.ok(
              secret === undefined || !secret.includes('\n'),
              JSON.stringify({ pattern: pieces.join(''), secret }),
            );
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
