/** The policy of a push by a server's snapshot, see policy-snapshot.ts. */
import { fileURLToPath } from 'node:url';
import { createHash } from 'node:crypto';
import { deserialiseRules, deserialiseRuleset } from '../detect/ruleset-cache.ts';
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import { readFingerprintKey } from '../keyring/fingerprint-key.ts';
import type { Policy } from '../model/policy.ts';
import type { Rule } from '../model/rule.ts';
import type { PolicyTexts } from '../policy/read-sources.ts';
import { policySourcesDigest } from '../policy/sources-digest.ts';
import { builtinRulesFolder } from '../rules/builtin-folder.ts';
import { stampBuiltinRules } from './builtin-stamp.ts';
import { readContentConfig, readContents, readSoteriConfig } from './content-config.ts';
import type { HookPolicy, HookPolicyOptions, OpeningRepository } from './hook-policy.ts';
import { policyCachePath, readPolicyCache } from './policy-cache.ts';
import { digestOfRules, sharedRulesetKey, unusable, type PolicySnapshot } from './policy-snapshot.ts';
import { readTrustedFile } from './trusted-file.ts';

/**
 * @throws LeakgateError when anything of it cannot be used. Nothing else is tried: the server says what is looked for here.
 */
export async function loadSnapshotPolicy(
  snapshot: PolicySnapshot,
  { gitDir, opened }: OpeningRepository,
  { signal, code = fileURLToPath(import.meta.url) }: HookPolicyOptions,
): Promise<HookPolicy> {
  const keyRead = readFingerprintKey(snapshot.fingerprintKeyFile);
  const contentsRead = opened.then((repository) => contentsOf(snapshot, repository, signal));
  for (const promise of [keyRead, contentsRead]) promise.catch(() => {}); // awaited below, after what can throw before
  const shared = readSharedRuleset(snapshot, code);
  const [contents, fingerprintKey] = await Promise.all([contentsRead, keyRead]);
  const { generation, spool } = snapshot;
  const known = { fingerprintKey, generation, spool };
  const plain = contents.content === undefined && contents.soteri === undefined;
  if (plain && shared.ruleset !== undefined) return { ...known, ...ready(snapshot, shared.ruleset) };

  const folder = builtinRulesFolder();
  const digest = stampOf(snapshot, stampBuiltinRules(folder, code));
  const key = policySourcesDigest({
    builtin: { rules: [], allowlists: [], digest },
    files: [],
    reviews: [],
    ...contents,
  });
  const cache = { path: policyCachePath(gitDir), key };
  const { reviews } = snapshot.policy;
  const cached = readPolicyCache(cache);
  if (cached !== undefined) return { ...known, ...cached, policy: { ...cached.policy, reviews } };
  const { compileSnapshotPolicy } = await import('./compile-policy.ts');
  // Reviews come and go with every decision somebody makes: they are not what is cached.
  const policy: Policy = { ...snapshot.policy, reviews: [], rules: shared.rules(), decisions: [] };
  const compiled = await compileSnapshotPolicy(policy, contents, folder, cache);
  return { ...known, ...compiled, policy: { ...compiled.policy, reviews } };
}

function ready({ policy }: PolicySnapshot, ruleset: CompiledRuleset): Pick<HookPolicy, 'policy' | 'ruleset'> {
  return { ruleset, policy: { ...policy, rules: ruleset.rules, decisions: [] } };
}

/** What has a say in the merged policy, but for the content itself. */
function stampOf({ rulesDigest, policy }: PolicySnapshot, builtin: string): string {
  return createHash('sha256')
    .update(JSON.stringify([rulesDigest, { ...policy, reviews: [] }, builtin]))
    .digest('hex');
}

interface SharedRules {
  /** As compiled by the server; absent when that is for another Leakgate than this one. */
  readonly ruleset?: CompiledRuleset;
  readonly rules: () => readonly Rule[];
}

/** @param code the hook that the tables have to be for */
export function readSharedRuleset({ rulesetFile, rulesDigest }: PolicySnapshot, code: string): SharedRules {
  const what = `the ruleset ${rulesetFile}`;
  try {
    const bytes = readTrustedFile(rulesetFile);
    const found = deserialiseRuleset(sharedRulesetKey(rulesDigest, code), bytes);
    const rules = (): readonly Rule[] => {
      const read = found?.ruleset.rules ?? deserialiseRules(bytes);
      if (read === undefined) throw unusable(what, new Error('it is damaged, or of another version of Leakgate'));
      if (found === undefined && digestOfRules(read) !== rulesDigest)
        throw unusable(what, new Error('it holds other rules than the policy snapshot says'));
      return read;
    };
    return { rules, ...(found === undefined ? {} : { ruleset: found.ruleset }) };
  } catch (error) {
    throw unusable(what, error);
  }
}

/** What the default branch says, as far as the server lets it. */
export async function contentsOf(
  { contentAllowed, policy }: PolicySnapshot,
  repository: Awaited<OpeningRepository['opened']>,
  signal: AbortSignal | undefined,
): Promise<Pick<PolicyTexts, 'content' | 'soteri'>> {
  if (!contentAllowed) return {};
  const [content, soteri] = await Promise.all([
    repository.found === 'nothing' ? undefined : readContentConfig(repository, signal),
    policy.settings.content.soteriYml ? readSoteriConfig(repository, signal) : undefined,
  ]);
  return readContents({ content, soteri });
}
