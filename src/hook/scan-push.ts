/** The scan of a push under its deadline, and the verdict on it. Whatever ends it early makes the verdict `undecided`, never an exception. */
import type { Coverage } from '../model/coverage.ts';
import { LeakgateError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { Verdict } from '../model/verdict.ts';
import { loadEngine } from '../regex/pattern.ts';
import { pushScope } from '../scan/list-history.ts';
import { runScan } from '../scan/run-scan.ts';
import type { Progress, PushTarget } from '../scan/scan-target.ts';
import { FINISH_MS } from '../scan/stop.ts';
import { createTextRedactor } from '../scan/text-redactor.ts';
import { sharedDetector } from '../detect/detector.ts';
import { withDeadline } from '../util/deadline.ts';
import { excuseByCommitMessage } from './commit-marks.ts';
import type { HookPolicy } from './hook-policy.ts';
import type { HookHost } from './hook-process.ts';
import { judgePush } from './judge-push.ts';
import { layOutMessage } from './message-lines.ts';

/** After this long people ask themselves whether anything is going on. */
const SAY_SO_AFTER_MS = 2_000;
/** Kept back from the deadline for naming places, the audit log and the message. */
const RESERVE_MS = FINISH_MS + 500;

export interface PushScan {
  readonly verdict: Verdict;
  /** Not part of the verdict: a mark in the message of their commit speaks for them. */
  readonly excused: readonly Finding[];
  /** Not part of the verdict: a person has decided on them. */
  readonly reviewed: readonly Finding[];
  /** Of a scan that came to an end. */
  readonly coverage?: Coverage;
  /** Hides secrets in a text, by the rules of this scan. */
  readonly redact: (text: string) => string;
}

export async function scanPush(
  push: Omit<PushTarget, 'kind'> & { readonly policy: HookPolicy },
  host: Pick<HookHost, 'print'>,
): Promise<PushScan> {
  const { policy: loaded, ...target } = push;
  const { policy, ruleset, fingerprintKey } = loaded;
  const settings = policy.settings.hook;
  const redact = createRedactor(ruleset);
  const ms = Math.max(1, settings.deadlineMs - performance.now());
  let progress: Progress | undefined;
  // Runs once the scan has started its gits and waits for their first words.
  setImmediate(loadEngine);
  const patience = setTimeout(() => host.print(progressLine(progress)), SAY_SO_AFTER_MS - performance.now()).unref();
  try {
    return await withDeadline({ ms, of: settings.deadlineMs }, async (signal) => {
      const { findings, suppressed, coverage } = await runScan(
        { kind: 'push', ...target },
        {
          policy,
          ruleset,
          fingerprintKey,
          inlineMarks: settings.inlineMarks,
          signal,
          // The scan ends by itself a little earlier, so that what it found until then can be told.
          deadlineMs: Math.max(ms - RESERVE_MS, ms / 2),
          onProgress: (now) => (progress = now),
        },
      );
      const { findings: counting, excused } = await excuseByCommitMessage(findings, settings, {
        repository: push.repository,
        scope: pushScope(push.updates),
        redact,
        signal,
      });
      const reviewed = suppressed.filter(({ state }) => state === 'reviewed');
      return { verdict: judgePush({ findings: counting, coverage }, settings), excused, reviewed, coverage, redact };
    });
  } catch (error) {
    return { verdict: { kind: 'undecided', findings: [], reason: toReason(error) }, excused: [], reviewed: [], redact };
  } finally {
    clearTimeout(patience);
  }
}

/** Hides secrets in a text, by the rules of a scan. Mostly there is nothing to hide: the detector is built when the first text comes. */
export function createRedactor(ruleset: HookPolicy['ruleset']): (text: string) => string {
  let redactor: ((text: string) => string) | undefined;
  return (text) => (redactor ??= createTextRedactor(sharedDetector(ruleset), false))(text);
}

function progressLine(progress: Progress | undefined): string {
  const { objects = 0, totalObjects } = progress ?? {};
  const done = totalObjects === undefined ? `${objects}` : `${objects} of ${totalObjects}`;
  return layOutMessage([{ text: `Leakgate is looking for secrets in this push: ${done} objects so far ...` }]);
}

function toReason(error: unknown): LeakgateError {
  if (error instanceof LeakgateError) return error;
  return new LeakgateError('INTERNAL', `INTERNAL: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
