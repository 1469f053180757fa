import { escapeControls } from '../model/escape.ts';
import { MAX_OTHER_LINES, type Finding } from '../model/finding.ts';
import { countOf, describeSample, UNREAD_MEANINGS, unreadCounts } from './describe-coverage.ts';
import { createPaint } from './paint.ts';
import type { Paint } from './paint.ts';
import type { ReportInput, ReportOptions } from './report-input.ts';
import { textSummary } from './text-summary.ts';

/** Things not read that are named one by one, of each reason; all are counted. */
const SHOWN_SAMPLES = 5;
/** Further lines with the same secret that are named. */
const SHOWN_LINES = 8;

/** For a person at a terminal: findings by file, what to do about them, and last what was and was not read. */
export function* printText(input: ReportInput, options: ReportOptions): Generator<string> {
  const paint = createPaint(options.color);
  for (const [place, findings] of groupByPlace(input.findings)) {
    yield `${paint.heading(place)}\n`;
    for (const finding of findings) yield* findingLines(finding, paint);
    yield '\n';
  }
  if (input.findings.length > 0) yield REMEDY;
  yield* unreadLines(input, paint);
  yield textSummary(input, paint);
}

const REMEDY = `What to do: revoke the secret where it was issued and put a new one outside of the repository (environment,
vault). Deleting the line is not enough, the history keeps it. Not a secret? Put \`leakgate:allow\` on its line,
or record the decision: leakgate review add FINGERPRINT --reason TEXT

`;

function groupByPlace(findings: readonly Finding[]): Map<string, Finding[]> {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const place = describePlace(finding);
    const group = groups.get(place);
    if (group === undefined) groups.set(place, [finding]);
    else group.push(finding);
  }
  return groups;
}

function describePlace(finding: Finding): string {
  const path = escapeControls(finding.path);
  switch (finding.kind) {
    case 'blob':
    case 'file':
      return path;
    case 'stdin':
      return path === '-' || path === '' ? 'standard input' : path;
    case 'commit':
      return `commit ${path} (message, names or headers)`;
    case 'tag':
      return `tag ${path} (message, name or headers)`;
    case 'ref':
    case 'path':
      return `${path} (the name itself)`;
    default:
      return finding.kind satisfies never;
  }
}

function* findingLines(finding: Finding, paint: Paint): Generator<string> {
  const at = `${finding.line}:${finding.column}`.padEnd(8);
  const label = paint.severity(finding.severity, finding.severity);
  const before = finding.state === 'pre-existing' ? paint.faint(' (was there before)') : '';
  yield `  ${at} ${label}  ${escapeControls(finding.ruleName)} [${escapeControls(finding.ruleId)}]${before}\n`;
  yield detail('secret', finding.secret, paint);
  if (finding.otherLines !== undefined) yield detail('also on', describeLines(finding.otherLines), paint);
  if (finding.commit !== undefined) yield detail('commit', describeCommit(finding), paint);
  else if (finding.kind === 'tag' && finding.author !== undefined)
    yield detail('tagger', `${describePerson(finding)}${describeDay(finding)}`, paint);
  yield detail('fingerprint', finding.fingerprint, paint);
  if (finding.occurrences > 1) yield detail('versions', `${finding.occurrences} of this file have it`, paint);
}

function detail(name: string, text: string, paint: Paint): string {
  return `           ${paint.faint(name.padEnd(11))} ${escapeControls(text)}\n`;
}

/** `line 3, 7 and 12`; of many the first few. */
function describeLines(lines: readonly number[]): string {
  const shown = lines.slice(0, SHOWN_LINES);
  const more = lines.length - shown.length;
  if (more > 0) return `line ${shown.join(', ')} and ${more === MAX_OTHER_LINES - SHOWN_LINES ? 'many' : more} more`;
  const last = shown.pop();
  return `line ${shown.length > 0 ? `${shown.join(', ')} and ` : ''}${last}`;
}

/** `1a2b3c4d5e by Ann Example <ann@example.org> on 2026-01-02`, as far as it is known. */
function describeCommit(finding: Finding): string {
  const who = describePerson(finding);
  return `${(finding.commit ?? '').slice(0, 10)}${who === '' ? '' : ` by ${who}`}${describeDay(finding)}`;
}

function describePerson({ author, email }: Finding): string {
  return [author, email && `<${email}>`].filter(Boolean).join(' ');
}

function describeDay({ date }: Finding): string {
  return date === undefined ? '' : ` on ${date.slice(0, 10)}`;
}

function* unreadLines({ coverage }: ReportInput, paint: Paint): Generator<string> {
  const counts = unreadCounts(coverage);
  if (counts.length === 0) return;
  yield `${paint.warn('Not read, or not read whole:')}\n`;
  for (const { reason, count } of counts) {
    yield `  ${countOf(count, reason, reason)}: ${UNREAD_MEANINGS[reason]}\n`;
    const shown = coverage.unreadSamples.filter((unread) => unread.reason === reason).slice(0, SHOWN_SAMPLES);
    for (const unread of shown) yield `    ${escapeControls(describeSample(unread))}\n`;
    if (count > shown.length && shown.length > 0) yield `    and ${countOf(count - shown.length, 'more', 'more')}\n`;
  }
  yield '\n';
}
