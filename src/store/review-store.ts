/**
 * Reviews on disk: one file per scope, JSON Lines, sorted by fingerprint, one review per fingerprint.
 *
 *     {"fingerprint":"lgf1:…","ruleId":"github-pat","resolution":"false-positive","reviewer":"ada","reason":"…","created":"…Z"}
 *
 * A line a review, so that version control merges and shows them well. Files are replaced as a whole under a lock: readers never see half
 * a file, and of reviews that several people add at once none is lost.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LeakgateError, ProblemsError } from '../model/errors.ts';
import type { Problem } from '../model/errors.ts';
import type { Review, ReviewRecord } from '../model/review.ts';
import type { ScopeName } from '../model/rule.ts';
import { LockTimeoutError, withFileLock } from '../util/file-lock.ts';
import type { LockOptions } from '../util/file-lock.ts';
import { writeFileAtomic } from '../util/write-atomic.ts';
import { checkReview, REVIEW_KEYS } from './review-syntax.ts';

export interface ParsedReviews {
  readonly reviews: readonly Review[];
  readonly problems: readonly Problem[];
}

/** Reads the text of a review file; wrong lines become problems and the others are kept. `file` is its name in problems and origins. */
export function parseReviews(text: string, file: string, scope: ScopeName): ParsedReviews {
  const reviews: Review[] = [];
  const problems: Problem[] = [];
  const lines = new Map<string, number>();
  let line = 0;
  for (const source of text.split('\n')) {
    line++;
    if (source.trim() === '') continue;
    const add = (message: string): void => {
      problems.push({ file, line, column: 1, subject: '', message, level: 'error' });
    };
    const fields = parseObject(source);
    if (fields === undefined) {
      add('must be one JSON object');
      continue;
    }
    const unknown = Object.keys(fields).filter((key) => !(REVIEW_KEYS as readonly string[]).includes(key));
    for (const key of unknown)
      add(`unknown key ${JSON.stringify(key.slice(0, 60))}; known keys: ${REVIEW_KEYS.join(', ')}`);
    const record = checkReview(fields, (_, message) => add(message));
    if (record === undefined || unknown.length > 0) continue;
    const first = lines.get(record.fingerprint);
    if (first !== undefined) {
      add(`the fingerprint is reviewed already in line ${first}; keep one`);
      continue;
    }
    lines.set(record.fingerprint, line);
    reviews.push({ ...record, origin: { scope, file, line, column: 1 } });
  }
  return { reviews, problems };
}

/** The text of a review file: same reviews, same bytes, whatever their order. */
export function formatReviews(records: Iterable<ReviewRecord>): string {
  const lines = [...records]
    .sort((a, b) => compareText(a.fingerprint, b.fingerprint))
    .map((record) =>
      JSON.stringify(
        Object.fromEntries(REVIEW_KEYS.filter((key) => record[key] !== undefined).map((key) => [key, record[key]])),
      ),
    );
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * The reviews of one file; none when there is no such file.
 * @throws ProblemsError with everything that is wrong in it.
 */
export async function readReviews(path: string, scope: ScopeName): Promise<readonly Review[]> {
  const { reviews, problems } = parseReviews(await readTextIfThere(path), path, scope);
  if (problems.length > 0) throw new ProblemsError('REVIEW_INVALID', problems);
  return reviews;
}

export interface AddedReviews {
  readonly added: number;
  /** Reviews of the same fingerprint that the new ones took the place of. */
  readonly replaced: number;
}

/** Adds reviews to a file, all or none; makes the file and its folder when they are not there. Of one fingerprint the later review holds. */
export async function addReviews(
  path: string,
  records: readonly ReviewRecord[],
  options?: LockOptions,
): Promise<AddedReviews> {
  return changeReviews(path, options, (reviews) => {
    const before = reviews.size;
    const fresh = new Set(records.map((record) => record.fingerprint));
    for (const record of records) reviews.set(record.fingerprint, record);
    const added = reviews.size - before;
    return { added, replaced: fresh.size - added };
  });
}

/** Removes the reviews of these fingerprints from a file; how many there were. */
export async function removeReviews(
  path: string,
  fingerprints: readonly string[],
  options?: LockOptions,
): Promise<number> {
  return changeReviews(
    path,
    options,
    (reviews) => fingerprints.filter((fingerprint) => reviews.delete(fingerprint)).length,
  );
}

async function changeReviews<T>(
  path: string,
  options: LockOptions | undefined,
  change: (reviews: Map<string, ReviewRecord>) => T,
): Promise<T> {
  try {
    await mkdir(dirname(path), { recursive: true });
    return await withFileLock(
      path,
      async () => {
        // The scope does not matter here: origins are not written.
        const before = await readReviews(path, 'repository');
        const reviews = new Map<string, ReviewRecord>(before.map((review) => [review.fingerprint, review]));
        const result = change(reviews);
        const text = formatReviews(reviews.values());
        if (text !== formatReviews(before)) await writeFileAtomic(path, text, { mode: 0o644 });
        return result;
      },
      options,
    );
  } catch (error) {
    if (error instanceof LeakgateError) throw error;
    if (error instanceof LockTimeoutError) throw new LeakgateError('REVIEW_INVALID', error.message, { cause: error });
    if (options?.signal?.aborted) throw error;
    throw new LeakgateError(
      'REVIEW_INVALID',
      `the review file ${path} cannot be changed: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

async function readTextIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new LeakgateError('REVIEW_INVALID', `the review file ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function parseObject(source: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(source);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
