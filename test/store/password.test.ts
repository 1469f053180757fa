import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hashPassword, verifyPassword } from '../../src/store/password.ts';
import { fakeFrom } from '../helpers/fake-secrets.ts';

const password = fakeFrom('{{ base62 16 }}', 'password');

describe('a password', () => {
  it('is hashed with a salt of its own each time', async () => {
    assert.notEqual(await hashPassword(password), await hashPassword(password));
  });

  it('is the same however its accents are written, and different in all else', async () => {
    const hash = await hashPassword(`caf\u00e9 ${password}`);
    assert.equal(await verifyPassword(`cafe\u0301 ${password}`, hash), true);
    for (const wrong of ['', password, `cafe ${password}`, `caf\u00e9 ${password} `])
      assert.equal(await verifyPassword(wrong, hash), false);
  });

  it('is never right where there is no hash, and hashes all the same', async () => {
    const before = process.cpuUsage();
    assert.equal(await verifyPassword(password, null), false);
    assert.equal(await verifyPassword('', undefined), false);
    // Two hashes take hundreds of milliseconds of processor time; a shortcut would take none.
    assert.ok(process.cpuUsage(before).user > 20_000);
  });

  it('is refused when it is too short or endless', async () => {
    await assert.rejects(hashPassword('1234567'), { code: 'VALUE_INVALID' });
    await assert.rejects(hashPassword('x'.repeat(1025)), { code: 'VALUE_INVALID' });
    assert.equal(await verifyPassword('x'.repeat(100_000), await hashPassword(password)), false);
  });

  it('is checked for many at once, each with the right answer', async () => {
    const hash = await hashPassword(password);
    const answers = await Promise.all(
      Array.from({ length: 7 }, (_, index) => verifyPassword(index % 2 === 0 ? password : `${password}.`, hash)),
    );
    assert.deepEqual(answers, [true, false, true, false, true, false, true]);
  });

  it('does not open with a damaged hash', async () => {
    await assert.rejects(verifyPassword(password, 'plain'), { code: 'STORE_FAILED' });
  });
});
