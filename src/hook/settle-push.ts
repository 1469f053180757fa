/** From verdict to decision: what the operator's settings and a bypass make of it, and what goes on record. */
import type { HookSettings } from '../model/policy.ts';
import type { RefUpdate } from '../model/ref-update.ts';
import type { Verdict } from '../model/verdict.ts';
import { appendAudit, auditLogPath, type AuditEntry, type AuditEvent } from './audit-log.ts';
import type { BypassRequest } from './bypass.ts';
import { exitCodeOf, type HookExit } from './hook-exit.ts';
import { isBlocking } from './judge-push.ts';
import type { Pusher } from './pusher.ts';

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
}

/** What is known of a push besides its content. */
export interface PushContext {
  readonly gitDir: string;
  readonly updates: readonly RefUpdate[];
  readonly pusher: Pusher;
  readonly bypass: BypassRequest | undefined;
  readonly now: Date;
  /** Hides secrets in what the pusher wrote: names of refs, the reason. */
  readonly redact: (text: string) => string;
}

export async function settlePush(verdict: Verdict, push: PushContext, settings: HookSettings): Promise<Decision> {
  const code = exitCodeOf(verdict, settings);
  if (verdict.kind === 'accept') return { verdict, code, bypass: { kind: 'none' } };
  if (code === 0) return acceptOnRecord(verdict, push, settings);
  const bypass = await tryBypass(verdict, push, settings);
  return { verdict, code: bypass.kind === 'granted' ? 0 : code, bypass };
}

/** The operator lets such pushes through. Without a record only a warning may be: an unchecked push that nobody can trace is refused. */
async function acceptOnRecord(verdict: Verdict, push: PushContext, settings: HookSettings): Promise<Decision> {
  const problem = await record(verdict.kind === 'undecided' ? 'undecided-accepted' : 'warned', verdict, push, settings);
  if (problem === undefined || verdict.kind !== 'undecided') return { verdict, code: 0, bypass: { kind: 'none' } };
  return { verdict, code: 2, bypass: { kind: 'not-recorded', problem } };
}

async function tryBypass(verdict: Verdict, push: PushContext, settings: HookSettings): Promise<BypassOutcome> {
  if (push.bypass === undefined) return { kind: 'none' };
  const { option, reason } = push.bypass;
  if (!settings.bypass.allowed) return { kind: 'not-allowed', option };
  if (reason === undefined) return { kind: 'no-reason', option };
  const problem = await record('bypass', verdict, push, settings);
  return problem === undefined ? { kind: 'granted', reason } : { kind: 'not-recorded', problem };
}

/** Writes the audit log; returns what kept it from being written. */
async function record(
  event: AuditEvent,
  verdict: Verdict,
  push: PushContext,
  settings: HookSettings,
): Promise<string | undefined> {
  const { bypass, redact } = push;
  const entry: AuditEntry = {
    event,
    repository: push.gitDir,
    pusher: push.pusher,
    updates: push.updates.map((update) => ({ ...update, ref: redact(update.ref) })),
    findings: verdict.findings.filter((finding) => isBlocking(finding, settings)),
    ...(event === 'bypass' && bypass?.reason !== undefined
      ? { option: bypass.option, reason: redact(bypass.reason) }
      : {}),
    ...(verdict.kind === 'undecided' ? { undecided: verdict.reason.message } : {}),
  };
  try {
    await appendAudit(auditLogPath(push.gitDir, settings.auditLog), entry, push.now);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
