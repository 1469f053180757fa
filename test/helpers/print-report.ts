import { PRINTERS } from '../../src/report/report.ts';
import type { ReportFormat, ReportInput } from '../../src/report/report.ts';

/** The whole report as one text, without colours. */
export function printReport(format: ReportFormat, input: ReportInput): string {
  return [...PRINTERS[format](input, { color: false })].join('');
}
