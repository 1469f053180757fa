import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import { sharedDetector } from '../detect/detector.ts';
import { deserialiseAnyRuleset, isFor, serialiseRuleset } from '../detect/ruleset-cache.ts';
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

/** A cache that was read before it is known what it has to be for. */
export interface OpenedCache {
  /** What was cached under this key; `undefined` when it was another, or nothing that can be relied on. */
  under(key: string): CachedPolicy | undefined;
}

export interface CachedPolicy {
  readonly policy: Policy;
  readonly ruleset: CompiledRuleset;
}

/** Reads the cache, and makes what a scan will want of it: most of the time nothing has changed since the last push. */
export function openPolicyCache(path: string): OpenedCache {
  try {
    const bytes = readTrustedFile(path);
    const found = deserialiseAnyRuleset(bytes);
    if (found === undefined) return NOTHING;
    const { ruleset, extra } = found;
    sharedDetector(ruleset);
    const cached = { ruleset, policy: { ...(extra as Omit<Policy, 'rules'>), rules: ruleset.rules } };
    return { under: (key) => (isFor(key, bytes) ? cached : undefined) };
  } catch {
    return NOTHING;
  }
}

/** What was cached under this key; `undefined` when there is nothing, or nothing that can be relied on. */
export function readPolicyCache({ path, key }: PolicyCache): CachedPolicy | undefined {
  return openPolicyCache(path).under(key);
}

const NOTHING: OpenedCache = { under: () => undefined };

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
