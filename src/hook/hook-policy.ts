/**
 * The policy of a push, ready to scan with: from the cache when nothing it was made of has changed, else loaded, compiled and cached. Policy
 * comes from the server's files and from the default branch as it was before the push; nothing that is being pushed has a say.
 */
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import type { HookRepository } from '../git/repository.ts';
import { loadFingerprintKey } from '../keyring/fingerprint-key.ts';
import type { Policy } from '../model/policy.ts';
import { findPolicySources } from '../policy/policy-sources.ts';
import { readPolicySources } from '../policy/read-sources.ts';
import { policySourcesDigest } from '../policy/sources-digest.ts';
import { builtinRulesFolder } from '../rules/builtin-folder.ts';
import { stampBuiltinRules } from './builtin-stamp.ts';
import { readContentConfig } from './content-config.ts';
import { policyCachePath, readPolicyCache } from './policy-cache.ts';

export interface HookPolicy {
  /** Without what a scan does not look at: texts about rules, their examples, and the decisions that `explain` shows. */
  readonly policy: Policy;
  readonly ruleset: CompiledRuleset;
  readonly fingerprintKey: Uint8Array;
}

export interface HookPolicyOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** The file whose code the cache is for, when that is not this one: an installation fills the cache for the bundle. */
  readonly code?: string;
}

export async function loadHookPolicy(
  opened: Promise<HookRepository>,
  { env, signal, code }: HookPolicyOptions,
): Promise<HookPolicy> {
  const folder = builtinRulesFolder();
  const reading = Promise.all([
    opened,
    opened.then((repository) => readContent(repository, signal)),
    loadFingerprintKey({ env }),
  ]);
  const stamp = stampBuiltinRules(folder, code);
  const [repository, content, fingerprintKey] = await reading;
  const sources = await findPolicySources({
    repository,
    env,
    builtin: { rules: [], allowlists: [], digest: stamp },
    ...(content === undefined ? {} : { content }),
  });
  const texts = await readPolicySources(sources);
  const cache = { path: policyCachePath(repository.gitDir), key: policySourcesDigest(texts) };
  const cached = readPolicyCache(cache);
  if (cached !== undefined) return { ...cached, fingerprintKey };
  const { compileHookPolicy } = await import('./compile-policy.ts');
  return { ...(await compileHookPolicy(texts, folder, cache)), fingerprintKey };
}

function readContent(
  repository: HookRepository,
  signal: AbortSignal | undefined,
): ReturnType<typeof readContentConfig> {
  return repository.found === 'nothing' ? Promise.resolve(undefined) : readContentConfig(repository, signal);
}
