import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { readSnapshotPolicy } from '../hook/look-at-snapshot.ts';
import { readPolicySnapshot } from '../hook/policy-snapshot.ts';
import { loadFingerprintKey } from '../keyring/fingerprint-key.ts';
import { fingerprint as makeFingerprint } from '../keyring/fingerprint.ts';
import { LeakgateError, ProblemsError } from '../model/errors.ts';
import type { Problem } from '../model/errors.ts';
import { ANY_RULE } from '../model/review.ts';
import { parseReviewImport } from '../store/import-reviews.ts';
import { addReviews, removeReviews } from '../store/review-store.ts';
import { checkReview } from '../store/review-syntax.ts';
import { isExpired } from '../suppress/decide.ts';
import { didYouMean } from '../yaml/nearest-name.ts';
import type { CliContext } from './cli-context.ts';
import { countOf } from './count-of.ts';
import { findByFingerprint, notFound } from './find-by-fingerprint.ts';
import { loadPolicyOf, placeAt } from './load-policy-here.ts';
import type { PolicyPlace } from './load-policy-here.ts';
import { reviewFileOf } from './review-file.ts';
import { loginName } from './login-name.ts';
import type { ReviewAddFlags, ReviewImportFlags, ReviewPlaceFlags } from './review.ts';
import { printText } from './terminal-text.ts';

/** `leakgate review add`. */
export async function addReview(context: CliContext, fingerprint: string, flags: ReviewAddFlags): Promise<void> {
  const path = await reviewFileOf(context, flags);
  const fields = {
    fingerprint,
    // Checked first with any rule: a slip in a date should not cost a scan.
    ruleId: flags.rule ?? 'unknown',
    resolution: flags.resolution,
    reviewer: flags.reviewer ?? loginName(),
    reason: flags.reason,
    created: new Date().toISOString(),
    ...(flags.expires === undefined ? {} : { expires: flags.expires }),
  };
  const wrong: string[] = [];
  const record = checkReview(fields, (_, message) => wrong.push(message));
  if (record !== undefined && isExpired(record, new Date()))
    throw new LeakgateError('USAGE_INVALID', `this review would be over already: it expires on ${flags.expires}`);
  if (record === undefined) throw new LeakgateError('USAGE_INVALID', `this review cannot be kept\n${wrong.join('\n')}`);
  const ruleId =
    flags.rule === undefined ? await ruleOf(context, fingerprint, flags) : await namedRule(context, flags.rule, flags);
  const { replaced } = await addReviews(path, [{ ...record, ruleId }]);
  printText(
    context.stdout,
    `${replaced > 0 ? 'replaced' : 'added'} the review of ${fingerprint} (${ruleId}) in ${path}`,
  );
  context.exitCode = 0;
}

/** `leakgate review remove`. */
export async function removeReviewsOf(
  context: CliContext,
  fingerprints: readonly string[],
  flags: ReviewPlaceFlags,
): Promise<void> {
  const path = await reviewFileOf(context, flags);
  const removed = await removeReviews(path, fingerprints);
  const missing = fingerprints.length - removed;
  printText(context.stdout, `removed ${countOf(removed, 'review')} from ${path}`);
  if (missing > 0)
    printText(context.stderr, `leakgate: ${countOf(missing, 'fingerprint')} of these had no review there`);
  context.exitCode = missing > 0 ? 2 : 0;
}

/** `leakgate review import`: all entries of the file or none. */
export async function importReviews(context: CliContext, file: string, flags: ReviewImportFlags): Promise<void> {
  const format = extname(file).toLowerCase().slice(1);
  if (format !== 'csv' && format !== 'json')
    throw new LeakgateError('USAGE_INVALID', `the name of an import ends in .csv or .json, got ${file}`);
  const key = await loadFingerprintKey({ env: context.env });
  const { records, problems } = parseReviewImport(await readImport(resolve(context.cwd, file)), {
    file,
    format,
    now: new Date(),
    defaults: {
      resolution: flags.resolution,
      reviewer: flags.reviewer ?? loginName(),
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
      ...(flags.expires === undefined ? {} : { expires: flags.expires }),
    },
    fingerprintOf: (ruleId, secret) => makeFingerprint(key, ruleId, Buffer.from(secret, 'utf8')),
  });
  if (problems.length > 0) throw new ProblemsError('REVIEW_INVALID', sorted(problems));
  const path = await reviewFileOf(context, flags);
  const { added, replaced } = await addReviews(path, records);
  printText(
    context.stdout,
    `added ${countOf(added, 'review')} to ${path}${replaced > 0 ? `, replaced ${replaced}` : ''}`,
  );
  context.exitCode = 0;
}

async function ruleOf(context: CliContext, fingerprint: string, flags: ReviewAddFlags): Promise<string> {
  printText(context.stderr, 'leakgate: looking for the finding (--rule <id> saves this)');
  const scan = await findByFingerprint(context, fingerprint, flags);
  const ruleId = scan.findings[0]?.ruleId;
  if (ruleId !== undefined) return ruleId;
  throw notFound(
    flags.repository,
    scan,
    `nothing at ${flags.repository} has the fingerprint ${fingerprint}; check it, name the place with --repository, or the rule with --rule`,
  );
}

/**
 * A rule that is known at the repository: of its policy, disabled ones included, or of the server's where one has registered it. One that other
 * scopes have is found by naming a repository of theirs, as it is where the rule is looked up.
 */
async function namedRule(context: CliContext, id: string, { repository: path }: ReviewPlaceFlags): Promise<string> {
  if (id === ANY_RULE) return id;
  const place = await placeAt(context, path);
  const { rules, decisions } = await loadPolicyOf(context, {}, place);
  const changed = decisions.filter(({ about }) => about === 'rule').map(({ subject }) => subject);
  const known = new Set([...rules.map((rule) => rule.id), ...changed, ...(await serverRules(place))]);
  if (known.has(id)) return id;
  throw new LeakgateError(
    'USAGE_INVALID',
    `there is no rule ${JSON.stringify(id)} at ${path}${didYouMean(id, known)}; leave out --rule to have it looked up, or name a repository that has it with --repository`,
  );
}

async function serverRules({ repository }: PolicyPlace): Promise<readonly string[]> {
  const snapshot = repository && readPolicySnapshot(repository.commonDir);
  if (repository === undefined || snapshot === undefined) return [];
  return (await readSnapshotPolicy(snapshot, repository)).rules.map((rule) => rule.id);
}

async function readImport(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not UTF-8 text' : (cause as Error).message;
    throw new LeakgateError('REVIEW_INVALID', `${path} cannot be read: ${reason}`, { cause });
  }
}

function sorted(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => a.line - b.line);
}
