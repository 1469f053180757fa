/** From verdict to decision: what the operator's settings, commit messages and a bypass make of it, and what goes on record. */
import type { Finding } from '../model/finding.ts';
import type { HookSettings } from '../model/policy.ts';
import type { RefUpdate } from '../model/ref-update.ts';
import type { Verdict } from '../model/verdict.ts';
import { appendAudit, auditLogPath, type AuditEntry, type AuditEvent } from './audit-log.ts';
import type { BypassRequest } from './bypass.ts';
import { exitCodeOf, type HookExit } from './hook-exit.ts';
import { isBlocking } from './judge-push.ts';
import type { Pusher } from './pusher.ts';
import type { PushScan } from './scan-push.ts';

/** What became of a bypass that was asked for. */
export type BypassOutcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'granted'; readonly reason: string }
  | { readonly kind: 'not-allowed'; readonly option: string }
  | { readonly kind: 'no-reason'; readonly option: string }
  | { readonly kind: 'not-recorded'; readonly problem: string };

export interface Decision {
  readonly verdict: Verdict;
  readonly code: HookExit['code'];
  readonly bypass: BypassOutcome;
  /** Findings that do not count because of their commit's message. */
  readonly excused: readonly Finding[];
}

/** What is known of a push besides its content. */
export interface PushContext {
  readonly gitDir: string;
  readonly updates: readonly RefUpdate[];
  readonly pusher: Pusher;
  readonly bypass: BypassRequest | undefined;
  readonly now: Date;
  /** Of the server's snapshot in force. */
  readonly generation?: number;
  /** Whether pushes with nothing to say go on record too. */
  readonly spool: boolean;
}

export async function settlePush(scan: PushScan, push: PushContext, settings: HookSettings): Promise<Decision> {
  const { verdict, excused } = scan;
  const code = exitCodeOf(verdict, settings);
  const none = { kind: 'none' } as const;
  if (verdict.kind === 'accept' && excused.length > 0) return acceptExcused(scan, push, settings);
  if (verdict.kind === 'accept') {
    if (push.spool) await record('accepted', scan, push, settings);
    return { verdict, code, bypass: none, excused };
  }
  if (code === 0) return acceptOnRecord(scan, push, settings);
  const bypass = await tryBypass(scan, push, settings);
  if (bypass.kind === 'granted') return { verdict, code: 0, bypass, excused };
  // Refused with or without: what cannot be recorded changes nothing for the pusher.
  await record('refused', scan, push, settings);
  return { verdict, code, bypass, excused };
}

/** Puts a push on record that was not looked at, because the hook is switched off. Without a record it goes through as well. */
export async function noteUnscanned(
  push: PushContext,
  settings: HookSettings,
  redact: PushScan['redact'],
): Promise<void> {
  const findings = { blocking: [], excused: [], other: [], reviewed: [] };
  const general = about(push, settings, redact);
  await append({ ...general, event: 'not-scanned', verdict: 'not-scanned', findings }, push, settings);
}

/** Nothing else stands against the push. Anybody can write a mark, so without a record it excuses nothing. */
async function acceptExcused(scan: PushScan, push: PushContext, settings: HookSettings): Promise<Decision> {
  const { verdict, excused } = scan;
  const problem = await record('commit-marks', scan, push, settings);
  if (problem === undefined) return { verdict, code: 0, bypass: { kind: 'none' }, excused };
  const refused = { kind: 'reject', findings: [...excused, ...verdict.findings] } as const;
  return {
    verdict: refused,
    code: exitCodeOf(refused, settings),
    bypass: { kind: 'not-recorded', problem },
    excused: [],
  };
}

/** The operator lets such pushes through. Without a record only a warning may be: an unchecked push that nobody can trace is refused. */
async function acceptOnRecord(scan: PushScan, push: PushContext, settings: HookSettings): Promise<Decision> {
  const { verdict, excused } = scan;
  const problem = await record(verdict.kind === 'undecided' ? 'undecided-accepted' : 'warned', scan, push, settings);
  if (problem === undefined || verdict.kind !== 'undecided')
    return { verdict, code: 0, bypass: { kind: 'none' }, excused };
  return { verdict, code: 2, bypass: { kind: 'not-recorded', problem }, excused };
}

async function tryBypass(scan: PushScan, push: PushContext, settings: HookSettings): Promise<BypassOutcome> {
  if (push.bypass === undefined) return { kind: 'none' };
  const { option, reason } = push.bypass;
  if (!settings.bypass.allowed) return { kind: 'not-allowed', option };
  if (reason === undefined) return { kind: 'no-reason', option };
  const problem = await record('bypass', scan, push, settings);
  return problem === undefined ? { kind: 'granted', reason } : { kind: 'not-recorded', problem };
}

/** Writes the audit log; returns what kept it from being written. */
async function record(
  event: AuditEvent,
  { verdict, excused, reviewed, coverage, redact }: PushScan,
  push: PushContext,
  settings: HookSettings,
): Promise<string | undefined> {
  const { bypass } = push;
  const entry: AuditEntry = {
    ...about(push, settings, redact),
    event,
    verdict: verdict.kind,
    findings: {
      blocking: verdict.findings.filter((finding) => isBlocking(finding, settings)),
      excused,
      other: verdict.findings.filter((finding) => !isBlocking(finding, settings)),
      reviewed,
    },
    ...(event === 'bypass' && bypass?.reason !== undefined
      ? { option: bypass.option, reason: redact(bypass.reason) }
      : {}),
    ...(verdict.kind === 'undecided' ? { undecided: verdict.reason } : {}),
    ...(coverage === undefined ? {} : { coverage }),
  };
  return append(entry, push, settings);
}

function about(
  { gitDir, generation, pusher, updates }: PushContext,
  { mode }: HookSettings,
  redact: PushScan['redact'],
): Pick<AuditEntry, 'mode' | 'repository' | 'generation' | 'pusher' | 'updates' | 'durationMs'> {
  return {
    mode,
    repository: gitDir,
    ...(generation === undefined ? {} : { generation }),
    pusher,
    updates: updates.map((update) => ({ ...update, ref: redact(update.ref) })),
    durationMs: performance.now(),
  };
}

/** Entries without which the push would go the same way are not waited for until they are on the disk. */
async function append(entry: AuditEntry, push: PushContext, settings: HookSettings): Promise<string | undefined> {
  const sync = entry.event !== 'accepted' && entry.event !== 'refused';
  try {
    await appendAudit(auditLogPath(push.gitDir, settings.auditLog), entry, push.now, { sync });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
