import { createHash } from 'node:crypto';
import { escapeControls } from '../model/escape.ts';
import type { Finding } from '../model/finding.ts';
import type { Severity } from '../model/rule.ts';
import { describeOutcome, UNREAD_MEANINGS, unreadCounts } from './describe-coverage.ts';
import { isNoFile } from './reported-finding.ts';
import type { ReportInput } from './report-input.ts';
import { safeJson, safeJsonArray } from './safe-json.ts';

/** Version of GitLab's security report schemas that is followed; known to every GitLab since 16.0. */
const REPORT_VERSION = '15.0.7';

/** GitLab demands a commit for each finding; this stands for "none known". */
const NO_COMMIT = '0'.repeat(40);

/** Longest `name` that GitLab takes. */
const MAX_NAME = 255;

const SEVERITIES: Readonly<Record<Severity, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
};

/** GitLab's secret detection report (`gl-secret-detection-report.json`). Suppressed and reviewed findings have no place in it. */
export function* printGitlab(input: ReportInput): Generator<string> {
  yield '{\n';
  yield `  "version": ${safeJson(REPORT_VERSION)},\n`;
  yield `  "scan": ${safeJson(toScan(input))},\n`;
  yield* safeJsonArray('vulnerabilities', vulnerabilities(), '  ', '');
  yield '}\n';

  function* vulnerabilities(): Generator<unknown> {
    for (const finding of input.findings) yield toVulnerability(finding);
  }
}

function toScan(input: ReportInput): unknown {
  const tool = { id: 'leakgate', name: 'Leakgate', version: input.toolVersion, vendor: { name: 'Leakgate' } };
  const { coverage } = input;
  const unread = unreadCounts(coverage).map(({ reason, count }) => ({
    level: 'warn',
    value: `${count} not read, or not read whole: ${UNREAD_MEANINGS[reason]}`,
  }));
  const failed =
    coverage.outcome === 'failed' ? [{ level: 'fatal', value: escapeControls(describeOutcome(coverage)) }] : [];
  return {
    analyzer: tool,
    scanner: tool,
    type: 'secret_detection',
    start_time: toGitlabTime(Date.parse(input.startedAt)),
    end_time: toGitlabTime(Date.parse(input.startedAt) + input.durationMs),
    // there is no word for "partial": only what was read to its end is a success
    status: coverage.outcome === 'complete' ? 'success' : 'failure',
    messages: [...failed, ...unread],
  };
}

/** ISO 8601 in UTC without fraction and zone, the one form that GitLab's schema admits. */
function toGitlabTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19);
}

function toVulnerability(finding: Finding): unknown {
  const name = escapeControls(finding.ruleName);
  const object = isNoFile(finding.kind) ? finding.kind : undefined;
  const where = object === undefined ? '' : ` in ${object} ${escapeControls(finding.path)}`;
  return {
    id: toId(finding),
    name: name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name,
    description: `${name}${where}: ${escapeControls(finding.secret)}. Revoke it where it was issued; deleting the line is not enough.`,
    severity: SEVERITIES[finding.severity],
    identifiers: [{ type: 'leakgate_rule_id', name: `Leakgate rule ${finding.ruleId}`, value: finding.ruleId }],
    location: {
      ...(object === undefined && { file: finding.path }),
      start_line: finding.line,
      end_line: finding.endLine,
      commit: {
        sha: finding.commit ?? NO_COMMIT,
        ...(finding.author !== undefined && { author: finding.author }),
        ...(finding.date !== undefined && { date: finding.date }),
      },
    },
    raw_source_code_extract: finding.match,
  };
}

/** The same finding gets the same id in every report, two findings never share one. */
function toId(finding: Finding): string {
  const { fingerprint, kind, path, line, column, commit, blob } = finding;
  return createHash('sha256')
    .update(JSON.stringify([fingerprint, kind, path, line, column, commit, blob]))
    .digest('hex');
}
