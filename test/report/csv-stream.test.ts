import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Readable } from 'node:stream';
import { streamCsv, type CsvColumns } from '../../src/report/csv-stream.ts';
import { parseCsv } from '../../src/store/parse-csv.ts';

interface Row {
  readonly name: string;
  readonly count: number;
}
const COLUMNS: CsvColumns<Row> = { 'Full Name': (row) => row.name, Count: (row) => row.count };

async function textOf(batches: AsyncIterable<Row[]> | Iterable<Row[]>): Promise<string> {
  let text = '';
  for await (const piece of streamCsv(COLUMNS, batches)) text += piece;
  return text;
}

describe('streamCsv', () => {
  it('writes the header when there are no rows', async () => {
    assert.equal(await textOf([]), 'Full Name,Count\r\n');
  });

  it('keeps commas, quotes and line ends so that a reader gets them back', async () => {
    const names = ['a,b', 'say "x"', 'two\nlines', 'ä€𝄞', ' blank '];
    const rows = parseCsv(await textOf([names.map((name, count) => ({ name, count }))]));
    assert.deepEqual(
      rows.slice(1).map(({ fields }) => fields),
      names.map((name, count) => [name, String(count)]),
    );
  });

  it('puts a quote in front of what a spreadsheet takes for a formula, and leaves numbers alone', async () => {
    for (const name of ['=1+1', '+1', '-1', '@x', '\tx', '\rx']) {
      const [, row] = parseCsv(await textOf([[{ name, count: -1 }]]));
      assert.deepEqual(row?.fields, [`'${name}`, '-1']);
    }
  });

  it('asks for a batch only when the one before was read, and ends the source when the reader stops', async () => {
    let made = 0;
    let ended = false;
    async function* source(): AsyncGenerator<Row[]> {
      try {
        for (;;) {
          made++;
          yield Array.from({ length: 1000 }, (_, count) => ({ name: 'n'.repeat(100), count }));
        }
      } finally {
        ended = true;
      }
    }
    const stream = Readable.from(streamCsv(COLUMNS, source()), { highWaterMark: 2 });
    await stream.take(3).toArray();
    stream.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(made <= 3, `${made} batches were made`);
    assert.ok(ended);
  });
});
