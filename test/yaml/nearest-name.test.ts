import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { didYouMean, nearestName } from '../../src/yaml/nearest-name.ts';

const KNOWN = ['pattern', 'path', 'keywords', 'negativeExamples', 'examples'];

describe('nearestName', () => {
  it('finds what a slip of the fingers meant', () => {
    for (const [slip, meant] of [
      ['patern', 'pattern'],
      ['pattren', 'pattern'],
      ['keyword', 'keywords'],
      ['negative_examples', 'negativeExamples'],
      ['EXAMPLES', 'examples'],
      ['paths', 'path'],
    ] as const) {
      assert.equal(nearestName(slip, KNOWN), meant, slip);
    }
  });

  it('finds nothing for what is far from all, or too long to be meant', () => {
    assert.equal(nearestName('colour', KNOWN), undefined);
    assert.equal(nearestName('x', KNOWN), undefined);
    assert.equal(nearestName('pattern'.repeat(20), KNOWN), undefined);
    assert.equal(didYouMean('colour', KNOWN), '');
    assert.equal(didYouMean('patern', KNOWN), ' (did you mean "pattern"?)');
  });
});
