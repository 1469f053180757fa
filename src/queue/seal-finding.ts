import type { KeyRing } from '../keyring/key-ring.ts';
import type { Finding, Suppression } from '../model/finding.ts';
import { ANY_RULE, type Review } from '../model/review.ts';
import type { FoundFinding } from '../store/complete-scan.ts';

/** The context in which texts of findings are sealed. */
export const FINDING_TEXT = 'findings.text';

/** The row of a finding. Its line, the only text in clear, is sealed here; what else the row holds is redacted. */
export function sealFinding(finding: Finding, keys: KeyRing): FoundFinding {
  const { lineText, suppression } = finding;
  const commitDate = finding.date === undefined ? Number.NaN : Date.parse(finding.date);
  return {
    ruleId: finding.ruleId,
    ruleName: finding.ruleName,
    fingerprint: finding.fingerprint,
    matchFingerprint: finding.matchFingerprint,
    kind: finding.kind,
    path: finding.path,
    line: finding.line,
    column: finding.column,
    endLine: finding.endLine,
    endColumn: finding.endColumn,
    secret: finding.secret,
    textSealed: keys.seal(lineText?.text ?? '', FINDING_TEXT),
    textStart: lineText?.start ?? 0,
    textEnd: lineText?.end ?? 0,
    truncated: lineText?.truncated === false ? 0 : 1,
    blob: finding.blob ?? null,
    commitId: finding.commit ?? null,
    author: finding.author ?? null,
    email: finding.email ?? null,
    commitDate: Number.isNaN(commitDate) ? null : commitDate,
    severity: finding.severity,
    confidence: finding.confidence,
    blocking: finding.blocking ? 1 : 0,
    state: finding.state === 'pre-existing' ? 'new' : finding.state,
    suppression: suppression === undefined ? null : JSON.stringify(suppression),
    occurrences: finding.occurrences,
  };
}

/**
 * What reviews say of findings that count. They are looked at after the scan and not in it: a finding must show what excuses it besides a review
 * once the review has ended.
 */
export function applyReviews(findings: readonly Finding[], reviews: readonly Review[], now: number): Finding[] {
  const valid = new Map<string, Review>();
  for (const review of reviews)
    if (review.expires === undefined || Date.parse(review.expires) > now)
      valid.set(`${review.ruleId === ANY_RULE ? ANY_RULE : ''}${review.fingerprint}`, review);
  if (valid.size === 0) return [...findings];
  return findings.map((finding) => {
    if (finding.state !== 'new') return finding;
    const review = valid.get(finding.fingerprint) ?? valid.get(ANY_RULE + finding.matchFingerprint);
    return review === undefined ? finding : { ...finding, state: 'reviewed', suppression: toSuppression(review) };
  });
}

function toSuppression(review: Review): Suppression {
  return {
    kind: 'review',
    reason: `${review.resolution}: ${review.reason}`,
    origin: review.origin,
    reviewer: review.reviewer,
  };
}
