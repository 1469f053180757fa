import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Match } from '../../src/detect/match.ts';
import { redactMatch } from '../../src/scan/redact-match.ts';

const CONTENT = Buffer.from('one=first-hidden two=second-hidden three=third-hidden end');

/** A match from `start` on whose secret is this word. */
function matchOf(secret: string, start: number): Match {
  const secretStart = CONTENT.indexOf(secret);
  const secretEnd = secretStart + secret.length;
  return { rule: 0, start, end: secretEnd, secretStart, secretEnd };
}

describe('redactMatch', () => {
  it('hides every secret that a match spans, also when matches start in another order than their secrets', () => {
    const whole = matchOf('third-hidden', 0);
    const second = matchOf('second-hidden', 1);
    const first = matchOf('first-hidden', 2);
    for (const all of [
      [whole, second, first],
      [whole, first, second],
    ]) {
      const text = redactMatch(CONTENT, whole, all);
      assert.doesNotMatch(text, /hidden/);
      assert.match(text, /^one=.+ two=.+ three=/);
    }
  });

  it('leaves secrets outside of the match alone', () => {
    const whole = matchOf('second-hidden', CONTENT.indexOf('two'));
    const text = redactMatch(CONTENT, whole, [matchOf('first-hidden', 0), whole, matchOf('third-hidden', 40)]);
    assert.match(text, /^two=/);
    assert.doesNotMatch(text, /hidden|one|three/);
  });
});
