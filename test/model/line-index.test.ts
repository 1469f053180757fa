import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createLineIndex } from '../../src/model/line-index.ts';

const BLOCK = 16_384;

/** The obvious way: split everything, decode every line. */
function naiveLines(content: Uint8Array): { start: number; end: number; next: number }[] {
  const lines = [];
  let start = 0;
  for (let i = 0; i < content.length; i++) {
    const crlf = content[i] === 13 && content[i + 1] === 10;
    if (content[i] !== 10 && content[i] !== 13) continue;
    const next = crlf ? i + 2 : i + 1;
    lines.push({ start, end: i, next });
    start = next;
    i = next - 1;
  }
  lines.push({ start, end: content.length, next: content.length + 1 });
  return lines;
}

function decode(bytes: Uint8Array, fatal: boolean): string {
  return new TextDecoder('utf-8', { fatal, ignoreBOM: true }).decode(bytes);
}

function naiveLocate(content: Uint8Array, offset: number): { line: number; column: number } {
  const lines = naiveLines(content);
  const index = lines.findIndex((line) => offset < line.next);
  const { start, end } = lines[index] as { start: number; end: number };
  const whole = content.subarray(start, end);
  try {
    decode(whole, true);
  } catch {
    return { line: index + 1, column: offset - start + 1 };
  }
  let stop = offset;
  while (stop < end && ((content[stop] as number) & 0xc0) === 0x80) stop--;
  const text = decode(content.subarray(start, stop), true);
  return { line: index + 1, column: text.length + (index === 0 && text.startsWith('\ufeff') ? 0 : 1) };
}

function naiveText(content: Uint8Array, offset: number): string {
  const { start, end } = naiveLines(content).find((line) => offset < line.next) as { start: number; end: number };
  const bytes = content.subarray(start, end);
  try {
    const text = decode(bytes, true);
    return start === 0 ? text.replace(/^\ufeff/, '') : text;
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}

const PIECES = ['a', 'key=', '\n', '\r', '\r\n', 'é', '漢', '😀', '\ufeff', '\t', ' '];
const anyContent = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...PIECES).map((text) => Buffer.from(text)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)) },
    ),
    { maxLength: 60 },
  )
  .map((pieces) => Buffer.concat(pieces));

describe('line index', () => {
  it('counts lines and columns from 1', () => {
    const index = createLineIndex(Buffer.from('one\ntwo'));
    assert.deepEqual(index.locate(0), { line: 1, column: 1 });
    assert.deepEqual(index.locate(3), { line: 1, column: 4 });
    assert.deepEqual(index.locate(4), { line: 2, column: 1 });
    assert.deepEqual(index.locate(7), { line: 2, column: 4 });
  });

  it('takes LF, CR LF and CR as one line break each', () => {
    const content = Buffer.from('a\nb\r\nc\rd');
    const index = createLineIndex(content);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((letter) => index.locate(content.indexOf(letter)).line),
      [1, 2, 3, 4],
    );
    assert.deepEqual(index.locate(content.indexOf('\r\n') + 1), { line: 2, column: 3 });
  });

  it('counts UTF-16 code units: two for an emoji, one for an umlaut', () => {
    const content = Buffer.from('ü😀x');
    assert.deepEqual(createLineIndex(content).locate(content.indexOf('x')), { line: 1, column: 4 });
  });

  it('takes only the line that is not UTF-8 as latin-1', () => {
    const content = Buffer.concat([Buffer.from('ü=1\n'), Buffer.from('ü=é2\n', 'latin1'), Buffer.from('ü=3')]);
    const index = createLineIndex(content);
    assert.deepEqual(index.locate(content.indexOf('1')), { line: 1, column: 3 });
    assert.deepEqual(index.locate(content.indexOf('2')), { line: 2, column: 4 });
    assert.deepEqual(index.locate(content.indexOf('3')), { line: 3, column: 3 });
    assert.equal(index.lineText(content.indexOf('2'), 100), 'ü=é2');
  });

  it('leaves a byte order mark out of the column and of the text', () => {
    const content = Buffer.from('\ufeffkey=1\n\ufeffkey=2');
    const index = createLineIndex(content);
    assert.deepEqual(index.locate(3), { line: 1, column: 1 });
    assert.equal(index.lineText(5, 100), 'key=1');
    assert.deepEqual(index.locate(content.lastIndexOf('key')), { line: 2, column: 2 });
  });

  it('clamps an offset outside of the content', () => {
    const index = createLineIndex(Buffer.from('ab\n'));
    assert.deepEqual(index.locate(-5), { line: 1, column: 1 });
    assert.deepEqual(index.locate(99), { line: 2, column: 1 });
    assert.equal(createLineIndex(new Uint8Array()).lineText(0, 10), '');
  });

  it('looks at its own part of a larger buffer only', () => {
    const whole = Buffer.from('xx\nab\ncd\nyy');
    const index = createLineIndex(new Uint8Array(whole.buffer, whole.byteOffset + 3, 5));
    assert.deepEqual(index.locate(3), { line: 2, column: 1 });
    assert.equal(index.lineText(4, 100), 'cd');
  });

  it('cuts a long line around the offset without cutting a character', () => {
    const content = Buffer.from(`${'é'.repeat(1000)}KEY${'漢'.repeat(1000)}`);
    const at = content.indexOf('KEY');
    for (let maxBytes = 8; maxBytes < 60; maxBytes++) {
      const text = createLineIndex(content).lineText(at, maxBytes);
      assert.match(text, /^é*KEY漢*$/);
      assert.ok(Buffer.byteLength(text) <= maxBytes);
      assert.ok(Buffer.byteLength(text) > maxBytes - 6);
    }
  });

  it('places ten thousand offsets in a line of 100 MB within seconds, in any order', () => {
    const content = Buffer.alloc(100_000_000, 'abcdefg é ');
    const index = createLineIndex(content);
    const started = performance.now();
    for (let i = 10_000; i > 0; i--) {
      const offset = i * 9_990;
      index.lineText(offset, 4096);
      assert.equal(index.locate(offset).line, 1);
    }
    assert.ok(performance.now() - started < 20_000);
    // 'abcdefg é ' is 11 bytes and 10 characters; Buffer.alloc repeats it
    assert.equal(index.locate(11 * 9_000_000).column, 10 * 9_000_000 + 1);
  });

  it('agrees with splitting and decoding everything, at every offset and in any order', () => {
    fc.assert(
      fc.property(anyContent, fc.boolean(), (content, backwards) => {
        const index = createLineIndex(content);
        const offsets = Array.from({ length: content.length + 1 }, (_, offset) => offset);
        if (backwards) offsets.reverse();
        for (const offset of offsets) {
          assert.deepEqual(index.locate(offset), naiveLocate(content, offset));
          assert.equal(index.lineText(offset, content.length + 1), naiveText(content, offset));
        }
      }),
    );
  });

  it('agrees with it across the blocks that it remembers', () => {
    fc.assert(
      fc.property(anyContent, anyContent, fc.integer({ min: 0, max: 40 }), fc.boolean(), (head, tail, back, breaks) => {
        const filler = Buffer.alloc(2 * BLOCK - head.length - back, breaks ? 'line\r\n' : 'é');
        const content = Buffer.concat([head, filler, tail, Buffer.from('end')]);
        const index = createLineIndex(content);
        for (const offset of [content.length, 2 * BLOCK + 1, 2 * BLOCK, 2 * BLOCK - 1, BLOCK, 0]) {
          const clamped = Math.min(offset, content.length);
          assert.deepEqual(index.locate(offset), naiveLocate(content, clamped));
        }
      }),
      { numRuns: 30 },
    );
  });
});
