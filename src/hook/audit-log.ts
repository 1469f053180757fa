/**
 * The record of pushes that were let through although they would have been refused: who, when, which refs and commits, which findings, why.
 * JSON Lines, one entry a push, only ever appended, on the disk before the push is accepted. It names secrets by fingerprint, never in clear.
 */
import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import { escapeControls } from '../model/escape.ts';
import type { Finding } from '../model/finding.ts';
import type { RefUpdate } from '../model/ref-update.ts';
import type { Pusher } from './pusher.ts';

/** Why an entry was made: the pusher asked for it, the operator's hook only warns, or undecided pushes are accepted here. */
export type AuditEvent = 'bypass' | 'warned' | 'undecided-accepted';

export interface AuditEntry {
  readonly event: AuditEvent;
  readonly repository: string;
  readonly pusher: Pusher;
  readonly updates: readonly RefUpdate[];
  readonly findings: readonly Finding[];
  /** For a bypass: what the pusher gave as reason. */
  readonly reason?: string;
  readonly option?: string;
  /** Why the push could not be checked. */
  readonly undecided?: string;
}

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

/** Appends an entry and returns when it is on the disk. Throws when that cannot be promised. */
export async function appendAudit(path: string, entry: AuditEntry, now: Date): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // One write to a file opened for appending: entries of pushes at the same time do not mix. No link is followed to somebody else's file.
  const file = await open(
    path,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    0o600,
  );
  try {
    if (!(await file.stat()).isFile()) throw new Error(`${path} is not a regular file`);
    const line = Buffer.from(`${JSON.stringify(toRecord(entry, now), escapeStrings)}\n`, 'utf8');
    const { bytesWritten } = await file.write(line);
    if (bytesWritten !== line.length)
      throw new Error(`only ${bytesWritten} of ${line.length} bytes were written to ${path}`);
    await file.sync();
  } finally {
    await file.close();
  }
}

function toRecord({ updates, findings, ...entry }: AuditEntry, now: Date): object {
  const commits = [...new Set(findings.flatMap(({ commit }) => (commit === undefined ? [] : [commit])))];
  return {
    schemaVersion: 1,
    time: now.toISOString(),
    ...entry,
    refs: updates
      .slice(0, MAX_LISTED)
      .map(({ ref, oldOid, newOid }) => ({ ref, old: oldOid ?? null, new: newOid ?? null })),
    refCount: updates.length,
    commits: commits.slice(0, MAX_LISTED),
    findings: findings.slice(0, MAX_LISTED).map(({ ruleId, fingerprint, kind, path, line, commit, state }) => ({
      ruleId,
      fingerprint,
      kind,
      path,
      line,
      commit,
      state,
    })),
    findingCount: findings.length,
  };
}

/** People read such files with `cat` and `tail`: what a pusher wrote must not steer their terminal. */
function escapeStrings(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? escapeControls(value) : value;
}
