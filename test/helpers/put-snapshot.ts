/** Puts a repository's hook under a server's policy, as the server itself does it; of few rules, which compile in no time. */
import { join } from 'node:path';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { writePolicySnapshot, writeSharedRuleset } from '../../src/hook/policy-snapshot.ts';
import type { PolicySnapshot } from '../../src/hook/policy-snapshot.ts';
import { slimRules } from '../../src/hook/slim-rules.ts';
import { loadFingerprintKey } from '../../src/keyring/fingerprint-key.ts';
import { DEFAULT_SETTINGS } from '../../src/model/policy.ts';
import type { HookSettings, Policy, Settings } from '../../src/model/policy.ts';
import { hookBundle } from './hooked-server.ts';
import { makePolicy } from './make-policy.ts';
import { makeRule } from './make-rule.ts';
import { createTempFolder } from './temp-repo.ts';
import type { TempRepo } from './temp-repo.ts';

/** The one rule that a snapshot has unless a test says more. */
export const ACME_RULE = makeRule({
  id: 'acme-token',
  name: 'Acme token',
  pattern: '\\bacme_[0-9a-f]{16}\\b',
  origin: { scope: 'global', file: 'server', line: 1, column: 1 },
});

/** A secret for that rule; the seed decides. */
export function acmeToken(seed: number): string {
  return `acme_${(seed * 7919 + 0xabcdef).toString(16).padStart(16, '5')}`;
}

export interface SnapshotKeys extends Partial<Omit<PolicySnapshot, 'policy'>> {
  readonly policy?: Partial<Policy>;
  readonly hook?: Partial<HookSettings>;
  readonly content?: Partial<Settings['content']>;
  /** File whose code the tables are for: by default the hook that tests install. */
  readonly code?: string;
}

/** Puts a snapshot in force; returns the installation's fingerprint key. */
export async function putSnapshot(server: TempRepo, keys: SnapshotKeys = {}): Promise<Uint8Array> {
  const { policy: parts, hook, content, code = join(await hookBundle(), 'hook-main.cjs'), ...rest } = keys;
  const settings = {
    ...DEFAULT_SETTINGS,
    content: { ...DEFAULT_SETTINGS.content, ...content },
    hook: { ...DEFAULT_SETTINGS.hook, ...hook },
  };
  const policy = makePolicy({ rules: [ACME_RULE], settings, ...parts });
  const folder = createTempFolder();
  const fingerprintKeyFile = join(folder, 'key');
  const key = await loadFingerprintKey({ env: { LEAKGATE_KEY_FILE: fingerprintKeyFile } });
  const shared = await writeSharedRuleset(folder, policy.rules, compileRuleset(slimRules(policy.rules)), code);
  await writePolicySnapshot(server.gitDir, {
    generation: 1,
    written: '2026-11-22T08:00:00.000Z',
    ...shared,
    policy,
    contentAllowed: true,
    fingerprintKeyFile,
    spool: false,
    ...rest,
  });
  return key;
}
