import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stepsOf } from '../../src/regex/steps.ts';
import { parsePattern } from '../../src/regex/syntax.ts';

describe('stepsOf', () => {
  const steps = (pattern: string): number => stepsOf(parsePattern(pattern));

  it('writes counts out, those inside of others too', () => {
    assert.equal(steps('abc'), 3);
    assert.ok(steps('(?:ab){1000}') >= 2000);
    assert.ok(steps('(?:(?:ab){30}c){30}') >= 30 * 61);
    assert.ok(steps('[a-z]{0,500}') >= 500);
  });

  it('takes an endless count as one turn more than must be', () => {
    assert.ok(steps('[a-z]*') < 5);
    assert.ok(steps('[a-z]{40,}') < 100);
  });
});
