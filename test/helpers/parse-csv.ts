/** Parses RFC 4180 CSV (comma, CR LF, doubled quotes) and throws on anything that is not. */
export function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let i = 0;
  while (i < text.length) {
    let cell = '';
    if (text[i] === '"') {
      for (i++; ; i++) {
        if (i >= text.length) throw new Error('quote not closed');
        if (text[i] === '"' && text[++i] !== '"') break;
        cell += text[i];
      }
    } else {
      for (; i < text.length && !',\r\n'.includes(text[i] as string); i++) {
        if (text[i] === '"') throw new Error(`quote inside of a bare cell at ${i}`);
        cell += text[i];
      }
    }
    record.push(cell);
    if (text[i] === ',') {
      i++;
      continue;
    }
    if (text.slice(i, i + 2) !== '\r\n') throw new Error(`expected CR LF at ${i}`);
    i += 2;
    records.push(record);
    record = [];
  }
  if (record.length > 0) throw new Error('last line not ended');
  return records;
}
