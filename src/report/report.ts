/**
 * Reports: the result of a scan in the format that was asked for. Each format is one pure function from `ReportInput` to pieces of
 * text in a file of its own; a new one is such a file and a line in `PRINTERS`. Secrets arrive redacted or clear as the finding was
 * made, nothing here changes that; what a repository's authors wrote is escaped here, in the way of each format.
 *
 *     await writeReport('text', { ...result, rules, toolVersion }, process.stdout, { color: true });
 */
import type { Writable } from 'node:stream';
import { printCsv } from './csv-report.ts';
import { printGitlab } from './gitlab-report.ts';
import { printJson } from './json-report.ts';
import { printJsonLines } from './jsonl-report.ts';
import { printJunit } from './junit-report.ts';
import type { Printer, ReportInput, ReportOptions } from './report-input.ts';
import { printSarif } from './sarif-report.ts';
import { printText } from './text-report.ts';
import { writePieces } from './write-pieces.ts';

export type { Printer, ReportInput, ReportOptions } from './report-input.ts';

/** Every format and what prints it. */
export const PRINTERS = {
  text: printText,
  json: printJson,
  jsonl: printJsonLines,
  sarif: printSarif,
  csv: printCsv,
  gitlab: printGitlab,
  junit: printJunit,
} as const satisfies Record<string, Printer>;

export type ReportFormat = keyof typeof PRINTERS;

/** Names of the formats, the default first. */
export const FORMATS = Object.keys(PRINTERS) as readonly ReportFormat[];

/**
 * Writes the report to a stream that stays open, no faster than it is read. A reader that went away (`leakgate scan | head`) ends
 * it quietly; any other failure is thrown as `OUTPUT_FAILED`.
 */
export async function writeReport(
  format: ReportFormat,
  input: ReportInput,
  out: Writable,
  options: ReportOptions,
): Promise<void> {
  await writePieces(PRINTERS[format](input, options), out);
}
