/**
 * What happens to a push, from git's question to our answer:
 *
 *     input ─> ref updates ─> policy ─> scan ─> verdict ─> decision ─> message and exit code
 *
 * It fails closed: whatever goes wrong on the way, known or not, refuses the push and says so. Only the operator's settings, once they have
 * been read, can turn "could not tell" into "accept".
 */
import { parseRefUpdates } from '../git/ref-updates.ts';
import { readPushOptions } from '../git/push-options.ts';
import { startHookRepository, type ObjectFormat, type Repository } from '../git/repository.ts';
import { LeakgateError, type Problem } from '../model/errors.ts';
import { bytesToText } from '../model/escape.ts';
import { DEFAULT_SETTINGS } from '../model/policy.ts';
import type { RefUpdate } from '../model/ref-update.ts';
import { startPush, type StartedPush } from '../scan/start-push.ts';
import { withDeadline } from '../util/deadline.ts';
import { findBypass } from './bypass.ts';
import { CONTENT_OBJECT, CONTENT_PREFIX } from './content-object.ts';
import { describeFailure } from './failure-message.ts';
import type { HookExit } from './hook-exit.ts';
import { loadHookPolicy, type HookPolicy } from './hook-policy.ts';
import type { HookHost } from './hook-process.ts';
import { pushMessage } from './push-message.ts';
import { describePusher } from './pusher.ts';
import { createRedactor, scanPush } from './scan-push.ts';
import { noteUnscanned, settlePush, type PushContext } from './settle-push.ts';

/** Answers one push. Never throws. */
export async function runPreReceive(host: HookHost): Promise<HookExit> {
  const over = new AbortController();
  try {
    // Until the policy says otherwise; the time node took to start counts too.
    const { deadlineMs } = DEFAULT_SETTINGS.hook;
    const patience = { ms: Math.max(1, deadlineMs - performance.now()), of: deadlineMs, signal: over.signal };
    const push = await withDeadline(patience, () => prepare(host, over.signal));
    return push === undefined ? NOTHING_PUSHED : await answer(push, host);
  } catch (error) {
    return describeFailure(error);
  } finally {
    over.abort();
  }
}

const NOTHING_PUSHED: HookExit = { code: 0, message: '' };

interface Push {
  readonly repository: Repository;
  readonly updates: readonly RefUpdate[];
  readonly started: StartedPush;
  readonly policy: HookPolicy;
}

/**
 * Everything that has to be known before the scan; `undefined` for a push that brings nothing, because it only deletes refs.
 * git is asked before its answers are needed: it works while we read policy and tables.
 */
async function prepare({ env, cwd, readInput }: HookHost, signal: AbortSignal): Promise<Push | undefined> {
  const input = await readInput();
  const objectFormat = formatOf(input);
  const updates = parseRefUpdates(input, objectFormat).map((update) => ({
    ...update,
    ref: bytesToText(Buffer.from(update.ref, 'latin1')),
  }));
  if (updates.every(({ newOid }) => newOid === undefined)) return undefined;
  const { place, commonDir, opened } = startHookRepository({ env, cwd, signal, lookFor: CONTENT_OBJECT });
  const started = startPush({ ...place, objectFormat }, updates, signal);
  // Once round the event loop: only then has git been told that there is no more input, and it works while we read.
  await new Promise((resolve) => setImmediate(resolve));
  const policy = await loadHookPolicy({ gitDir: commonDir, opened }, { env, signal });
  const repository = await opened;
  if (repository.objectFormat !== objectFormat) {
    throw new LeakgateError(
      'HOOK_INPUT',
      `the hook's input has ids of ${objectFormat}, and the repository uses ${repository.objectFormat}`,
    );
  }
  return { repository, updates, started, policy };
}

async function answer({ repository, updates, started, policy }: Push, host: HookHost): Promise<HookExit> {
  const settings = policy.policy.settings.hook;
  const bypass = findBypass(readPushOptions(host.env));
  const push: Omit<PushContext, 'now'> = {
    gitDir: repository.commonDir,
    updates,
    pusher: describePusher(host.env),
    bypass,
    spool: policy.spool,
    ...(policy.generation === undefined ? {} : { generation: policy.generation }),
  };
  if (settings.mode === 'off') {
    await noteUnscanned({ ...push, now: new Date() }, settings, createRedactor(policy.ruleset));
    return { code: 0, message: '' };
  }
  const scan = await scanPush({ repository, updates, started, policy }, host);
  const decision = await settlePush(scan, { ...push, now: new Date() }, settings);
  return { code: decision.code, message: pushMessage(decision, settings, warningsFor(policy, scan.redact)) };
}

/** What is wrong with the default branch's own configuration, which pushers can mend. Problems of the operator's files are not for them. */
function warningsFor({ policy }: HookPolicy, redact: (text: string) => string): readonly Problem[] {
  return policy.problems
    .filter(({ file }) => file.startsWith(CONTENT_PREFIX))
    .map((problem) => ({ ...problem, message: redact(problem.message) }));
}

/** By the length of the first id, so that a push which only deletes needs no repository; parsing holds every line to it. */
function formatOf(input: string): ObjectFormat {
  return input.indexOf(' ') === 64 ? 'sha256' : 'sha1';
}
