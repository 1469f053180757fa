import { FINDING_STATES } from '../model/finding.ts';
import type { Finding } from '../model/finding.ts';
import { reportHead } from './json-report.ts';
import type { ReportInput } from './report-input.ts';
import { toReported } from './reported-finding.ts';
import { safeJson } from './safe-json.ts';

/**
 * JSON Lines: one line a finding (suppressed ones too, told apart by `state`), then one summary line. A file without the
 * summary line is a scan that was cut off. Described by `schemas/report-line.schema.json`.
 */
export function* printJsonLines(input: ReportInput): Generator<string> {
  for (const finding of input.findings) yield findingLine(finding);
  for (const finding of input.suppressed) yield findingLine(finding);
  yield summaryLine(input);
}

function findingLine(finding: Finding): string {
  return `${safeJson({ type: 'finding', ...toReported(finding) })}\n`;
}

function summaryLine(input: ReportInput): string {
  const counts = Object.fromEntries(FINDING_STATES.map((state) => [state, 0])) as Record<string, number>;
  for (const list of [input.findings, input.suppressed]) {
    for (const { state } of list) counts[state] = (counts[state] ?? 0) + 1;
  }
  return `${safeJson({ type: 'summary', ...reportHead(input), counts, coverage: input.coverage })}\n`;
}
