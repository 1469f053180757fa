import type { Finding } from '../model/finding.ts';

/** What a report holds of a finding. */
export type ReportedFinding = Omit<Finding, 'matchFingerprint' | 'lineText'>;

/** The finding without what is for our own server only: a text in clear must not get into a file, whoever asked for it. */
export function toReported({ matchFingerprint: _any, lineText: _clear, ...reported }: Finding): ReportedFinding {
  return reported;
}
