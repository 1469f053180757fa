import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOid, isZeroOid } from '../../src/model/oid.ts';

describe('object ids', () => {
  it('are 40 or 64 hexadecimal digits in lower case', () => {
    for (const length of [40, 64]) {
      assert.ok(isOid('a1'.repeat(length / 2)));
      assert.ok(isOid('0'.repeat(length)));
      assert.ok(!isOid('A1'.repeat(length / 2)));
      assert.ok(!isOid('a'.repeat(length - 1)));
      assert.ok(!isOid('a'.repeat(length + 1)));
      assert.ok(!isOid(`${'a'.repeat(length)}\n`));
      assert.ok(!isOid(` ${'a'.repeat(length)}`));
    }
    for (const text of ['', 'HEAD', '--all', 'a'.repeat(50), 'g'.repeat(40)]) assert.ok(!isOid(text));
  });

  it('of zeros only stand for "no object"', () => {
    assert.ok(isZeroOid('0'.repeat(40)));
    assert.ok(isZeroOid('0'.repeat(64)));
    for (const text of ['', '0', '0'.repeat(39), '0'.repeat(41), '0'.repeat(50), `${'0'.repeat(39)}1`]) {
      assert.ok(!isZeroOid(text));
    }
  });
});
