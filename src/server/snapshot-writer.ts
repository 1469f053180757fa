/** Writes the snapshots that hooks go by, and leaves alone what would not change: a change for all repositories may be none for most. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { policySnapshotPath, writePolicySnapshot, type SharedRuleset } from '../hook/policy-snapshot.ts';
import type { Policy } from '../model/policy.ts';

export interface SnapshotContent extends SharedRuleset {
  readonly policy: Policy;
}

export interface SnapshotWriter {
  /** In force for the next push when it returns. */
  write(gitDir: string, content: SnapshotContent): Promise<void>;
}

export function createSnapshotWriter(options: {
  readonly fingerprintKeyFile: string;
  readonly now: () => number;
}): SnapshotWriter {
  const { fingerprintKeyFile, now } = options;
  const written = new Map<string, { readonly digest: string; readonly place: string }>();
  let generation = 0;
  return {
    async write(gitDir, { policy, rulesetFile, rulesDigest }) {
      const { rules: _rules, decisions: _decisions, ...rest } = policy;
      const digest = createHash('sha256')
        .update(JSON.stringify([rest, rulesetFile, rulesDigest]))
        .digest('hex');
      const last = written.get(gitDir);
      // Somebody may have replaced or removed it since.
      if (last?.digest === digest && last.place === (await placeOf(gitDir))) return;
      generation = Math.max(generation + 1, now());
      await writePolicySnapshot(gitDir, {
        generation,
        written: new Date(now()).toISOString(),
        rulesetFile,
        rulesDigest,
        policy: rest,
        contentAllowed: true,
        fingerprintKeyFile,
        spool: true,
      });
      written.set(gitDir, { digest, place: await placeOf(gitDir) });
    },
  };
}

async function placeOf(gitDir: string): Promise<string> {
  const stats = await stat(policySnapshotPath(gitDir)).catch(() => undefined);
  return stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}
