import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePattern } from '../../src/regex/syntax.ts';
import { asksWhatFollows } from '../../src/regex/trailing.ts';

describe('asksWhatFollows', () => {
  for (const pattern of [
    'key$',
    'key\\z',
    '(?m)key$',
    'key\\b',
    'key\\B',
    'key(?:\\n|$)',
    '(?<secret>key\\b)',
    'key$[a-z]*',
    'key(?:=\\b)*',
    'key(?:=|\\b[a-z]?)(?:;|x{0,3})?',
  ])
    it(`is true of ${pattern}`, () => assert.equal(asksWhatFollows(parsePattern(pattern)), true));

  for (const pattern of ['key', '\\bkey', '^key', '(?m)key\\n^', 'key\\b=', 'key$\\n', '(?:a$|b)c', 'key(?:\\b=)+', ''])
    it(`is false of ${JSON.stringify(pattern)}`, () => assert.equal(asksWhatFollows(parsePattern(pattern)), false));
});
