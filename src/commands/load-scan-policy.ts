import { join } from 'node:path';
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import { compileOnTopOf, loadBuiltinRules } from '../hook/built-ruleset.ts';
import { stampBuiltinRules } from '../hook/builtin-stamp.ts';
import { readPolicyCache, writePolicyCache } from '../hook/policy-cache.ts';
import type { PolicyCache } from '../hook/policy-cache.ts';
import type { Policy } from '../model/policy.ts';
import { parsePolicy } from '../policy/load-policy.ts';
import { readPolicySources } from '../policy/read-sources.ts';
import type { PolicyTexts } from '../policy/read-sources.ts';
import { policySourcesDigest } from '../policy/sources-digest.ts';
import { builtinRulesFolder } from '../rules/load-rules.ts';
import { userFolders } from '../util/xdg.ts';
import type { CliContext } from './cli-context.ts';
import { policySourcesOf } from './load-policy-here.ts';
import type { ConfigFlag, PolicyPlace } from './load-policy-here.ts';
import { printWarnings } from './print-error.ts';

/** A policy and its rules, ready to scan with. */
export interface ScanPolicy {
  readonly policy: Policy;
  readonly ruleset: CompiledRuleset;
}

/**
 * The policy that applies to a place; warnings are printed. Compiling the rules takes longer than a small scan, so the last policy is
 * kept in the user's cache folder, under a digest of everything it was made of.
 */
export async function loadScanPolicy(context: CliContext, flags: ConfigFlag, place: PolicyPlace): Promise<ScanPolicy> {
  const folder = builtinRulesFolder();
  const sources = await policySourcesOf(context, flags, place);
  const builtin = { rules: [], allowlists: [], digest: stampBuiltinRules(folder) };
  const texts = await readPolicySources({ ...sources, builtin });
  const cache = { path: policyCachePath(context), key: policySourcesDigest(texts) };
  const found = readPolicyCache(cache) ?? (await compile(texts, folder, cache));
  printWarnings(context, found.policy.problems);
  return found;
}

/** Where the last policy is kept. */
export function policyCachePath(context: Pick<CliContext, 'env'>): string {
  return join(userFolders(context.env).cache, 'policy.cache');
}

async function compile(texts: PolicyTexts, folder: string, cache: PolicyCache): Promise<ScanPolicy> {
  const builtin = await loadBuiltinRules(folder);
  const policy = parsePolicy({ ...texts, builtin });
  const ruleset = compileOnTopOf(builtin, policy.rules);
  await writePolicyCache(cache, policy, ruleset);
  return { policy, ruleset };
}
