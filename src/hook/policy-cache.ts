import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import { deserialiseRuleset, serialiseRuleset } from '../detect/ruleset-cache.ts';
import type { Policy } from '../model/policy.ts';
import { writeFileAtomic } from '../util/write-atomic.ts';

export interface PolicyCache {
  readonly path: string;
  /** Digest of all that the policy is made of, the version of Leakgate included. */
  readonly key: string;
}

/** One file per repository, replaced when its policy changes. */
export function policyCachePath(gitDir: string): string {
  return join(gitDir, 'leakgate', 'policy.cache');
}

/** What was cached under this key; `undefined` when there is nothing, or nothing that can be relied on. One read of known size: it is megabytes. */
export function readPolicyCache({ path, key }: PolicyCache): { policy: Policy; ruleset: CompiledRuleset } | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { uid, mode, size } = fstatSync(file);
      // Whoever can write this file can switch rules off.
      if ((uid !== 0 && uid !== process.geteuid?.()) || (mode & 0o022) !== 0) return undefined;
      const bytes = Buffer.allocUnsafeSlow(size);
      if (readSync(file, bytes) !== size) return undefined;
      const found = deserialiseRuleset(key, bytes);
      if (found === undefined) return undefined;
      const { ruleset } = found;
      return { ruleset, policy: { ...(found.extra as Omit<Policy, 'rules'>), rules: ruleset.rules } };
    } finally {
      closeSync(file);
    }
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
