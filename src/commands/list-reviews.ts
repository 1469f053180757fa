import { findUnusedReviews } from '../store/unused-reviews.ts';
import { readReviews } from '../store/review-store.ts';
import { escapeControls } from '../model/escape.ts';
import type { Review } from '../model/review.ts';
import { isExpired } from '../suppress/decide.ts';
import type { CliContext } from './cli-context.ts';
import { countOf } from './count-of.ts';
import { scanEverything } from './find-by-fingerprint.ts';
import { reviewFileOf } from './review-file.ts';
import type { ReviewListFlags } from './review.ts';
import { printText } from './terminal-text.ts';

/** `leakgate review list`. With `--unused` it scans, and an incomplete scan lists nothing: it could name a review that still counts. */
export async function listReviews(context: CliContext, flags: ReviewListFlags): Promise<void> {
  const path = await reviewFileOf(context, flags);
  const all = await readReviews(path, flags.scope);
  const reviews = flags.unused === true ? await unused(context, all, flags) : all;
  if (reviews === undefined) {
    printText(context.stderr, 'leakgate: the scan is not complete, so which reviews are unused cannot be told');
    return;
  }
  context.exitCode = 0;
  if (flags.format === 'json') {
    context.stdout.write(`${JSON.stringify(reviews, undefined, 2)}\n`);
    return;
  }
  const now = new Date();
  for (const review of reviews) printText(context.stdout, describe(review, now));
  printText(
    context.stderr,
    `${countOf(reviews.length, flags.unused === true ? 'unused review' : 'review')} in ${path}`,
  );
}

async function unused(
  context: CliContext,
  reviews: readonly Review[],
  flags: ReviewListFlags,
): Promise<readonly Review[] | undefined> {
  const { findings, coverage } = await scanEverything(context, flags);
  if (coverage.some(({ outcome }) => outcome !== 'complete')) return undefined;
  const { unmatched, expired } = findUnusedReviews(reviews, findings, new Date());
  return [...unmatched, ...expired];
}

function describe(review: Review, now: Date): string {
  const until = review.expires === undefined ? '' : `, until ${lastDay(review.expires)}`;
  const over = isExpired(review, now) ? ' (expired)' : '';
  return `${review.fingerprint}  ${review.ruleId}  ${review.resolution}${over}\n    ${escapeControls(review.reviewer)}, ${review.created.slice(0, 10)}${until}: ${escapeControls(review.reason)}`;
}

/** The last day on which it holds, which is what a person wrote: the moment it ends is the midnight after. */
function lastDay(expires: string): string {
  return new Date(Date.parse(expires) - 1).toISOString().slice(0, 10);
}
