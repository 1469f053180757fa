/**
 * Reviews from a file that people or other tools wrote. Everything wrong in it is gathered; with a single problem nothing is imported.
 *
 * - CSV with a header line; columns in any order: `fingerprint` (or `secret`), `ruleId`, `resolution`, `reviewer`, `reason`, `created`, `expires`
 * - JSON: a list of objects with the same keys, or one of our own reports, of which every finding is then reviewed alike
 *
 * What a row leaves out is taken from `defaults`. `secret` holds a secret in clear, of which the fingerprint is made here; it goes no further.
 */
import type { Problem } from '../model/errors.ts';
import type { Resolution, ReviewRecord } from '../model/review.ts';
import { CsvSyntaxError, parseCsv } from './parse-csv.ts';
import { checkReview, REVIEW_KEYS } from './review-syntax.ts';

export const IMPORT_FORMATS = ['csv', 'json'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** Largest import, in characters; more than a hundred thousand reviews of usual length are rather a rule that wants mending. */
export const MAX_IMPORT_LENGTH = 32 * 1024 * 1024;

export interface ImportOptions {
  /** Name of the file, for problems. */
  readonly file: string;
  readonly format: ImportFormat;
  readonly now: Date;
  readonly defaults?: {
    readonly resolution?: Resolution;
    readonly reviewer?: string;
    readonly reason?: string;
    readonly expires?: string;
  };
  /** Makes the fingerprint of a secret in clear; without it such rows are refused. */
  readonly fingerprintOf?: (ruleId: string, secret: string) => string;
}

export interface ReviewImport {
  /** Ready for `addReviews`. Empty when there is any problem. */
  readonly records: readonly ReviewRecord[];
  readonly problems: readonly Problem[];
}

/** Reads an import as a whole. */
export function parseReviewImport(text: string, options: ImportOptions): ReviewImport {
  const problems: Problem[] = [];
  const add = (line: number, subject: string, message: string): void => {
    problems.push({ file: options.file, line, column: 1, subject, message, level: 'error' });
  };
  if (text.length > MAX_IMPORT_LENGTH) {
    add(1, '', `the file has ${text.length} characters; at most ${MAX_IMPORT_LENGTH} are imported at once`);
    return { records: [], problems };
  }
  const entries = options.format === 'csv' ? readCsv(text, add) : readJson(text, add);
  const records = new Map<string, ReviewRecord>();
  for (const entry of entries) {
    const record = toRecord(entry, options, add);
    if (record === undefined) continue;
    const earlier = records.get(record.fingerprint);
    if (earlier !== undefined && JSON.stringify(earlier) !== JSON.stringify(record)) {
      add(entry.line, entry.subject, 'has the same fingerprint as an earlier entry and says something else; keep one');
    }
    records.set(record.fingerprint, record);
  }
  return { records: problems.length > 0 ? [] : [...records.values()], problems };
}

type AddProblem = (line: number, subject: string, message: string) => void;

/** One review to be, from a CSV row or a JSON object. */
interface Entry {
  readonly line: number;
  /** Which one it is, where lines do not tell: `entry 3`. */
  readonly subject: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const COLUMNS: readonly string[] = [...REVIEW_KEYS, 'secret'];

function readCsv(text: string, add: AddProblem): readonly Entry[] {
  try {
    const [header, ...rows] = parseCsv(text);
    if (header === undefined) {
      add(1, '', 'the file is empty; its first line must name the columns');
      return [];
    }
    const names = header.fields.map((name) => name.trim());
    for (const name of names) {
      if (!COLUMNS.includes(name))
        add(
          header.line,
          '',
          `unknown column ${JSON.stringify(name.slice(0, 60))}; known columns: ${COLUMNS.join(', ')}`,
        );
    }
    if (new Set(names).size < names.length) add(header.line, '', 'a column is named twice');
    return rows.flatMap(({ line, fields }) => {
      if (fields.length !== names.length) {
        add(line, '', `has ${fields.length} fields where the header has ${names.length}`);
        return [];
      }
      // An empty field is one that was left out.
      const given = names.flatMap((name, i) => (fields[i] === '' ? [] : [[name, fields[i]] as const]));
      return [{ line, subject: '', fields: Object.fromEntries(given) }];
    });
  } catch (error) {
    if (!(error instanceof CsvSyntaxError)) throw error;
    add(error.line, '', error.message);
    return [];
  }
}

function readJson(text: string, add: AddProblem): readonly Entry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's message quotes the text, which may hold secrets.
    add(1, '', 'is not valid JSON');
    return [];
  }
  const report = isObject(value) && Array.isArray(value['findings']);
  const list: unknown = report ? (value as Record<string, unknown>)['findings'] : value;
  if (!Array.isArray(list)) {
    add(1, '', 'must be a list of reviews, or a JSON report with "findings"');
    return [];
  }
  return list.flatMap((item: unknown, i) => {
    const subject = `${report ? 'finding' : 'entry'} ${i + 1}`;
    if (!isObject(item)) {
      add(1, subject, 'must be an object');
      return [];
    }
    if (report) return [{ line: 1, subject, fields: { fingerprint: item['fingerprint'], ruleId: item['ruleId'] } }];
    for (const key of Object.keys(item)) {
      if (!COLUMNS.includes(key))
        add(1, subject, `unknown key ${JSON.stringify(key.slice(0, 60))}; known keys: ${COLUMNS.join(', ')}`);
    }
    return [{ line: 1, subject, fields: item }];
  });
}

function toRecord({ line, subject, fields }: Entry, options: ImportOptions, add: AddProblem): ReviewRecord | undefined {
  const { secret, ...rest } = fields;
  const complete: Record<string, unknown> = { created: options.now.toISOString(), ...options.defaults, ...rest };
  if (secret !== undefined) {
    if (fields['fingerprint'] !== undefined)
      add(line, subject, 'gives both "fingerprint" and "secret"; one of them is enough');
    else if (options.fingerprintOf === undefined)
      add(line, subject, '"secret" cannot be used here; give the "fingerprint" that reports show');
    else if (typeof secret !== 'string' || typeof fields['ruleId'] !== 'string')
      add(line, subject, '"secret" needs to be text and a "ruleId" beside it');
    else complete['fingerprint'] = options.fingerprintOf(fields['ruleId'], secret);
    if (complete['fingerprint'] === undefined) return undefined;
  }
  return checkReview(complete, (_, message) => add(line, subject, message));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
