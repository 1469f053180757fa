import { escapeControls } from '../model/escape.ts';
import type { Finding } from '../model/finding.ts';
import { SEVERITIES } from '../model/rule.ts';
import { countOf, describeOutcome, describeRead } from './describe-coverage.ts';
import type { Paint } from './paint.ts';
import type { ReportInput } from './report-input.ts';

/** The last two lines of the text report: what was found, and how far that can be trusted. */
export function textSummary(input: ReportInput, paint: Paint): string {
  const { coverage, durationMs } = input;
  const seconds = (durationMs / 1000).toFixed(durationMs < 10_000 ? 2 : 0);
  const outcome = `${escapeControls(describeOutcome(coverage))}; read ${describeRead(coverage)} in ${seconds} s.`;
  const found = `${describeFound(input, paint)}${describeAsides(input)}.`;
  return `${found}\n${coverage.outcome === 'complete' ? outcome : paint.bad(outcome)}\n`;
}

/** "No secrets found" is said of a complete scan only. */
function describeFound(input: ReportInput, paint: Paint): string {
  const fresh = input.findings.filter(({ state }) => state === 'new');
  if (fresh.length > 0) {
    const places = new Set(fresh.map(({ path }) => path)).size;
    const count = paint.bad(`${countOf(fresh.length, 'secret', 'secrets')} found`);
    return `${count} in ${countOf(places, 'place', 'places')} (${countBySeverity(fresh)})`;
  }
  const none = input.findings.length > 0 ? 'No new secrets found' : 'No secrets found';
  return input.coverage.outcome === 'complete' ? paint.good(none) : paint.warn(`${none} in what was read`);
}

function describeAsides(input: ReportInput): string {
  const count = (findings: readonly Finding[], wanted: Finding['state']): number =>
    findings.filter(({ state }) => state === wanted).length;
  const before = count(input.findings, 'pre-existing');
  const suppressed = count(input.suppressed, 'suppressed');
  const reviewed = count(input.suppressed, 'reviewed');
  return [
    before > 0 ? `, ${countOf(before, 'that was there before', 'that were there before')}` : '',
    suppressed > 0 ? `, ${countOf(suppressed, 'suppressed', 'suppressed')}` : '',
    reviewed > 0 ? `, ${countOf(reviewed, 'reviewed', 'reviewed')}` : '',
  ].join('');
}

function countBySeverity(findings: readonly Finding[]): string {
  return SEVERITIES.map((name) => ({ name, count: findings.filter(({ severity }) => severity === name).length }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${count} ${name}`)
    .join(', ');
}
