/** A thread of its own for compiling rules, which takes about a second: requests and heartbeats do not wait for it. */
import { parentPort, workerData } from 'node:worker_threads';
import { compileRuleset } from '../detect/compile-ruleset.ts';
import { serialiseRuleset } from '../detect/ruleset-cache.ts';
import type { Rule } from '../model/rule.ts';

const { rules, key } = workerData as { readonly rules: readonly Rule[]; readonly key: string };
const bytes = serialiseRuleset(key, compileRuleset(rules), {});
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- to a thread, not to a window
parentPort?.postMessage(bytes);
