import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { createCandidates, createFindCandidates } from '../../src/detect/find-candidates.ts';
import { createMatcher } from '../../src/detect/matcher.ts';
import type { Match } from '../../src/detect/match.ts';
import { makeRule } from '../helpers/make-rule.ts';
import { oracleMatches, sortMatches } from '../helpers/oracle.ts';

const RULES = [
  'tok-[0-9]{2,9}(?:[;,]|$)',
  '(?m)key-[0-9a-f]{4}(?:[^0-9a-f]|$)',
  'xyz[0-9]{3}$',
  'end$',
  '(?m)eol$',
  'abc(?:=[0-9]{1,3}\\z){1,2}',
].map((pattern, index) => makeRule({ id: `rule-${index}`, pattern }));
const ruleset = compileRuleset(RULES);

const TEXTS = ['tok-123', 'tok-123;', 'key-00ff', 'xyz345', 'end', 'eol', 'abc=12', 'tok-1234567890', 'xyz3456'];

describe('the end of a content', () => {
  const contents = TEXTS.flatMap((text) => [text, `${text}\n`, `${text}x`, `${text}\r\nmore`, `${text}\nmore ${text}`]);

  it('is an end for every pattern that asks for one', () => {
    let matches = 0;
    for (const before of ['', 'some text before ', 'x'.repeat(70)]) {
      for (const content of contents) {
        const bytes = Buffer.from(before + content, 'latin1');
        const found: Match[] = [];
        createMatcher(ruleset)(bytes, (match) => found.push(match));
        assert.deepEqual(sortMatches(found), oracleMatches(RULES, bytes), JSON.stringify(before + content));
        matches += found.length;
      }
    }
    assert.ok(matches > 40, `${matches} matches`);
  });

  it('is no end for a pattern that wants more', () => {
    const more = compileRuleset([makeRule({ id: 'more', pattern: 'tok-[0-9]{4}' })]);
    const candidates = createCandidates();
    const bytes = Buffer.from('tok-1234 tok-123', 'latin1');
    createFindCandidates(more)(bytes, 0, bytes.length, candidates);
    assert.deepEqual([...candidates.at.subarray(0, candidates.count)], [0]);
  });

  it('is asked of RE2 only where it is near', () => {
    const candidates = createCandidates();
    const find = createFindCandidates(ruleset);
    const bytes = Buffer.from('tok-123 key-00ff0 xyz345x endx eolx abc=12=12x', 'latin1');
    find(bytes, 0, bytes.length, candidates);
    assert.equal(candidates.count, 0);
  });
});
