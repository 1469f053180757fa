/** A thread of its own for compiling rules, which takes about a second: requests and heartbeats do not wait for it. */
import { parentPort, workerData } from 'node:worker_threads';
import { serialiseRuleset } from '../detect/ruleset-cache.ts';
import { compileOnTopOf, loadBuiltinRules } from '../hook/built-ruleset.ts';
import type { Rule } from '../model/rule.ts';
import { builtinRulesFolder } from '../rules/builtin-folder.ts';

const { rules, key } = workerData as { readonly rules: readonly Rule[]; readonly key: string };
async function compile(): Promise<Uint8Array> {
  const builtin = await loadBuiltinRules(builtinRulesFolder());
  return serialiseRuleset(key, compileOnTopOf(builtin, rules), {});
}

// Not awaited at the top: run from its sources this is loaded by `require`. A failure ends the thread with its error.
void compile().then((bytes) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- to a thread, not to a window
  parentPort?.postMessage(bytes);
});
