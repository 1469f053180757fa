import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeContent } from '../../src/detect/decode.ts';

const TEXT = 'name = "värde"\nkey: 12345 \u{1f511}\n'.repeat(3);

function utf16(text: string, bigEndian: boolean): Buffer {
  const bytes = Buffer.from(text, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
}

function utf32(text: string, bigEndian: boolean): Buffer {
  const points = Array.from(text, (char) => char.codePointAt(0) as number);
  const bytes = Buffer.alloc(points.length * 4);
  points.forEach((point, index) =>
    bigEndian ? bytes.writeUInt32BE(point, index * 4) : bytes.writeUInt32LE(point, index * 4),
  );
  return bytes;
}

describe('decodeContent', () => {
  it('passes UTF-8, latin-1 and binary on as they are', () => {
    for (const content of [
      Buffer.from(TEXT),
      Buffer.from(TEXT, 'latin1'),
      Buffer.from([0, 1, 2, 0xff, 0xfe, 0, 0, 0]),
      Buffer.alloc(0),
      Buffer.from('a'),
    ]) {
      assert.equal(decodeContent(content).bytes, content);
    }
  });

  for (const [name, bigEndian] of [
    ['little', false],
    ['big', true],
  ] as const) {
    it(`reads UTF-16 ${name} endian with a byte order mark`, () => {
      const decoded = decodeContent(utf16(`\ufeff${TEXT}`, bigEndian));
      assert.equal(Buffer.from(decoded.bytes).toString('utf8'), `\ufeff${TEXT}`);
      assert.equal(decoded.encoding, bigEndian ? 'utf-16be' : 'utf-16le');
    });

    it(`reads UTF-16 ${name} endian without one`, () => {
      assert.equal(Buffer.from(decodeContent(utf16(TEXT, bigEndian)).bytes).toString('utf8'), TEXT);
    });

    it(`reads UTF-32 ${name} endian with a byte order mark`, () => {
      assert.equal(
        Buffer.from(decodeContent(utf32(`\ufeff${TEXT}`, bigEndian)).bytes).toString('utf8'),
        `\ufeff${TEXT}`,
      );
    });
  }

  it('reads a file cut in the middle of a character', () => {
    const whole = utf16(`\ufeff${TEXT}`, false);
    assert.equal(
      Buffer.from(decodeContent(whole.subarray(0, whole.length - 1)).bytes)
        .toString('utf8')
        .slice(0, 10),
      `\ufeff${TEXT}`.slice(0, 10),
    );
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => decodeContent(bytes).bytes instanceof Uint8Array),
    );
  });
});
