import type { Readable } from 'node:stream';

/**
 * Splits a stream at every `delimiter` byte and yields the whole records of each chunk together, without delimiters. Records are views of
 * the chunks. What follows the last delimiter is yielded too, unless it is empty.
 */
export async function* readRecords(stream: Readable, delimiter: number): AsyncGenerator<Buffer[]> {
  // Kept apart until the delimiter comes: joining at every chunk would be quadratic in the length of a hostile file name.
  let started: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const records: Buffer[] = [];
    let from = 0;
    for (let at = chunk.indexOf(delimiter); at !== -1; at = chunk.indexOf(delimiter, from)) {
      const piece = chunk.subarray(from, at);
      records.push(started.length === 0 ? piece : Buffer.concat([...started, piece]));
      if (started.length > 0) started = [];
      from = at + 1;
    }
    if (from < chunk.length) started.push(chunk.subarray(from));
    if (records.length > 0) yield records;
  }
  if (started.length > 0) yield [Buffer.concat(started)];
}
