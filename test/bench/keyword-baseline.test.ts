import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createKeywordBaseline } from '../../bench/keyword-baseline.ts';
import type { Match } from '../../src/detect/match.ts';
import { fakeGithubPat, fakePrivateKey, fakeStripeKey } from '../helpers/fake-secrets.ts';
import { makeRule } from '../helpers/make-rule.ts';
import { oracleMatches, sortMatches } from '../helpers/oracle.ts';

const RULES = [
  makeRule({ id: 'github', pattern: '\\b(?<secret>ghp_[0-9A-Za-z]{36})\\b' }),
  makeRule({ id: 'stripe', pattern: '(?i)sk_live_(?<secret>[0-9a-z]{24})' }),
  makeRule({ id: 'unbounded', pattern: '-----BEGIN[^-]*KEY-----[\\s\\S]+?-----END' }),
  makeRule({ id: 'no-literal', pattern: '\\b[0-9]{3}-[0-9]{2}\\b' }),
];

describe('the baseline of the matcher', () => {
  const find = createKeywordBaseline(RULES);
  const cases: readonly (readonly [title: string, content: Buffer])[] = [
    ['nothing', Buffer.from('just text, 12-34 and token = none')],
    ['one match of several rules', Buffer.from(`a ${fakeGithubPat()} b\n${fakeStripeKey().toUpperCase()} 123-45\n`)],
    ['a match without a bound', Buffer.from(`x\n${fakePrivateKey('a')}\n${'y'.repeat(9000)}\n${fakePrivateKey('b')}`)],
    ['bytes that are not ASCII', Buffer.from(`\xe9\xff ${fakeGithubPat()} \xe4 ${fakeGithubPat('other')}`, 'latin1')],
  ];
  for (const [title, content] of cases) {
    it(`finds what every pattern alone finds: ${title}`, () => {
      const found: Match[] = [];
      find(content, (match) => found.push(match));
      assert.deepEqual(sortMatches(found), oracleMatches(RULES, content));
    });
  }
});
