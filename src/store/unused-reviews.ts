import type { Finding } from '../model/finding.ts';
import type { Review } from '../model/review.ts';

export interface UnusedReviews {
  /** Reviews whose secret was not found at all: the finding is gone, or rule or key have changed. */
  readonly unmatched: readonly Review[];
  /** Reviews whose time is over, whether or not their secret is still there. */
  readonly expired: readonly Review[];
}

/**
 * Reviews that no longer do anything, given all findings of a scan, suppressed ones included. It says something about a
 * repository only when everything in it was scanned: a scan of one branch leaves reviews of others unmatched.
 */
export function findUnusedReviews(
  reviews: readonly Review[],
  findings: Iterable<Pick<Finding, 'fingerprint'> & Partial<Pick<Finding, 'matchFingerprint'>>>,
  now: Date,
): UnusedReviews {
  const found = new Set<string>();
  for (const { fingerprint, matchFingerprint } of findings) {
    found.add(fingerprint);
    // By it goes a review for any rule.
    if (matchFingerprint !== undefined) found.add(matchFingerprint);
  }
  const expired = reviews.filter(
    (review) => review.expires !== undefined && Date.parse(review.expires) <= now.getTime(),
  );
  const over = new Set(expired);
  return { unmatched: reviews.filter((review) => !found.has(review.fingerprint) && !over.has(review)), expired };
}
