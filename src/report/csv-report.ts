import { escapeControls } from '../model/escape.ts';
import type { Finding } from '../model/finding.ts';
import { csvText } from './csv-stream.ts';
import type { CsvCell } from './csv-stream.ts';
import type { ReportInput } from './report-input.ts';

/** The columns, in order; described by `schemas/report.csv-metadata.json`. New ones are added at the end only. */
export const CSV_COLUMNS = {
  ruleId: (finding) => finding.ruleId,
  ruleName: (finding) => finding.ruleName,
  severity: (finding) => finding.severity,
  confidence: (finding) => finding.confidence,
  state: (finding) => finding.state,
  blocking: (finding) => finding.blocking,
  kind: (finding) => finding.kind,
  path: (finding) => finding.path,
  line: (finding) => finding.line,
  column: (finding) => finding.column,
  endLine: (finding) => finding.endLine,
  endColumn: (finding) => finding.endColumn,
  secret: (finding) => finding.secret,
  match: (finding) => finding.match,
  fingerprint: (finding) => finding.fingerprint,
  occurrences: (finding) => finding.occurrences,
  blob: (finding) => finding.blob,
  commit: (finding) => finding.commit,
  author: (finding) => finding.author,
  email: (finding) => finding.email,
  date: (finding) => finding.date,
  suppressedBy: (finding) => finding.suppression?.kind,
  suppressionReason: (finding) => finding.suppression?.reason,
  reviewer: (finding) => finding.suppression?.reviewer,
} as const satisfies Record<string, (finding: Finding) => CsvCell>;

/** Records made with one call: csv-stringify parses its options anew on each. */
const BATCH = 256;

/**
 * RFC 4180 CSV: always a header, CR LF, UTF-8 without byte order mark. Control characters are escaped, and a text that a spreadsheet
 * would take for a formula gets a `'` in front.
 */
export function* printCsv(input: ReportInput): Generator<string> {
  yield csvText([Object.keys(CSV_COLUMNS)]);
  for (const list of [input.findings, input.suppressed]) {
    for (let i = 0; i < list.length; i += BATCH) yield csvText(list.slice(i, i + BATCH).map(toRecord));
  }
}

function toRecord(finding: Finding): CsvCell[] {
  return Object.values(CSV_COLUMNS).map((cell) => {
    const value: CsvCell = cell(finding);
    return typeof value === 'string' ? escapeControls(value) : value;
  });
}
