import type { Coverage, UnreadReason } from '../model/coverage.ts';
import { ERROR_CODES, LeakgateError, type ErrorCode } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { HookSettings } from '../model/policy.ts';
import type { Verdict } from '../model/verdict.ts';

/**
 * The verdict on what a scan found. A secret refuses the push even when the rest of it could not be read; no secret accepts it only when
 * everything was read.
 */
export function judgePush(
  result: { readonly findings: readonly Finding[]; readonly coverage: Coverage },
  settings: Pick<HookSettings, 'blockPreExisting'>,
): Verdict {
  const { findings, coverage } = result;
  if (findings.some((finding) => isBlocking(finding, settings))) return { kind: 'reject', findings };
  if (coverage.outcome === 'complete') return { kind: 'accept', findings };
  return { kind: 'undecided', findings, reason: whyUndecided(coverage) };
}

export function isBlocking(
  { blocking, state }: Finding,
  { blockPreExisting }: Pick<HookSettings, 'blockPreExisting'>,
): boolean {
  return blocking && (state === 'new' || (state === 'pre-existing' && blockPreExisting));
}

const UNREAD: Readonly<Record<UnreadReason, string>> = {
  missing: 'missing',
  corrupt: 'damaged',
  'too-large': 'larger than what is scanned here',
  unreadable: 'not readable',
  'worker-died': 'too much for the scanner',
  deadline: 'not reached in time',
  cancelled: 'not reached before the scan was stopped',
  'too-many-findings': 'with more findings than are kept',
  'too-many-paths': 'with more paths than can be followed',
};

function whyUndecided({ unread, unreadSamples, error }: Coverage): LeakgateError {
  if (error !== undefined) return new LeakgateError(codeOf(error.code), `${error.code}: ${error.message}`);
  const counts = Object.entries(unread) as [UnreadReason, number][];
  const parts = counts.map(([reason, count]) => `${count} ${count === 1 ? 'object' : 'objects'} ${UNREAD[reason]}`);
  const [sample] = unreadSamples;
  const example =
    sample === undefined
      ? ''
      : `; for example ${sample.what}${sample.detail === undefined ? '' : ` (${sample.detail})`}`;
  return new LeakgateError(
    unread.deadline === undefined ? 'GIT_FAILED' : 'SCAN_DEADLINE',
    `Not all of it was read: ${parts.join(', ')}${example}.`,
  );
}

function codeOf(code: string): ErrorCode {
  return ERROR_CODES.find((known) => known === code) ?? 'INTERNAL';
}
