/**
 * CSV of any length, row by row: RFC 4180, UTF-8 without byte order mark, CR LF, always a header. A text that a spreadsheet would take for a formula gets
 * a `'` in front.
 */
import { stringify } from 'csv-stringify/sync';

export type CsvCell = string | number | boolean | null | undefined;

/** Columns by their title, in order, each with its value of a row. */
export type CsvColumns<T> = Readonly<Record<string, (row: T) => CsvCell>>;

/** Records made with one call: csv-stringify parses its options anew on each. */
const BATCH = 256;

/**
 * The text, in pieces: one is made when the one before was taken, so whoever reads slowly slows the source down, and whoever stops reading
 * (`return` of the iterator) ends it.
 */
export async function* streamCsv<T>(
  columns: CsvColumns<T>,
  batches: AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
): AsyncGenerator<string, void, undefined> {
  yield csvText([Object.keys(columns)]);
  const cells = Object.values(columns);
  for await (const rows of batches) {
    for (let i = 0; i < rows.length; i += BATCH) {
      yield csvText(rows.slice(i, i + BATCH).map((row) => cells.map((cell) => cell(row))));
    }
  }
}

/** Records as CSV. */
export function csvText(records: CsvCell[][]): string {
  return stringify(records, {
    record_delimiter: 'windows',
    // `=`, `+`, `-`, `@`, TAB, CR and their full-width forms.
    escape_formulas: true,
    // By itself it quotes the whole delimiter only, and readers end a row at a lone CR or LF too.
    quoted_match: /[\r\n]/,
    cast: { boolean: String },
  });
}
