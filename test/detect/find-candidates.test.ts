import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { createCandidates, createFindCandidates } from '../../src/detect/find-candidates.ts';
import { makeRule } from '../helpers/make-rule.ts';

const ruleset = compileRuleset([makeRule({ id: 'word', pattern: '\\blongest_literal=[a-z]{3}' })]);
const find = createFindCandidates(ruleset);

function candidatesIn(content: Uint8Array, from: number, to: number): number[] {
  const candidates = createCandidates();
  find(content, from, to, candidates);
  return [...candidates.at.subarray(0, candidates.count)];
}

describe('candidates', () => {
  it('are the same wherever a search begins and ends, the byte before the longest literal included', () => {
    const content = Buffer.from('longest_literal=abc xlongest_literal=abc longest_literal=abc', 'latin1');
    const whole = candidatesIn(content, 0, content.length);
    assert.deepEqual(whole, [0, 41]);
    for (let size = 1; size <= content.length; size++) {
      const found: number[] = [];
      for (let from = 0; from < content.length; from += size)
        found.push(...candidatesIn(content, from, Math.min(content.length, from + size)));
      assert.deepEqual(
        found.sort((a, b) => a - b),
        whole,
        `pieces of ${size} bytes`,
      );
    }
  });
});
