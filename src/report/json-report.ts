import type { ReportInput } from './report-input.ts';
import { toReported } from './reported-finding.ts';
import { safeJson, safeJsonArray } from './safe-json.ts';

/** Raised when a consumer of `json` or `jsonl` would have to change; new optional fields do not raise it. */
export const SCHEMA_VERSION = 1;

/** One JSON object, one finding a line inside it; described by `schemas/report.schema.json`. */
export function* printJson(input: ReportInput): Generator<string> {
  yield '{\n';
  for (const [key, value] of Object.entries(reportHead(input))) yield `  "${key}": ${safeJson(value)},\n`;
  yield* safeJsonArray('findings', input.findings.map(toReported), '  ', ',');
  yield* safeJsonArray('suppressed', input.suppressed.map(toReported), '  ', ',');
  yield `  "coverage": ${safeJson(input.coverage)}\n}\n`;
}

/** What `json` begins and the summary line of `jsonl` is made with. */
export function reportHead(input: ReportInput): Readonly<Record<string, unknown>> {
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: 'leakgate', version: input.toolVersion },
    target: input.target,
    startedAt: input.startedAt,
    durationMs: input.durationMs,
  };
}
