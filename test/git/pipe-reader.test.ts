import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { PassThrough, Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { readInto, type ByteSink } from '../../src/git/pipe-reader.ts';

/** Collects all bytes, through a room of the given size. */
function collector(room: number): ByteSink & { bytes(): Buffer } {
  const parts: Buffer[] = [];
  let space = Buffer.alloc(room);
  return {
    space: () => space,
    take(count) {
      parts.push(space.subarray(0, count));
      space = Buffer.alloc(room);
    },
    bytes: () => Buffer.concat(parts),
  };
}

const TEXT = Array.from({ length: 400_000 }, (_, i) => `line ${i}\n`).join('');

describe('readInto', () => {
  it('reads all of what a child prints, in pieces that fit', async () => {
    for (const room of [7_000, 1 << 20]) {
      const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.stdin.end(TEXT);
      const sink = collector(room);
      await readInto(child.stdout, sink);
      assert.equal(sink.bytes().toString(), TEXT);
      assert.equal(await closed, 0);
    }
  });

  it('reads a stream that is no pipe, too', async () => {
    const sink = collector(1000);
    await readInto(Readable.from([Buffer.from(TEXT), Buffer.alloc(0), Buffer.from('end')]), sink);
    assert.equal(sink.bytes().toString(), `${TEXT}end`);
  });

  it('passes on what the sink throws, and stops reading', async () => {
    const child = spawn('yes', { stdio: ['ignore', 'pipe', 'ignore'] });
    const closed = new Promise((resolve) => child.once('close', resolve));
    const sink = {
      space: () => Buffer.alloc(1000),
      take: () => {
        throw new Error('full');
      },
    };
    await assert.rejects(readInto(child.stdout, sink), /full/);
    await closed;
    await assert.rejects(readInto(new PassThrough().end('x'), sink), /full/);
  });
});
