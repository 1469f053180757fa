import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ownMs } from '../helpers/own-time.ts';
import { ALPHABETS } from '../../src/detect/alphabets.ts';
import { shannonEntropy } from '../../src/detect/entropy.ts';
import { FakeRandom } from '../../src/detect/fake-random.ts';
import { surprise } from '../../src/detect/surprise.ts';
import { tokenEfficiency } from '../../src/detect/token-efficiency.ts';

describe('shannonEntropy', () => {
  it('is 0 without variety and the logarithm of the alphabet with all of it', () => {
    assert.equal(shannonEntropy(''), 0);
    assert.equal(shannonEntropy('aaaa'), 0);
    assert.equal(shannonEntropy('ab'), 1);
    assert.equal(shannonEntropy('aabb'), 1);
    assert.equal(shannonEntropy(ALPHABETS.hex), 4);
    assert.ok(Math.abs(shannonEntropy('aab') - 0.9183) < 1e-4);
  });

  it('never passes the logarithm of the length, nor depends on order', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        const entropy = shannonEntropy(text);
        assert.ok(entropy >= 0 && entropy <= Math.log2(text.length) + 1e-9);
        assert.ok(Math.abs(entropy - shannonEntropy(text.split('').reverse().join(''))) < 1e-9);
      }),
    );
  });
});

describe('tokenEfficiency', () => {
  it('stays below 2.5 for random text of every alphabet but digits', () => {
    for (const alphabet of [
      'hex',
      'HEX',
      'lalnum',
      'base62',
      'base64',
      'b64url',
      'base32',
      'lower',
      'upper',
    ] as const) {
      for (const length of [20, 40]) {
        const random = new FakeRandom(`${alphabet} ${length}`);
        const short = Array.from({ length: 200 }, () => random.chars(ALPHABETS[alphabet], length)).filter(
          (text) => tokenEfficiency(text) < 2.5,
        );
        assert.ok(short.length >= 196, `${alphabet}×${length}: ${short.length} of 200`);
      }
    }
  });

  it('is 2.5 and more for names, labels and messages', () => {
    const readable = [
      'getElementById',
      'customer_display_name',
      'application/json',
      'my-secret-password',
      'SPRING_DATASOURCE_PASSWORD',
      'org.springframework.security',
      'continuous-integration-user',
      'defaultConfiguration',
      'resetPasswordRequest',
      'com.example.application',
      'this is a sentence',
      'authentication',
      'environment-variables',
      'tokenFromRequest',
    ];
    for (const text of readable) assert.ok(tokenEfficiency(text) >= 2.5, `${text}: ${tokenEfficiency(text)}`);
  });

  it('counts as tokenisers do', () => {
    assert.equal(tokenEfficiency(''), 0);
    assert.equal(tokenEfficiency('123456'), 3);
    assert.equal(tokenEfficiency('password'), 8);
    assert.equal(tokenEfficiency('_password'), 9);
    assert.equal(tokenEfficiency('passwordToken'), 6.5);
    assert.equal(tokenEfficiency('aB1'), 1);
    assert.equal(tokenEfficiency('pass\nword'), 8);
  });

  it('is bounded in time and never below 1', () => {
    assert.ok(ownMs(() => assert.ok(tokenEfficiency('a'.repeat(1_000_000)) >= 1)) < 500);
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'binary' }),
        (text) => tokenEfficiency(text) >= 1 || /^[\r\n]*$/.test(text),
      ),
    );
  });
});

describe('surprise', () => {
  it('is above 4.2 bits for nearly all random letters and digits, below for words in any writing', () => {
    for (const alphabet of ['lalnum', 'base62', 'b64url', 'base32', 'lower', 'alpha'] as const) {
      const random = new FakeRandom(alphabet);
      const high = Array.from({ length: 200 }, () => random.chars(ALPHABETS[alphabet], 24)).filter(
        (text) => surprise(text) > 4.2,
      );
      assert.ok(high.length >= 196, `${alphabet}: ${high.length} of 200`);
    }
    for (const text of ['DotDotDotToken', 'LEFT_BRACE', 'thesecretofthings', 'xmlSecKeysMngrGetKey', 'on-tag-closed'])
      assert.ok(surprise(text) < 4.2, `${text}: ${surprise(text)}`);
  });

  it('says nothing of text without letters side by side', () => {
    assert.equal(surprise(''), 0);
    assert.equal(surprise('a-b-c'), 0);
  });
});
