import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { FORMATS, writeReport } from '../../src/report/report.ts';
import { makeFinding } from '../helpers/make-finding.ts';
import { makeReportInput } from '../helpers/make-report-input.ts';
import { printReport } from '../helpers/print-report.ts';

const large = makeReportInput({ findings: Array.from({ length: 100_000 }, (_, i) => makeFinding({ line: i + 1 })) });

/** A pipe whose reader takes its time; remembers how much ever waited in it. */
class SlowPipe extends Writable {
  bytes = 0;
  mostWaiting = 0;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.bytes += chunk.length;
    this.mostWaiting = Math.max(this.mostWaiting, this.writableLength);
    setImmediate(done);
  }
}

describe('writeReport', () => {
  for (const format of FORMATS) {
    it(`keeps little waiting when 100,000 findings meet a slow reader of ${format}`, async () => {
      const pipe = new SlowPipe();
      await writeReport(format, large, pipe, { color: false });
      assert.ok(pipe.bytes > 10_000_000);
      assert.ok(pipe.mostWaiting < 1_000_000, `${pipe.mostWaiting} bytes waited`);
      assert.equal(pipe.listenerCount('error'), 0);
    });
  }

  it('writes what the printer prints and leaves the stream open', async () => {
    const chunks: Buffer[] = [];
    const out = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    });
    await writeReport('json', makeReportInput(), out, { color: false });
    assert.equal(Buffer.concat(chunks).toString(), printReport('json', makeReportInput()));
    assert.equal(out.writableEnded, false);
  });

  it('ends quietly when the reader goes away', async () => {
    const reader = spawn('head', ['-c', '10'], { stdio: ['pipe', 'ignore', 'inherit'] });
    const ended = once(reader, 'close');
    await writeReport('jsonl', large, reader.stdin, { color: false });
    await ended;
    // once more on the broken pipe, as a progress line or a second report would
    await writeReport('text', makeReportInput(), reader.stdin, { color: false });
  });

  it('says so when the disk is full', async () => {
    const out = createWriteStream('/dev/full');
    await assert.rejects(writeReport('json', makeReportInput(), out, { color: false }), {
      code: 'OUTPUT_FAILED',
      message: /could not be written: ENOSPC/,
    });
  });
});
