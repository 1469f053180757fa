import { escapeControls } from '../model/escape.ts';
import type { Finding } from '../model/finding.ts';
import { describeOutcome, describeSample, UNREAD_MEANINGS, unreadCounts } from './describe-coverage.ts';
import { isNoFile } from './reported-finding.ts';
import type { ReportInput } from './report-input.ts';

/**
 * JUnit XML for CI servers that show test results: one test case for the scan itself (an error unless it is complete) and one a
 * finding: new ones fail, pre-existing, suppressed and reviewed ones are skipped.
 */
export function* printJunit(input: ReportInput): Generator<string> {
  const failures = input.findings.filter(({ state }) => state === 'new').length;
  const skipped = input.findings.length - failures + input.suppressed.length;
  const counts = [
    attribute('tests', 1 + failures + skipped),
    attribute('failures', failures),
    attribute('errors', input.coverage.outcome === 'complete' ? 0 : 1),
    attribute('skipped', skipped),
    attribute('time', (input.durationMs / 1000).toFixed(3)),
  ].join('');
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites${attribute('name', 'leakgate')}${counts}>\n`;
  yield `  <testsuite${attribute('name', `leakgate scan of ${input.target}`)}${counts}`;
  yield `${attribute('timestamp', new Date(Date.parse(input.startedAt)).toISOString().slice(0, 19))}>\n`;
  yield* scanCase(input);
  for (const finding of input.findings) yield findingCase(finding);
  for (const finding of input.suppressed) yield findingCase(finding);
  yield '  </testsuite>\n</testsuites>\n';
}

function* scanCase({ coverage }: ReportInput): Generator<string> {
  yield `    <testcase${attribute('classname', 'leakgate')}${attribute('name', 'everything was read')}`;
  if (coverage.outcome === 'complete') {
    yield '/>\n';
    return;
  }
  const type = coverage.outcome === 'failed' ? (coverage.error?.code ?? 'INTERNAL') : 'SCAN_PARTIAL';
  yield `>\n      <error${attribute('type', type)}${attribute('message', describeOutcome(coverage))}>`;
  for (const { reason, count } of unreadCounts(coverage))
    yield xmlText(`${count} ${reason}: ${UNREAD_MEANINGS[reason]}`, '\n');
  for (const unread of coverage.unreadSamples) yield xmlText(`${unread.reason} ${describeSample(unread)}`, '\n');
  yield '</error>\n    </testcase>\n';
}

function findingCase(finding: Finding): string {
  const object = isNoFile(finding.kind);
  const holder = object ? `${finding.kind} ${finding.path}` : finding.path;
  const place = `${holder}:${finding.line}:${finding.column}`;
  const open = [
    attribute('classname', holder),
    attribute('name', `${finding.ruleId} at ${finding.line}:${finding.column}`),
    ...(object ? [] : [attribute('file', finding.path), attribute('line', finding.line)]),
  ].join('');
  return `    <testcase${open}>\n      ${findingResult(finding, place)}\n    </testcase>\n`;
}

function findingResult(finding: Finding, place: string): string {
  switch (finding.state) {
    case 'new': {
      const lines = [
        `${finding.ruleName} at ${place}`,
        `secret: ${finding.secret}`,
        `fingerprint: ${finding.fingerprint}`,
        ...describeSource(finding),
        'Revoke it where it was issued; deleting the line is not enough.',
      ];
      const message = `${finding.ruleName} (${finding.severity}): ${finding.secret}`;
      const body = lines.map((line) => xmlText(line, '\n')).join('');
      return `<failure${attribute('type', finding.ruleId)}${attribute('message', message)}>${body}</failure>`;
    }
    case 'pre-existing':
      return `<skipped${attribute('message', 'it was there before')}/>`;
    case 'suppressed':
    case 'reviewed':
      return `<skipped${attribute('message', `${finding.state}: ${finding.suppression?.reason ?? 'no reason given'}`)}/>`;
    default:
      return finding.state satisfies never;
  }
}

/** The commit that brought it in, or who made the tag that holds it. */
function describeSource({ kind, commit, author, date }: Finding): readonly string[] {
  if (commit !== undefined) return [`commit: ${commit} ${author ?? ''} ${date ?? ''}`];
  return kind === 'tag' && author !== undefined ? [`tagger: ${author} ${date ?? ''}`] : [];
}

function attribute(name: string, value: string | number): string {
  return ` ${name}="${xmlText(String(value))}"`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for an element or attribute. XML 1.0 cannot express most control characters, not even as entities: they are escaped as in `text`. */
function xmlText(text: string, end: '' | '\n' = ''): string {
  const printable = escapeControls(text).replace(
    /[\ufffe\uffff]/g,
    (char) => `\\u{${char.charCodeAt(0).toString(16)}}`,
  );
  return printable.replace(/[&<>"']/g, (char) => ENTITIES[char] as string) + end;
}
