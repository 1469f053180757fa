/**
 * The policy of a push, ready to scan with: by the server's snapshot where there is one, else by the files of the scopes. Whatever has to be
 * compiled is cached. Policy comes from the server's side and from the default branch as it was before the push; nothing that is being pushed
 * has a say.
 */
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import type { HookRepository } from '../git/repository.ts';
import { loadFingerprintKey } from '../keyring/fingerprint-key.ts';
import type { Policy } from '../model/policy.ts';
import { findPolicySources, type ContentConfig, type PolicyTarget } from '../policy/policy-sources.ts';
import { readPolicySources, type PolicyTexts } from '../policy/read-sources.ts';
import { policySourcesDigest } from '../policy/sources-digest.ts';
import { builtinRulesFolder } from '../rules/builtin-folder.ts';
import { stampBuiltinRules } from './builtin-stamp.ts';
import { readContentConfig, readContents, readSoteriConfig } from './content-config.ts';
import { openPolicyCache, policyCachePath } from './policy-cache.ts';
import { readPolicySnapshot } from './policy-snapshot.ts';
import { loadSnapshotPolicy } from './snapshot-policy.ts';

export interface HookPolicy {
  /** Without what a scan does not look at: texts about rules, their examples, and the decisions that `explain` shows. */
  readonly policy: Policy;
  readonly ruleset: CompiledRuleset;
  readonly fingerprintKey: Uint8Array;
  /** Of the server's snapshot, when it is one that the push goes by. */
  readonly generation?: number;
  /** Whether every push goes on record, for a server to take in. */
  readonly spool: boolean;
}

/** A repository whose git has been asked, and may not have answered yet. */
export interface OpeningRepository {
  readonly gitDir: string;
  readonly opened: Promise<HookRepository>;
}

export interface HookPolicyOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** The file whose code the cache is for, when that is not this one: an installation fills the cache for the bundle. */
  readonly code?: string;
}

export async function loadHookPolicy(opening: OpeningRepository, options: HookPolicyOptions): Promise<HookPolicy> {
  const snapshot = readPolicySnapshot(opening.gitDir);
  return snapshot === undefined ? loadFilesPolicy(opening, options) : loadSnapshotPolicy(snapshot, opening, options);
}

/** By the files of the scopes. They and the cache are read while git is still thinking, as if it had said what it mostly says: a bare repository. */
async function loadFilesPolicy(
  { gitDir, opened }: OpeningRepository,
  { env, signal, code }: HookPolicyOptions,
): Promise<HookPolicy> {
  const folder = builtinRulesFolder();
  const reading = Promise.all([
    opened,
    opened.then((repository) => contentOf(repository, signal)),
    loadFingerprintKey({ env }),
  ]);
  reading.catch(() => {}); // awaited below, after what can throw before
  const digest = stampBuiltinRules(folder, code);
  const read = async (repository: NonNullable<PolicyTarget['repository']>): Promise<PolicyTexts> =>
    readPolicySources(await findPolicySources({ repository, env, builtin: { rules: [], allowlists: [], digest } }));
  const asBare = read({ gitDir, bare: true });
  asBare.catch(() => {});
  const early = openPolicyCache(policyCachePath(gitDir));
  const [repository, content, fingerprintKey] = await reading;
  const files = await (repository.bare ? asBare : read(repository));
  const texts = await withContents(files, content, () => readSoteriConfig(repository, signal));
  const cache = { path: policyCachePath(gitDir), key: policySourcesDigest(texts) };
  const cached = early.under(cache.key);
  if (cached !== undefined) return { ...cached, fingerprintKey, spool: false };
  const { compileHookPolicy } = await import('./compile-policy.ts');
  return { ...(await compileHookPolicy(texts, folder, cache)), fingerprintKey, spool: false };
}

/** `.leakgate.yml`, when git has not said that there is none. */
async function contentOf(
  repository: HookRepository,
  signal: AbortSignal | undefined,
): Promise<ContentConfig | undefined> {
  return repository.found === 'nothing' ? undefined : readContentConfig(repository, signal);
}

/** Adds what the content says. `soteri-security.yml` is asked for only where a file of an operator speaks of it: it costs each push two gits. */
async function withContents(
  texts: PolicyTexts,
  content: ContentConfig | undefined,
  readSoteri: () => Promise<ContentConfig | undefined>,
): Promise<PolicyTexts> {
  const wanted = texts.files.some(({ bytes }) => Buffer.from(bytes).includes('soteriYml'));
  const soteri = wanted ? await readSoteri() : undefined;
  return { ...texts, ...(await readContents({ content, soteri })) };
}
