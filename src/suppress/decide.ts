/**
 * The second half of suppression: whether a match counts, decided where paths and commit are known. Pure; the clock comes in as `now`.
 *
 *     match ── contentConditions (worker) ──> candidate ── decide ──> finding, suppressed finding, or nothing
 */
import type { Suppression } from '../model/finding.ts';
import type { Lock, Policy } from '../model/policy.ts';
import type { Review } from '../model/review.ts';
import { SCOPES } from '../model/rule.ts';
import type { Allowlist, Origin, Rule, ScopeName } from '../model/rule.ts';
import { reopenPattern } from '../regex/pattern.ts';
import type { Pattern } from '../regex/pattern.ts';
import { hasPathCondition, matchesPath } from '../rules/allowlist-paths.ts';
import { latin1View } from './content-conditions.ts';

/** A match about to become a finding. */
export interface Candidate {
  readonly rule: Rule;
  /** Every path at which this content is being scanned. Empty for what has none: commits, tags, unnamed standard input. */
  readonly paths: readonly string[];
  /** The commit that brings it in. */
  readonly commit?: string;
  /** What `contentConditions` returned for `policy.allowlists`. */
  readonly allowlists: readonly number[];
  /** What `inlineMark` returned; leave it out where marks do not count. */
  readonly inlineMark?: string;
  readonly fingerprint: string;
  /** The fingerprint of the secret for ANY_RULE: by it a review holds whatever rule found the secret. */
  readonly matchFingerprint: string;
}

/**
 * Why a candidate does not count; `undefined` when it does; `not-applicable` when the rule's own path condition holds for none of
 * its paths, so that there is no finding at all.
 *
 * Content with several paths is suppressed by path only if each path is (perhaps by different allowlists): a fixture that is copied
 * into the source is a finding. Which entry is named does not depend on the order of entries: reviews come first, then allowlists, higher
 * scopes first, then the inline mark.
 */
export function decide(candidate: Candidate, policy: Policy, now: Date): Suppression | 'not-applicable' | undefined {
  const paths = pathsOfRule(candidate.rule, candidate.paths);
  if (paths === undefined) return 'not-applicable';
  return byReview(candidate, policy, now) ?? byAllowlist(candidate, paths, policy) ?? byInlineMark(candidate, policy);
}

/** The paths at which the rule runs; `undefined` when it runs at none of them. */
function pathsOfRule(rule: Rule, paths: readonly string[]): readonly string[] | undefined {
  if (rule.path === undefined || rule.pattern === undefined) return paths;
  const pattern = compiledPath(rule, rule.path);
  const running = paths.filter((path) => pattern.test(latin1View(path)));
  return running.length === 0 ? undefined : running;
}

function byReview({ fingerprint, matchFingerprint }: Candidate, policy: Policy, now: Date): Suppression | undefined {
  const reviews = reviewsOf(policy);
  const holding = (name: string): Review | undefined => reviews.get(name)?.find((review) => !isExpired(review, now));
  const review = holding(fingerprint) ?? holding(matchFingerprint);
  if (review === undefined) return undefined;
  return {
    kind: 'review',
    reason: `${review.resolution}: ${review.reason}`,
    origin: review.origin,
    reviewer: review.reviewer,
  };
}

/** Whether a review no longer holds. */
export function isExpired(review: Pick<Review, 'expires'>, now: Date): boolean {
  return review.expires !== undefined && Date.parse(review.expires) <= now.getTime();
}

function byAllowlist(
  { rule, commit, allowlists }: Candidate,
  paths: readonly string[],
  policy: Policy,
): Suppression | undefined {
  const lock = policy.locks.find((candidate) => candidate.name === rule.id);
  const usable = allowlists
    .map((index) => policy.allowlists[index] as Allowlist)
    .filter(
      (entry) =>
        mayDecide(entry.origin, lock) &&
        (entry.commits.length === 0 || (commit !== undefined && entry.commits.includes(commit))),
    )
    .sort((a, b) => compareOrigins(a.origin, b.origin));
  const anywhere = usable.find((entry) => !hasPathCondition(entry));
  if (anywhere !== undefined) return allowed(anywhere);
  if (paths.length === 0) return undefined;
  let first: Allowlist | undefined;
  for (const path of paths) {
    const entry = usable.find((candidate) => matchesPath(candidate, path));
    if (entry === undefined) return undefined;
    if (first === undefined || compareOrigins(entry.origin, first.origin) < 0) first = entry;
  }
  return first && allowed(first);
}

function byInlineMark({ rule, inlineMark }: Candidate, policy: Policy): Suppression | undefined {
  if (inlineMark === undefined || policy.locks.some((lock) => lock.name === rule.id)) return undefined;
  return { kind: 'inline-mark', reason: inlineMark };
}

function allowed(entry: Allowlist): Suppression {
  return {
    kind: 'allowlist',
    reason: entry.description === '' ? 'allowlist without description' : entry.description,
    origin: entry.origin,
  };
}

/** A locked rule listens to the scope of its lock and to those above, not to those below. */
function mayDecide(origin: Origin, lock: Lock | undefined): boolean {
  return lock === undefined || rankOf(origin.scope) <= rankOf(lock.origin.scope);
}

function rankOf(scope: ScopeName): number {
  return SCOPES.indexOf(scope);
}

function compareOrigins(a: Origin, b: Origin): number {
  return (
    rankOf(a.scope) - rankOf(b.scope) ||
    (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
    a.line - b.line ||
    a.column - b.column
  );
}

const pathPatterns = new WeakMap<Rule, Pattern>();

function compiledPath(rule: Rule, source: string): Pattern {
  let pattern = pathPatterns.get(rule);
  if (pattern === undefined) pathPatterns.set(rule, (pattern = reopenPattern(source)));
  return pattern;
}

const reviewIndexes = new WeakMap<readonly Review[], ReadonlyMap<string, readonly Review[]>>();

function reviewsOf({ reviews }: Policy): ReadonlyMap<string, readonly Review[]> {
  let index = reviewIndexes.get(reviews);
  if (index === undefined) {
    const building = new Map<string, Review[]>();
    for (const review of reviews) {
      const same = building.get(review.fingerprint);
      if (same === undefined) building.set(review.fingerprint, [review]);
      else same.push(review);
    }
    for (const same of building.values()) same.sort((a, b) => compareOrigins(a.origin, b.origin));
    reviewIndexes.set(reviews, (index = building));
  }
  return index;
}
