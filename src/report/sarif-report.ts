import { UNREAD_REASONS } from '../model/coverage.ts';
import type { Coverage } from '../model/coverage.ts';
import { escapeControls } from '../model/escape.ts';
import { describeOutcome, describeSample, UNREAD_MEANINGS, unreadCounts } from './describe-coverage.ts';
import { percentEncodePath } from './percent-encode.ts';
import type { Provenance, ReportInput } from './report-input.ts';
import { safeJson, safeJsonArray } from './safe-json.ts';
import { SOURCE_ROOT, toSarifResult } from './sarif-result.ts';
import { toSarifRule } from './sarif-rule.ts';

/** SARIF 2.1.0, one run; for GitHub code scanning, Azure DevOps, IDEs and whatever else reads it. One result a line. */
export function* printSarif(input: ReportInput): Generator<string> {
  const ruleIndexes = new Map(input.rules.map((rule, index) => [rule.id, index]));
  yield '{\n';
  yield `  "$schema": "https://json.schemastore.org/sarif-2.1.0.json",\n`;
  yield `  "version": "2.1.0",\n`;
  yield `  "runs": [{\n`;
  yield* printTool(input);
  yield `    "automationDetails": ${safeJson({ id: `leakgate/${input.startedAt}` })},\n`;
  yield `    "columnKind": "utf16CodeUnits",\n`;
  yield `    "originalUriBaseIds": ${safeJson({ [SOURCE_ROOT]: { description: { text: `What was scanned: ${escapeControls(input.target)}` } } })},\n`;
  if (input.provenance !== undefined) {
    yield `    "versionControlProvenance": ${safeJson([toVersionControlDetails(input.provenance)])},\n`;
  }
  yield `    "invocations": ${safeJson([toInvocation(input)])},\n`;
  yield* safeJsonArray('results', results(), '    ', '');
  yield '  }]\n}\n';

  function* results(): Generator<unknown> {
    for (const finding of input.findings) yield toSarifResult(finding, ruleIndexes.get(finding.ruleId));
    for (const finding of input.suppressed) yield toSarifResult(finding, ruleIndexes.get(finding.ruleId));
  }
}

function* printTool(input: ReportInput): Generator<string> {
  yield `    "tool": { "driver": {\n`;
  yield `      "name": "leakgate",\n`;
  yield `      "version": ${safeJson(input.toolVersion)},\n`;
  yield `      "semanticVersion": ${safeJson(input.toolVersion)},\n`;
  const notifications = UNREAD_REASONS.map((reason) => ({
    id: `unread/${reason}`,
    shortDescription: { text: UNREAD_MEANINGS[reason] },
  }));
  yield `      "notifications": ${safeJson([...notifications, FAILED])},\n`;
  yield* safeJsonArray('rules', input.rules.map(toSarifRule), '      ', '');
  yield '    } },\n';
}

const FAILED = { id: 'scan/failed', shortDescription: { text: 'the scan could not be carried out' } };

/** Only a complete scan is a success: a partial one without results must not be taken for a clean one. */
function toInvocation(input: ReportInput): unknown {
  const start = Date.parse(input.startedAt);
  return {
    executionSuccessful: input.coverage.outcome === 'complete',
    startTimeUtc: new Date(start).toISOString(),
    endTimeUtc: new Date(start + input.durationMs).toISOString(),
    toolExecutionNotifications: toNotifications(input.coverage),
  };
}

function toNotifications(coverage: Coverage): readonly unknown[] {
  const counts = unreadCounts(coverage).map(({ reason, count }) => ({
    descriptor: { id: `unread/${reason}` },
    level: 'warning',
    message: { text: `${count} not read, or not read whole: ${UNREAD_MEANINGS[reason]}` },
  }));
  const samples = coverage.unreadSamples.map((unread) => ({
    descriptor: { id: `unread/${unread.reason}` },
    level: 'note',
    message: { text: `${unread.reason}: ${escapeControls(describeSample(unread))}` },
  }));
  const failed =
    coverage.outcome === 'failed'
      ? [
          {
            descriptor: { id: FAILED.id },
            level: 'error',
            message: { text: escapeControls(describeOutcome(coverage)) },
          },
        ]
      : [];
  return [...failed, ...counts, ...samples];
}

function toVersionControlDetails(provenance: Provenance): unknown {
  const { repositoryUri, revisionId, branch } = provenance;
  return {
    repositoryUri: withoutCredentials(repositoryUri),
    ...(revisionId && { revisionId }),
    ...(branch && { branch }),
  };
}

/** An absolute URI without user name and password; `git@host:path` and plain paths become one. */
function withoutCredentials(repository: string): string {
  const scp = /^(?:[^@/:]+@)?([^@/:]+):(?!\/\/)(.+)$/.exec(repository);
  if (scp !== null) return `ssh://${scp[1]}/${percentEncodePath(scp[2] ?? '')}`;
  if (!URL.canParse(repository)) return `file:///${percentEncodePath(repository)}`;
  const url = new URL(repository);
  url.username = '';
  url.password = '';
  return url.href;
}
