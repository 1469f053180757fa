import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import { deserialiseRuleset, serialiseRuleset } from '../detect/ruleset-cache.ts';
import type { Policy } from '../model/policy.ts';
import { writeFileAtomic } from '../util/write-atomic.ts';
import { readTrustedFile } from './trusted-file.ts';

export interface PolicyCache {
  readonly path: string;
  /** Digest of all that the policy is made of, the version of Leakgate included. */
  readonly key: string;
}

/** One file per repository, replaced when its policy changes. */
export function policyCachePath(gitDir: string): string {
  return join(gitDir, 'leakgate', 'policy.cache');
}

/** What was cached under this key; `undefined` when there is nothing, or nothing that can be relied on. */
export function readPolicyCache({
  path,
  key,
}: PolicyCache): { readonly policy: Policy; readonly ruleset: CompiledRuleset } | undefined {
  try {
    const found = deserialiseRuleset(key, readTrustedFile(path));
    if (found === undefined) return undefined;
    const { ruleset } = found;
    return { ruleset, policy: { ...(found.extra as Omit<Policy, 'rules'>), rules: ruleset.rules } };
  } catch {
    return undefined;
  }
}

/** Best effort: a folder that cannot be written costs every push the time to compile, and no push its answer. */
export async function writePolicyCache(
  { path, key }: PolicyCache,
  policy: Policy,
  ruleset: CompiledRuleset,
): Promise<void> {
  const { rules: _inRuleset, ...rest } = policy;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFileAtomic(path, serialiseRuleset(key, ruleset, rest), { mode: 0o600, sync: false });
  } catch {
    // Said above.
  }
}
