import { FINGERPRINT_PATTERN } from '../keyring/fingerprint.ts';
import { ANY_RULE, RESOLUTIONS } from '../model/review.ts';
import type { Resolution, ReviewRecord } from '../model/review.ts';

/** The keys of a review, in the order in which they are written. */
export const REVIEW_KEYS = [
  'fingerprint',
  'ruleId',
  'resolution',
  'reviewer',
  'reason',
  'created',
  'expires',
] as const satisfies (keyof ReviewRecord)[];

/** Bounds on one review: a sentence or two, not a file. */
const MAX_TEXT = 2000;
const RULE_ID = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/**
 * Checks the fields of one review as they were read from JSON or CSV. Every wrong field is told through `problem`; unknown keys are for
 * the caller. `undefined` when anything is wrong.
 */
export function checkReview(
  fields: Readonly<Record<string, unknown>>,
  problem: (key: string, message: string) => void,
): ReviewRecord | undefined {
  let sound = true;
  const wrong = (key: string, message: string): undefined => {
    sound = false;
    problem(key, message);
    return undefined;
  };
  const text = (key: string): string => {
    const value = fields[key];
    if (typeof value !== 'string' || value.trim() === '') wrong(key, `"${key}" is missing or no text`);
    else if (value.length > MAX_TEXT)
      wrong(key, `"${key}" has ${value.length} characters; at most ${MAX_TEXT} are kept`);
    else return value.trim();
    return '';
  };
  const time = (key: string): string | undefined => {
    const iso = typeof fields[key] === 'string' ? toInstant(fields[key]) : undefined;
    return iso ?? wrong(key, `"${key}" must be a date (2026-12-31) or a time in UTC (2026-12-31T18:00:00Z)`);
  };

  const fingerprint = text('fingerprint');
  if (fingerprint !== '' && !FINGERPRINT_PATTERN.test(fingerprint))
    wrong('fingerprint', '"fingerprint" must be lgf1: and 32 hex digits, as reports show it');
  const ruleId = text('ruleId');
  if (ruleId !== '' && ruleId !== ANY_RULE && !RULE_ID.test(ruleId))
    wrong('ruleId', '"ruleId" must be the id of a rule');
  const resolution = text('resolution');
  if (resolution !== '' && !isResolution(resolution))
    wrong('resolution', `"resolution" must be one of ${RESOLUTIONS.join(', ')}`);
  const reviewer = text('reviewer');
  const reason = text('reason');
  const created = time('created');
  const expires = fields['expires'] === undefined ? undefined : time('expires');
  if (!sound || created === undefined || !isResolution(resolution)) return undefined;
  return { fingerprint, ruleId, resolution, reviewer, reason, created, ...(expires === undefined ? {} : { expires }) };
}

/**
 * An instant as ISO 8601 in UTC. A date alone means the end of that day, which is what people mean by "until the 31st".
 * `undefined` for anything that is not such a date.
 */
export function toInstant(text: string): string | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/.exec(text);
  if (parts === null) return undefined;
  const midnight = Date.parse(`${parts[1]}T00:00:00Z`);
  // Date.parse lets 30 February be 2 March.
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== parts[1]) return undefined;
  const instant = parts[2] === undefined ? midnight + 86_400_000 : Date.parse(text);
  return Number.isNaN(instant) ? undefined : new Date(Math.min(instant, LAST)).toISOString();
}

/** The last that is written with four digits: whoever says 9999-12-31 means for ever. */
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

/** Whether a word is one of the four resolutions. */
export function isResolution(word: string): word is Resolution {
  return (RESOLUTIONS as readonly string[]).includes(word);
}
