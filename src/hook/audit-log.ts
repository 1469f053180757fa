/**
 * The record of pushes: who, when, which refs and commits, which findings, what was decided and why. JSON Lines, one entry a push, only ever
 * appended. It names secrets by fingerprint and redacted, never in clear.
 *
 * Every push that was refused, or let through in spite of something, has an entry; for the latter it is on the disk before the push is accepted.
 * Where a server takes the log in (`spool` in its snapshot), pushes with nothing to say have one too, so that it knows what came in. An entry:
 *
 *     schemaVersion  1; keys may be added under the same number
 *     time           ISO 8601, UTC
 *     event          see AuditEvent
 *     decision       accepted | refused
 *     verdict        accept | reject | undecided | not-scanned
 *     mode           block | warn | off: hook.mode at the time
 *     repository     absolute path of the git directory
 *     generation     of the server's snapshot in force; absent without one
 *     pusher         see Pusher: whatever the server's environment says of who pushes
 *     refs           [{ ref, old, new }]: ids, null for a ref that is created or deleted; refCount counts all
 *     commits        commits that brought in what is listed in findings
 *     findings       [{ ruleId, ruleName, severity, fingerprint, kind, path, line, commit?, state, blocking, excused?, secret }]: what
 *                    stopped or would have stopped the push first, then what a commit message excused, then the rest, reviewed ones last. `kind`
 *                    and `state` as in a report, `secret` redacted, `blocking` whether it counts against the push
 *     counts         { blocking, excused, other, reviewed }, all of them, listed or not; findingCount is their sum
 *     reason, option for a bypass: what the pusher gave as reason, and with which push option
 *     undecided      why the push could not be checked, in words
 *     unscanned      what was not scanned: { code, outcome?, reasons?, samples? }: the error's code; of a scan that was begun its outcome, counts
 *                    by reason and a few ids or paths. Whoever wants to make up for it scans what `refs` name
 *     durationMs     from the start of the hook
 */
import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { Coverage } from '../model/coverage.ts';
import { LeakgateError } from '../model/errors.ts';
import { escapeControls } from '../model/escape.ts';
import type { Finding } from '../model/finding.ts';
import type { HookSettings } from '../model/policy.ts';
import type { RefUpdate } from '../model/ref-update.ts';
import type { Verdict } from '../model/verdict.ts';
import type { Pusher } from './pusher.ts';

/**
 * Why an entry was made.
 *
 * - `accepted`           nothing stood against it (only with a server that takes the log in)
 * - `refused`            a secret, or it could not be told
 * - `bypass`             the pusher asked for it, with a reason
 * - `commit-marks`       all that stood against it was excused by commit messages
 * - `warned`             the operator's hook only warns
 * - `undecided-accepted` the operator accepts what could not be checked
 * - `not-scanned`        the hook is switched off
 */
export const AUDIT_EVENTS = [
  'accepted',
  'refused',
  'bypass',
  'commit-marks',
  'warned',
  'undecided-accepted',
  'not-scanned',
] as const;
export type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** Events of pushes that went through. */
export function isAccepted(event: AuditEvent): boolean {
  return event !== 'refused';
}

export interface AuditEntry {
  readonly event: AuditEvent;
  readonly verdict: Verdict['kind'] | 'not-scanned';
  readonly mode: HookSettings['mode'];
  readonly repository: string;
  readonly generation?: number;
  readonly pusher: Pusher;
  readonly updates: readonly RefUpdate[];
  readonly findings: AuditFindings;
  /** For a bypass: what the pusher gave as reason. */
  readonly reason?: string;
  readonly option?: string;
  /** Why the push could not be checked. */
  readonly undecided?: LeakgateError;
  /** Of the scan, when one came to an end. */
  readonly coverage?: Coverage;
  readonly durationMs: number;
}

/** Each list is in the order of the report. */
export interface AuditFindings {
  /** What counts against the push. */
  readonly blocking: readonly Finding[];
  /** What would, but for a mark in the message of its commit. */
  readonly excused: readonly Finding[];
  /** Of rules that only report, or there before. */
  readonly other: readonly Finding[];
  /** What a person has decided on. */
  readonly reviewed: readonly Finding[];
}

const LF = 0x0a;
/** Listed in one entry; beyond that they are counted. A push can bring a million. */
const MAX_LISTED = 1_000;

/** The log of a repository; `configured` is `hook.auditLog`. */
export function auditLogPath(gitDir: string, configured: string | undefined): string {
  if (configured !== undefined && !isAbsolute(configured))
    throw new LeakgateError(
      'CONFIG_INVALID',
      `hook.auditLog must be an absolute path, got ${JSON.stringify(configured)}`,
    );
  return configured ?? join(gitDir, 'leakgate', 'audit.jsonl');
}

/**
 * Appends an entry and returns when it is on the disk. Throws when that cannot be promised.
 * @param options.sync `false` where nothing hangs on the entry: the push goes through with or without it
 */
export async function appendAudit(
  path: string,
  entry: AuditEntry,
  now: Date,
  { sync = true }: { readonly sync?: boolean } = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // One write to a file opened for appending: entries of pushes at the same time do not mix. No link is followed to somebody else's file.
  const file = await open(
    path,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    0o600,
  );
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
    const start = (await isCutShort(path, stats.size)) ? '\n' : '';
    const line = Buffer.from(`${start}${JSON.stringify(toRecord(entry, now), escapeStrings)}\n`, 'utf8');
    const { bytesWritten } = await file.write(line);
    if (bytesWritten !== line.length)
      throw new Error(`only ${bytesWritten} of ${line.length} bytes were written to ${path}`);
    if (sync) await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Whether the last entry was cut short, by a full disk or a power cut: what came behind it would be lost in its line. Of a log that may only be
 * written nobody can tell.
 */
async function isCutShort(path: string, size: number): Promise<boolean> {
  if (size === 0) return false;
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
      return bytesRead === 1 && buffer[0] !== LF;
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}

function toRecord(entry: AuditEntry, now: Date): object {
  const { event, verdict, mode, repository, generation, pusher, updates, reason, option, undecided, durationMs } =
    entry;
  const { blocking, excused, other, reviewed } = entry.findings;
  const listed = [
    ...blocking.map((finding) => describeFinding(finding, { blocking: true })),
    ...excused.map((finding) => describeFinding(finding, { blocking: false, excused: true })),
    ...[...other, ...reviewed].map((finding) => describeFinding(finding, { blocking: false })),
  ].slice(0, MAX_LISTED);
  const counts = {
    blocking: blocking.length,
    excused: excused.length,
    other: other.length,
    reviewed: reviewed.length,
  };
  return {
    schemaVersion: 1,
    time: now.toISOString(),
    event,
    decision: isAccepted(event) ? 'accepted' : 'refused',
    verdict,
    mode,
    repository,
    generation,
    pusher,
    refs: updates
      .slice(0, MAX_LISTED)
      .map(({ ref, oldOid, newOid }) => ({ ref, old: oldOid ?? null, new: newOid ?? null })),
    refCount: updates.length,
    commits: [...new Set(listed.flatMap(({ commit }) => (commit === undefined ? [] : [commit])))],
    findings: listed,
    counts,
    findingCount: blocking.length + excused.length + other.length + reviewed.length,
    reason,
    option,
    undecided: undecided?.message,
    unscanned: verdict === 'not-scanned' ? { code: 'HOOK_OFF' } : unscanned(undecided, entry.coverage),
    durationMs: Math.round(durationMs),
  };
}

interface AuditedFinding extends Pick<
  Finding,
  'ruleId' | 'ruleName' | 'severity' | 'fingerprint' | 'kind' | 'path' | 'line' | 'state' | 'secret'
> {
  readonly commit: string | undefined;
  readonly blocking: boolean;
  readonly excused?: boolean;
}

function describeFinding(
  { ruleId, ruleName, severity, fingerprint, kind, path, line, commit, state, secret }: Finding,
  weight: Pick<AuditedFinding, 'blocking' | 'excused'>,
): AuditedFinding {
  return { ruleId, fingerprint, ruleName, severity, kind, path, line, commit, state, ...weight, secret };
}

function unscanned(undecided: LeakgateError | undefined, coverage: Coverage | undefined): object | undefined {
  const whole = coverage === undefined || coverage.outcome === 'complete';
  if (undecided === undefined && whole) return undefined;
  return {
    code: undecided?.code,
    ...(whole
      ? {}
      : {
          outcome: coverage.outcome,
          reasons: coverage.unread,
          samples: coverage.unreadSamples,
          error: coverage.error,
        }),
  };
}

/** People read such files with `cat` and `tail`: what a pusher wrote must not steer their terminal. */
function escapeStrings(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? escapeControls(value) : value;
}
