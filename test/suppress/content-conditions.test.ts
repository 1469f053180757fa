import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { contentConditions, type MatchedContent } from '../../src/suppress/content-conditions.ts';
import { makeAllowlist } from '../helpers/make-policy.ts';
import { makeRule } from '../helpers/make-rule.ts';

const RULE = makeRule({ id: 'acme-token', pattern: 'x' });
const CONTENT = placed('const key = "abcDUMMYdef"; // sample', 'abcDUMMYdef');

/** A secret in lines of ASCII. */
function placed(lines: string, secret: string): MatchedContent {
  const start = lines.indexOf(secret);
  return { line: lines, secret, place: { lines, start, end: start + secret.length } };
}

const CASES: readonly (readonly [what: string, allowlist: Parameters<typeof makeAllowlist>[0], holds: boolean])[] = [
  ['no condition on content', { paths: ['**'] }, true],
  ['a line pattern that is found', { lines: ['nowhere', '// sample$'] }, true],
  ['a line pattern that is not', { lines: ['^sample'] }, false],
  ['a secret pattern that is found', { secrets: ['DUMMY'] }, true],
  ['a secret pattern found only elsewhere in the line', { secrets: ['sample'] }, false],
  ['a stop word in another case', { stopWords: ['dummy'] }, true],
  ['a stop word found only elsewhere in the line', { stopWords: ['sample'] }, false],
  ['line and secret that both hold', { lines: ['sample'], secrets: ['^abc'] }, true],
  ['line and secret of which one holds', { lines: ['sample'], secrets: ['^DUMMY'] }, false],
  ['secret and stop word of which one holds', { secrets: ['^abc'], stopWords: ['fixture'] }, false],
  ['a pattern that covers the secret', { covering: ['key = "\\w+"'] }, true],
  ['a pattern that covers its last byte', { covering: ['f"'] }, true],
  ['a pattern that covers it at its second match', { covering: ['["=]'] }, false],
  ['a pattern whose second match covers it', { covering: ['[cd]'] }, true],
  ['a pattern that ends where the secret begins', { covering: ['key = "'] }, false],
  ['a pattern that begins where the secret ends', { covering: ['"; // sample'] }, false],
  ['a pattern that finds nothing but a place', { covering: ['x*'] }, false],
  ['a covering and a line pattern of which one holds', { covering: ['DUMMY'], lines: ['^sample'] }, false],
  ['this rule', { secrets: ['^abc'], rules: ['other', 'acme-token'] }, true],
  ['another rule', { secrets: ['^abc'], rules: ['other'] }, false],
];

describe('contentConditions', () => {
  for (const [what, keys, holds] of CASES) {
    it(`${holds ? 'names' : 'leaves out'} an allowlist with ${what}`, () => {
      assert.deepEqual(contentConditions(RULE, [makeAllowlist(keys)], CONTENT), holds ? [0] : []);
    });
  }

  it('gives indexes into the list', () => {
    const lists = [
      makeAllowlist({ secrets: ['nope'] }),
      makeAllowlist({ paths: ['a'] }),
      makeAllowlist({ stopWords: ['DUMMY'] }),
    ];
    assert.deepEqual(contentConditions(RULE, lists, CONTENT), [1, 2]);
  });

  it('lets patterns see bytes', () => {
    const list = makeAllowlist({ lines: ['gr\\xc3\\xbcn'], stopWords: ['Größe'] });
    assert.deepEqual(
      contentConditions(RULE, [list], {
        line: 'grün',
        secret: 'xgrößex',
        place: { lines: '', start: 0, end: 0 },
      }),
      [0],
    );
  });

  it('looks for what covers a secret line by line', () => {
    const content = placed('first\r\nsecond KEY\nthird\rfourth', 'KEY\nthird');
    const holds = (pattern: string): boolean =>
      contentConditions(RULE, [makeAllowlist({ covering: [pattern] })], content).length === 1;
    assert.equal(holds('^second'), false);
    assert.equal(holds('^second KEY$'), true);
    assert.equal(holds('^third$'), true);
    assert.equal(holds('KEY\\nthird'), false);
    assert.equal(holds('^fourth$'), false);
    assert.equal(holds('^first$'), false);
  });

  it('holds exactly when each of its conditions alone holds', () => {
    const words = fc.subarray(['abc', 'DUMMY', 'sample', 'const', 'nope'], { minLength: 0 });
    fc.assert(
      fc.property(words, words, words, (lines, secrets, stopWords) => {
        const alone = [{ lines }, { secrets }, { stopWords }].map(
          (keys) => contentConditions(RULE, [makeAllowlist(keys)], CONTENT).length === 1,
        );
        const together = contentConditions(RULE, [makeAllowlist({ lines, secrets, stopWords })], CONTENT).length === 1;
        assert.equal(together, alone.every(Boolean));
      }),
    );
  });
});
