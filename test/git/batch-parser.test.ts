import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BatchParser } from '../../src/git/batch-parser.ts';

interface Answer {
  readonly oid: string;
  readonly type: 'blob' | 'tree' | 'commit' | 'tag' | 'missing';
  readonly content: Buffer;
}

function print(answers: readonly Answer[]): Buffer {
  return Buffer.concat(
    answers.flatMap(({ oid, type, content }) =>
      type === 'missing'
        ? [Buffer.from(`${oid} missing\n`)]
        : [Buffer.from(`${oid} ${type} ${content.length}\n`), content, Buffer.from('\n')],
    ),
  );
}

/** What a handler is told, as text, when the stream comes in pieces of the given sizes (repeated). */
function parse(stream: Buffer, sizes: readonly number[], maxBytes = 1 << 20): string[] {
  const told: string[] = [];
  const parser = new BatchParser(
    {
      object: (oid, type, content) => void told.push(`${oid} ${type} ${content.toString('base64')}`),
      unread: ({ reason, what, detail }) => void told.push(`${what} ${reason} ${detail ?? ''}`),
    },
    40,
    maxBytes,
  );
  for (let at = 0, i = 0; at < stream.length; i++) {
    const count = stream.copy(parser.space(), 0, at, at + (sizes[i % sizes.length] as number));
    parser.take(count);
    at += count;
  }
  assert.equal(parser.answered, told.length);
  return told;
}

const oid = fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: 40, maxLength: 40 });
const content = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constant(new Uint8Array()),
  fc.constant(Buffer.from('\n\nblob 3\nabc\n')),
  fc.integer({ min: 1, max: 700_000 }).map((length) => Buffer.alloc(length, 'ab\n')),
);
const answer = fc.record({
  oid,
  type: fc.constantFrom('blob', 'tree', 'commit', 'tag', 'missing' as const),
  content: content.map((bytes) => Buffer.from(bytes)),
});

describe('BatchParser', () => {
  it('hands out the same objects however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(answer, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 5 }),
        (answers, sizes) => {
          const expected = answers.map(({ oid: id, type, content: bytes }) =>
            type === 'missing' ? `${id} missing ` : `${id} ${type} ${bytes.toString('base64')}`,
          );
          assert.deepEqual(parse(print(answers), sizes), expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('goes byte by byte', () => {
    const answers = (['blob', 'missing', 'tree', 'commit', 'tag'] as const).map((type, i) => ({
      oid: String(i).repeat(40),
      type,
      content: Buffer.from('a\nb'.repeat(i)),
    }));
    assert.equal(parse(print(answers), [1]).length, 5);
  });

  it('skips what is too large without keeping it, and goes on behind it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3_000 }),
        fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 4 }),
        (size, sizes) => {
          const answers: Answer[] = [
            { oid: 'a'.repeat(40), type: 'blob', content: Buffer.alloc(size, '\n') },
            { oid: 'b'.repeat(40), type: 'blob', content: Buffer.from('next') },
          ];
          const [first, second] = parse(print(answers), sizes, 1_000);
          assert.equal(first?.includes('too-large'), size > 1_000);
          assert.equal(second, `${'b'.repeat(40)} blob ${Buffer.from('next').toString('base64')}`);
        },
      ),
    );
  });

  it('keeps its memory near the largest object that is let through', () => {
    const parser = new BatchParser({ object: () => {}, unread: () => {} }, 40, 1_000_000);
    parser.take(Buffer.from(`${'a'.repeat(40)} blob 4000000000\n`).copy(parser.space()));
    for (let i = 0; i < 500; i++) parser.take(parser.space().length);
    assert.ok(parser.space().length < 2 << 20);
    assert.equal(parser.skipping, true);
  });

  it('refuses what git would not print', () => {
    const id = 'a'.repeat(40);
    for (const text of [
      `${id} blob x\nabc\n`,
      `${id} blob\nabc\n`,
      `${id} odd 3\nabc\n`,
      `${id} blob 3\nabcd`,
      'x'.repeat(200),
      `short blob 3\nabc\n${'y'.repeat(100)}`,
      `${id} ambiguous\n`,
    ]) {
      assert.throws(() => parse(Buffer.from(text), [1000]), { code: 'GIT_FAILED' }, text);
    }
  });
});
