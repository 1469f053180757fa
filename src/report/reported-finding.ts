import type { Finding, FindingKind } from '../model/finding.ts';

/** Commits, tags and refs: what is found in them has no file and no line of one. */
export function isNoFile(kind: FindingKind): boolean {
  return kind === 'commit' || kind === 'tag' || kind === 'ref';
}

/** What a report holds of a finding. */
export type ReportedFinding = Omit<Finding, 'matchFingerprint' | 'lineText' | 'blobs'>;

/** The finding without what is for our own hook and server only: a text in clear must not get into a file, whoever asked for it. */
export function toReported({
  matchFingerprint: _any,
  lineText: _clear,
  blobs: _all,
  ...reported
}: Finding): ReportedFinding {
  return reported;
}
