import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLiteralAddress, publicLookup, TargetRefused } from '../../src/server/deliveries-address.ts';
import { isPublicAddress } from '../../src/util/public-address.ts';

describe('an address', () => {
  for (const address of [
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '172.15.0.1',
    '172.32.0.1',
    '223.255.255.255',
    '2606:4700::1111',
  ])
    it(`${address} is public`, () => assert.equal(isPublicAddress(address), true));

  for (const address of [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '2001:db8::1',
    '2001::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    '',
    'example.org',
    '127.1',
  ])
    it(`${address || 'of no characters'} is not public`, () => assert.equal(isPublicAddress(address), false));
});

describe('a host that is an address', () => {
  it('is refused when it is not public, in brackets too', () => {
    assert.throws(() => checkLiteralAddress('[::1]'), TargetRefused);
    assert.throws(() => checkLiteralAddress('10.0.0.1'), TargetRefused);
    assert.doesNotThrow(() => checkLiteralAddress('1.1.1.1'));
    assert.doesNotThrow(() => checkLiteralAddress('example.org'));
  });
});

describe('the look-up of a connection', () => {
  for (const all of [true, false])
    it(`refuses a name of this machine (all: ${all})`, async () => {
      const error = await new Promise((resolve) => publicLookup('localhost', { all }, resolve));
      assert.ok(error instanceof TargetRefused);
    });
});
