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
import { openHookRepository, type ObjectFormat, type Repository } from '../git/repository.ts';
import { LeakgateError } from '../model/errors.ts';
import { bytesToText } from '../model/escape.ts';
import { DEFAULT_SETTINGS } from '../model/policy.ts';
import type { RefUpdate } from '../model/ref-update.ts';
import { withDeadline } from '../util/deadline.ts';
import { findBypass } from './bypass.ts';
import { describeFailure } from './failure-message.ts';
import type { HookExit } from './hook-exit.ts';
import { loadHookPolicy, type HookPolicy } from './hook-policy.ts';
import type { HookHost } from './hook-process.ts';
import { pushMessage } from './push-message.ts';
import { describePusher } from './pusher.ts';
import { scanPush } from './scan-push.ts';
import { settlePush } from './settle-push.ts';

/** Answers one push. Never throws. */
export async function runPreReceive(host: HookHost): Promise<HookExit> {
  try {
    // Until the policy says otherwise; the time node took to start counts too.
    const patience = { ms: Math.max(1, DEFAULT_SETTINGS.hook.deadlineMs - performance.now()) };
    const prepared = await withDeadline(patience, (signal) => prepare(host, signal));
    return prepared === undefined ? NOTHING_PUSHED : await answer(prepared, host);
  } catch (error) {
    return describeFailure(error);
  }
}

const NOTHING_PUSHED: HookExit = { code: 0, message: '' };

interface Push {
  readonly repository: Repository;
  readonly updates: readonly RefUpdate[];
  readonly policy: HookPolicy;
}

/** Everything that has to be known before the scan; `undefined` for a push that brings nothing, because it only deletes refs. */
async function prepare(host: HookHost, signal: AbortSignal): Promise<Push | undefined> {
  const { env, cwd } = host;
  const input = await host.readInput();
  const objectFormat = formatOf(input);
  const updates = parseRefUpdates(input, objectFormat).map((update) => ({ ...update, ref: bytesToText(Buffer.from(update.ref, 'latin1')) }));
  if (updates.every(({ newOid }) => newOid === undefined)) return undefined;
  const repository = await openHookRepository({ env, cwd, signal });
  if (repository.objectFormat !== objectFormat) {
    throw new LeakgateError('HOOK_INPUT', `the hook's input has ids of ${objectFormat}, and the repository uses ${repository.objectFormat}`);
  }
  return { repository, updates, policy: await loadHookPolicy(repository, { env, signal }) };
}

async function answer({ repository, updates, policy }: Push, host: HookHost): Promise<HookExit> {
  const settings = policy.policy.settings.hook;
  const bypass = findBypass(readPushOptions(host.env));
  const { verdict, redact } = await scanPush({ repository, updates, policy }, host);
  const pusher = describePusher(host.env);
  const decision = await settlePush(verdict, { gitDir: repository.gitDir, updates, pusher, bypass, now: new Date(), redact }, settings);
  return { code: decision.code, message: pushMessage(decision, settings) };
}

/** By the length of the first id, so that a push which only deletes needs no repository; parsing holds every line to it. */
function formatOf(input: string): ObjectFormat {
  return input.indexOf(' ') === 64 ? 'sha256' : 'sha1';
}
