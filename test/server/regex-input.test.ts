import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRegex, MAX_REGEX_LENGTH, regexProblem } from '../../src/server/regex-input.ts';

const LINE = { dialect: 're2', unit: 'line' } as const;

describe('regexProblem', () => {
  it('finds nothing wrong with what both sides of an interface understand', () => {
    for (const source of ['(BBDC-[a-zA-Z0-9+]{44})', '(?i)^pass(word)?\\s*[:=]', '\\Qa.b\\E', 'a{2,5}?', 'é', '.', ''])
      for (const dialect of ['re2', 'java'] as const)
        assert.equal(regexProblem({ source, dialect, unit: 'line' }), undefined, source);
    assert.equal(regexProblem({ source: 'x'.repeat(MAX_REGEX_LENGTH), ...LINE }), undefined);
    // Long ones stay usable when they are written out for our engine.
    assert.equal(regexProblem({ source: '.é'.repeat(MAX_REGEX_LENGTH / 2), ...LINE }), undefined);
  });

  it('says what is wrong in a sentence of its own', () => {
    for (const [source, problem] of [
      ['x'.repeat(MAX_REGEX_LENGTH + 1), /^has 2001 characters; at most 2000 are allowed$/],
      ['a\u0000b', /^has a character that cannot be stored/],
      ['a\ud800', /^has a character that cannot be stored/],
      ['(?<=a)b', /^is not a valid regular expression: lookbehind \(\?<=…\) at character 1 is not supported/],
      ['a++', /possessive/],
      ['\\h+', /\\h at character 1/],
      ['(a', /missing \)$/],
      ['*.pem', /write \\\.pem\$/],
      ['a{1001}', /repetition count above 1000$/],
      ['((a{100}){100}){100}', /^is not a valid regular expression: /],
    ] as const)
      assert.match(regexProblem({ source, ...LINE }) ?? '', problem, source.slice(0, 20));
  });

  it('is told with its field', () => {
    assert.deepEqual(checkRegex('pathRegex', { source: 'a', dialect: 're2', unit: 'path' }), []);
    const [error] = checkRegex('pathRegex', { source: 'a(', dialect: 're2', unit: 'path' });
    assert.deepEqual([error?.status, error?.context], [400, 'pathRegex']);
    assert.match(error?.message ?? '', /^pathRegex is not a valid regular expression: missing \)\.$/);
  });
});
