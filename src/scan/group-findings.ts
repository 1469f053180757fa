import { MAX_LISTED_BLOBS, MAX_OTHER_LINES, type Finding } from '../model/finding.ts';
import type { Oid } from '../model/oid.ts';
import type { CommitInfo } from './commit-info.ts';
import type { Judge } from './judge.ts';
import type { LocatedFinding } from './located-finding.ts';
import type { TextRedactor } from './text-redactor.ts';

/** One rule, one secret, one path: what a person would call one finding. */
interface Group {
  shown: LocatedFinding;
  /** Further lines of the object shown which have it, as many as are told. */
  otherLines: number[];
  /** Objects it was found in, with their ids while those are few enough to be told. */
  readonly objects: Map<number, Oid | undefined>;
}

/**
 * Makes one group of all findings with the same rule, secret and path. Shown of each is the earliest that counts; what counts comes
 * before what was there already, and that before what is suppressed. `located` is in the order of history.
 */
export function groupFindings(located: readonly LocatedFinding[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const finding of located) {
    const { raw, path } = finding;
    const key = `${raw.rule} ${raw.fingerprint} ${raw.kind === 'path' ? 'path' : 'content'} ${path}`;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { shown: finding, otherLines: [], objects: new Map([[raw.object, finding.blob]]) });
      continue;
    }
    group.objects.set(raw.object, group.objects.size < MAX_LISTED_BLOBS ? finding.blob : undefined);
    if (weight(finding) > weight(group.shown)) {
      group.shown = finding;
      group.otherLines = [];
    } else if (raw.object === group.shown.raw.object && group.otherLines.length < MAX_OTHER_LINES) {
      if (raw.line !== group.shown.raw.line && !group.otherLines.includes(raw.line)) group.otherLines.push(raw.line);
    }
  }
  return [...groups.values()];
}

function weight({ suppression, preExisting }: LocatedFinding): number {
  return suppression !== undefined ? 0 : preExisting ? 1 : 2;
}

/** The finding as reported. */
export function toFinding(
  group: Group,
  context: { readonly judge: Judge; readonly show: TextRedactor; readonly commits: ReadonlyMap<Oid, CommitInfo> },
): Finding {
  const { raw, path, blob, commit, suppression, preExisting } = group.shown;
  const rule = context.judge.ruleOf(raw);
  const blobs = blobsOf(group);
  const info = commit === undefined ? undefined : context.commits.get(commit);
  return {
    ruleId: rule.id,
    ruleName: rule.name,
    kind: raw.kind,
    path: context.show(path),
    line: raw.line,
    column: raw.column,
    endLine: raw.endLine,
    endColumn: raw.endColumn,
    secret: raw.secret,
    match: raw.match,
    fingerprint: raw.fingerprint,
    matchFingerprint: raw.matchFingerprint,
    ...(raw.lineText === undefined ? {} : { lineText: raw.lineText }),
    severity: rule.severity,
    confidence: raw.confidence,
    ...(blob === undefined ? {} : { blob }),
    ...(blobs === undefined ? {} : { blobs }),
    ...(commit === undefined || raw.kind === 'tag' ? {} : { commit }),
    ...(info?.author === undefined ? {} : { author: context.show(info.author) }),
    ...(info?.email === undefined ? {} : { email: context.show(info.email) }),
    ...(info?.date === undefined ? {} : { date: info.date }),
    state:
      suppression === undefined
        ? preExisting
          ? 'pre-existing'
          : 'new'
        : suppression.kind === 'review'
          ? 'reviewed'
          : 'suppressed',
    blocking: rule.blocking,
    ...(group.otherLines.length === 0 ? {} : { otherLines: group.otherLines }),
    // A path is one path, however many trees have it.
    occurrences: raw.kind === 'path' ? 1 : group.objects.size,
    ...(suppression === undefined ? {} : { suppression }),
  };
}

function blobsOf({ objects }: Group): readonly Oid[] | undefined {
  if (objects.size < 2 || objects.size > MAX_LISTED_BLOBS) return undefined;
  const blobs = [...objects.values()].filter((oid) => oid !== undefined);
  return blobs.length === objects.size ? blobs : undefined;
}
