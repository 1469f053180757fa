import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fingerprint, FINGERPRINT_PATTERN, normaliseSecret } from '../../src/keyring/fingerprint.ts';

const KEY = new Uint8Array(32).fill(7);

describe('fingerprint', () => {
  it('is the documented recipe', () => {
    const expected = createHmac('sha256', KEY).update('acme-token\0s3cret').digest('hex').slice(0, 32);
    assert.equal(fingerprint(KEY, 'acme-token', ' s3cret\n'), `lgf1:${expected}`);
  });

  it('depends on key, rule and secret, and on nothing else', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.string(),
        fc.string(),
        (a, b, secret, other) => {
          const made = fingerprint(a, 'rule-a', secret);
          assert.match(made, FINGERPRINT_PATTERN);
          assert.equal(made, fingerprint(a, 'rule-a', secret));
          assert.notEqual(made, fingerprint(a, 'rule-b', secret));
          assert.equal(made === fingerprint(b, 'rule-a', secret), Buffer.compare(a, b) === 0);
          const same = Buffer.compare(normaliseSecret(Buffer.from(secret)), normaliseSecret(Buffer.from(other))) === 0;
          assert.equal(made === fingerprint(a, 'rule-a', other), same);
        },
      ),
    );
  });

  it('is the same for a string and its UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (secret) => {
        assert.equal(fingerprint(KEY, 'r', secret), fingerprint(KEY, 'r', Buffer.from(secret, 'utf8')));
      }),
    );
  });

  it('does not change with line endings and indentation of a secret of many lines', () => {
    const key = ['-----BEGIN TEST-----', 'aaaa bbbb', 'cccc', '-----END TEST-----'];
    const made = new Set(
      ['\n', '\r\n', '\r', '\n    ', '  \n\t', '\n\n'].map((gap) => fingerprint(KEY, 'r', key.join(gap))),
    );
    assert.equal(made.size, 1);
  });

  it('changes with anything else in the secret', () => {
    for (const other of ['aB', 'a b', 'ab', 'a  b', 'a\nb']) {
      const rest = ['aB', 'a b', 'ab', 'a  b', 'a\nb'].filter((text) => text !== other);
      for (const text of rest) assert.notEqual(fingerprint(KEY, 'r', other), fingerprint(KEY, 'r', text));
    }
  });
});

describe('normaliseSecret', () => {
  it('changes nothing when done twice', () => {
    const spaced = fc
      .array(fc.constantFrom(0x20, 0x09, 0x0a, 0x0d, 0x61, 0x62, 0xff))
      .map((bytes) => Uint8Array.from(bytes));
    fc.assert(
      fc.property(spaced, (bytes) => {
        const once = normaliseSecret(bytes);
        assert.deepEqual(normaliseSecret(once), once);
      }),
    );
  });
});
