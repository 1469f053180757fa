/** One row of a CSV file and the line on which it starts, counted from 1. */
export interface CsvRow {
  readonly line: number;
  readonly fields: readonly string[];
}

/** Thrown at what RFC 4180 does not allow, with its line. */
export class CsvSyntaxError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.name = 'CsvSyntaxError';
    this.line = line;
  }
}

/**
 * Parses CSV after RFC 4180: commas, fields in quotes when they hold commas, quotes (doubled) or line ends; CRLF, LF or CR between
 * rows. A byte order mark and empty lines are passed over.
 */
export function parseCsv(text: string): readonly CsvRow[] {
  const rows: CsvRow[] = [];
  let line = 1;
  let i = text.startsWith('\ufeff') ? 1 : 0;
  while (i < text.length) {
    const fields: string[] = [];
    const start = line;
    for (;;) {
      let field: string;
      if (text[i] === '"') {
        const end = quotedEnd(text, i + 1, start);
        const raw = text.slice(i + 1, end);
        line += raw.match(/\r\n|\r|\n/g)?.length ?? 0;
        field = raw.replaceAll('""', '"');
        i = end + 1;
        if (i < text.length && !',\r\n'.includes(text[i] as string))
          throw new CsvSyntaxError(line, 'has text behind a closing quote');
      } else {
        const from = i;
        while (i < text.length && !',\r\n'.includes(text[i] as string)) i++;
        field = text.slice(from, i);
        if (field.includes('"'))
          throw new CsvSyntaxError(
            line,
            'has a quote inside a field without quotes; put the field in quotes and double the quote',
          );
      }
      fields.push(field);
      if (text[i] !== ',') break;
      i++;
    }
    if (fields.length > 1 || fields[0] !== '') rows.push({ line: start, fields });
    if (i < text.length) {
      i += text.startsWith('\r\n', i) ? 2 : 1;
      line++;
    }
  }
  return rows;
}

/** Index of the quote that closes a field; doubled quotes belong to it. */
function quotedEnd(text: string, from: number, line: number): number {
  for (let i = from; ; i += 2) {
    i = text.indexOf('"', i);
    if (i < 0) throw new CsvSyntaxError(line, 'has a quote that is never closed');
    if (text[i + 1] !== '"') return i;
  }
}
