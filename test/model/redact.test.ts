import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { redact, REDACT_KEEP } from '../../src/model/redact.ts';

describe('redact', () => {
  it('shows the first four characters and the length', () => {
    assert.equal(redact(`abcd${'x'.repeat(36)}`), 'abcd…(40)');
  });

  it('shows nothing of a secret shorter than four characters', () => {
    assert.deepEqual(['', 'a', 'ab', 'abc'].map(redact), ['…(0)', '…(1)', '…(2)', '…(3)']);
    assert.equal(redact('abcd'), 'a…(4)');
  });

  it('never shows more than four characters or a quarter, and they are the first ones', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (secret) => {
        const end = `…(${secret.length})`;
        const redacted = redact(secret);
        assert.ok(redacted.endsWith(end));
        const shown = redacted.slice(0, -end.length);
        assert.ok(secret.startsWith(shown));
        assert.ok(shown.length <= REDACT_KEEP);
        assert.ok(shown.length <= secret.length / 4);
      }),
    );
  });
});
