/** A store, a register of real repositories and scan queues over them. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileRuleset } from '../../src/detect/compile-ruleset.ts';
import { loadKeyRing, type KeyRing } from '../../src/keyring/key-ring.ts';
import type { Policy } from '../../src/model/policy.ts';
import { createScanQueue, type ScanQueue, type ScanQueueDeps } from '../../src/queue/scan-queue.ts';
import { branchFindings } from '../../src/store/complete-scan.ts';
import { openStore, type Store } from '../../src/store/open-store.ts';
import { createProject } from '../../src/store/projects.ts';
import { createRepository } from '../../src/store/repositories.ts';
import type { RepositoryRow } from '../../src/store/schema.ts';
import { testPolicy } from './scan-repo.ts';
import { createTempFolder, type TempRepo } from './temp-repo.ts';

export const FINGERPRINT_KEY = new Uint8Array(32).fill(7);
export const MAIN = 'refs/heads/main';

/** What is in force; tests change it. */
export interface PolicyInForce {
  policy: Policy;
  digest: string;
  exempt?: boolean;
}

export interface QueueFixture {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly dataDir: string;
  readonly inForce: PolicyInForce;
  /** Registers a repository by its path, or by an address. */
  register(slug: string, place: TempRepo | { readonly cloneUrl: string }): Promise<RepositoryRow>;
  /** A queue that has not been started. */
  queue(deps?: Partial<ScanQueueDeps>): ScanQueue;
  /** Scans a branch to the end of the scan, with a queue of its own. */
  scan(repository: RepositoryRow, options?: { readonly ref?: string; readonly full?: boolean }): Promise<void>;
  /** What is known of a branch, `path rule state[ historical]`, sorted. */
  known(repository: RepositoryRow, ref?: string): Promise<string[]>;
  close(): Promise<void>;
}

export async function createQueueFixture(
  place: { readonly dataDir?: string; readonly store?: Store } = {},
): Promise<QueueFixture> {
  const dataDir = place.dataDir ?? createTempFolder('leakgate-queue-');
  const store = place.store ?? (await openStore({ sqlite: join(dataDir, 'leakgate.db') }));
  const keys = await loadKeyRing(join(dataDir, 'keys.json'));
  const inForce: PolicyInForce = { policy: testPolicy(), digest: 'rules-1' };
  const compiled = new Map<Policy['rules'], ReturnType<typeof compileRuleset>>();
  const queues: ScanQueue[] = [];
  let projectId: number | undefined;

  function queue(deps: Partial<ScanQueueDeps> = {}): ScanQueue {
    const made = createScanQueue({
      store,
      keys,
      fingerprintKey: FINGERPRINT_KEY,
      dataDir,
      policyOf: () => {
        const { policy } = inForce;
        const ruleset = compiled.get(policy.rules) ?? compileRuleset(policy.rules);
        compiled.set(policy.rules, ruleset);
        return Promise.resolve({ ...inForce, ruleset });
      },
      now: Date.now,
      log: { info() {}, warn() {}, error() {} },
      allowFileUrls: true,
      retryDelayMs: 10,
      // Starting threads takes longer than these scans.
      workers: 0,
      ...deps,
    });
    queues.push(made);
    return made;
  }

  return {
    store,
    keys,
    dataDir,
    inForce,
    queue,
    async register(slug, at) {
      projectId ??= (await createProject(store.db, { key: 'PRJ', created: 1 })).id;
      const where = 'cloneUrl' in at ? { cloneUrl: at.cloneUrl } : { path: at.path };
      return createRepository(store.db, { projectId, name: slug, slug, ...where, created: 1 });
    },
    async scan(repository, { ref = MAIN, full = false } = {}) {
      const once = queue();
      await once.schedule({ repositoryId: repository.id, ref, trigger: 'request', requestedBy: 'ann', full });
      await once.start();
      await untilIdle(once);
      await once.close();
    },
    async known(repository, ref = MAIN) {
      const rows = await branchFindings(store.db, repository.id, ref);
      return rows
        .map(
          ({ path, ruleId, state, historical }) => `${path} ${ruleId} ${state}${historical === 1 ? ' historical' : ''}`,
        )
        .sort();
    },
    async close() {
      for (const made of queues) await made.close();
      if (place.store === undefined) await store.close();
    },
  };
}

/** Waits until nothing waits or runs. */
export async function untilIdle(queue: ScanQueue): Promise<void> {
  for (;;) {
    const { queued, running } = await queue.stats();
    if (queued + running === 0) return;
    await sleep(10);
  }
}
