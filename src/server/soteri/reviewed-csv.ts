/**
 * Uploaded lists of reviewed matches: CSV with a header that has `matchText` and, to add them, `ruleName`; columns in any order, others are passed over.
 * Whatever is wrong in it is told together, by row, and then nothing of it counts.
 */
import { CsvSyntaxError, parseCsv, type CsvRow } from '../../store/parse-csv.ts';
import { HttpError, HttpErrors } from '../http-error.ts';

export interface ReviewedEntry {
  readonly matchText: string;
  readonly ruleName: string;
}

/** Longest text that a rule can find. */
export const MAX_MATCH_LENGTH = 65_536;
const MAX_NAME_LENGTH = 255;
/** More of them help nobody to mend a file. */
const MAX_ERRORS = 100;

/**
 * Reads a list. What spreadsheets must not take for a formula has a `'` in front in exports; it is taken off again.
 * @throws HttpErrors 400 with every bad row
 */
export function readReviewedCsv(
  bytes: Uint8Array,
  { needsRuleName }: { readonly needsRuleName: boolean },
): readonly ReviewedEntry[] {
  const [header, ...rows] = parse(decode(bytes));
  if (header === undefined)
    throw wrong('The file is empty; its first row must name the columns matchText and ruleName.');
  const matchAt = header.fields.findIndex((name) => name.trim() === 'matchText');
  const nameAt = header.fields.findIndex((name) => name.trim() === 'ruleName');
  const missing = [...(matchAt < 0 ? ['matchText'] : []), ...(needsRuleName && nameAt < 0 ? ['ruleName'] : [])];
  if (missing.length > 0) throw wrong(`Row 1 must name the columns; ${missing.join(' and ')} is missing.`);
  const errors: HttpError[] = [];
  const entries = rows.map((row, index): ReviewedEntry => {
    const matchText = asFound(row.fields[matchAt] ?? '');
    const ruleName = nameAt < 0 ? '' : (row.fields[nameAt] ?? '').trim();
    const problem =
      row.fields.length === header.fields.length
        ? entryProblem({ matchText, ruleName }, needsRuleName)
        : `has ${row.fields.length} fields, the header has ${header.fields.length}`;
    if (problem !== undefined && errors.length < MAX_ERRORS)
      errors.push(wrong(`Row ${index + 2} (line ${row.line}) ${problem}.`));
    return { matchText, ruleName };
  });
  if (errors.length > 0) throw new HttpErrors(400, errors);
  return entries;
}

/** What is wrong with an entry, as the rest of a sentence; `undefined` when nothing is. The text itself is never repeated. */
export function entryProblem({ matchText, ruleName }: ReviewedEntry, needsRuleName: boolean): string | undefined {
  if (matchText.trim() === '') return 'has no matchText';
  if (matchText.length > MAX_MATCH_LENGTH)
    return `has a matchText of ${matchText.length} characters; at most ${MAX_MATCH_LENGTH} are kept`;
  if (matchText.includes('\0')) return 'has a matchText with a zero byte in it';
  if (needsRuleName && ruleName === '') return 'has no ruleName';
  if (ruleName.length > MAX_NAME_LENGTH)
    return `has a ruleName of ${ruleName.length} characters; at most ${MAX_NAME_LENGTH} are kept`;
  return /[\p{Cc}\p{Cs}]/u.test(ruleName) ? 'has a ruleName with control characters' : undefined;
}

function asFound(text: string): string {
  return /^'[=+\-@\t\r]/.test(text) ? text.slice(1) : text;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw wrong('The file is not UTF-8 text.');
  }
}

function parse(text: string): readonly CsvRow[] {
  try {
    return parseCsv(text);
  } catch (error) {
    if (error instanceof CsvSyntaxError) throw wrong(`Line ${error.line} ${error.message}.`);
    throw error;
  }
}

function wrong(message: string): HttpError {
  return new HttpError(400, message, { context: 'file' });
}
