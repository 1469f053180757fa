import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compilePattern } from '../../src/regex/pattern.ts';
import { ignoreWhatFollows } from '../../src/regex/trailing.ts';

describe('ignoreWhatFollows', () => {
  for (const [pattern, without] of [
    ['key$', 'key(?:)'],
    ['key\\z', 'key(?:)'],
    ['(?m)key$', '(?m)key(?:)'],
    ['key\\b', 'key(?:)'],
    ['key\\B', 'key(?:)'],
    ['key(?:\\n|$)', 'key(?:\\n|(?:))'],
    ['(?<secret>key\\b)', '(?<secret>key(?:))'],
    ['key$[a-z]*', 'key(?:)[a-z]*'],
    ['key(?:=\\b)*', 'key(?:=(?:))*'],
    ['\\bkey\\b{2}$?', '\\bkey(?:){2}(?:)?'],
    ['key(?:=|\\b[a-z]?)(?:;|x{0,3})?\\b', 'key(?:=|(?:)[a-z]?)(?:;|x{0,3})?(?:)'],
  ] as const)
    it(`leaves out what ${pattern} asks`, () => {
      assert.equal(ignoreWhatFollows(pattern), without);
      compilePattern(without);
    });

  for (const pattern of ['key', '\\bkey', '^key', '(?m)key\\n^', 'key\\b=', 'key$\\n', '(?:a$|b)c', 'key(?:\\b=)+', ''])
    it(`has nothing to leave out of ${JSON.stringify(pattern)}`, () =>
      assert.equal(ignoreWhatFollows(pattern), undefined));
});
