/**
 * Repositories that are new on the register: their hooks get the policy, their branches are noted and scanned. One that a request registers is brought
 * here by its route; those that came otherwise (`leakgate repository add`, whether the server runs or not) are looked for.
 */
import { LeakgateError } from '../model/errors.ts';
import type { ScanQueue } from '../queue/scan-queue.ts';
import { repositoriesAfter, repositoriesNotLookedAt } from '../store/new-repositories.ts';
import type { Store } from '../store/open-store.ts';
import type { RepositoryRow } from '../store/schema.ts';
import { readSetting } from '../store/settings.ts';
import { createRechecks, forEachAtOnce } from './policy-passes.ts';
import type { PolicyService } from './policy-service.ts';

export interface NewRepositoriesDeps {
  readonly store: Store;
  readonly policies: Pick<PolicyService, 'installSnapshot'>;
  readonly queue: Pick<ScanQueue, 'scheduleRepository' | 'syncRefs'>;
  readonly log: { warn(details: object, message: string): void; error(details: object, message: string): void };
  /** Seconds between two looks at the register; default 2. */
  readonly seconds?: number;
}

export interface NewRepositories {
  /** Its policy is in force for the next push when this settles; the first scan, when the setting asks for one, nobody has to wait for. */
  welcome(repository: RepositoryRow, requestedBy: string): Promise<void>;
  /** Begins to look, first for those that came while no server ran. */
  start(): Promise<void>;
  /** Nothing is under way any more. Clones are ended by the queue. */
  close(): Promise<void>;
}

/** Behind what anybody waits for. */
const PRIORITY = -1;
/** At the start there may be thousands, each of them a clone. */
const AT_ONCE = 4;
/** Of two that are registered at the same time the one with the lower id may become visible later. */
const OUT_OF_ORDER = 100;

export function createNewRepositories(deps: NewRepositoriesDeps): NewRepositories {
  const { store, policies, queue, log, seconds = 2 } = deps;
  const known = new Set<number>();
  const underWay = new Set<Promise<void>>();
  let highest = 0;
  let closed = false;

  async function firstScan({ id }: RepositoryRow, requestedBy: string): Promise<void> {
    try {
      if (await readSetting(store.db, 'scanNewRepositories'))
        await queue.scheduleRepository({ repositoryId: id, trigger: 'settings', requestedBy, priority: PRIORITY });
      else await queue.syncRefs(id);
    } catch (err) {
      if (err instanceof LeakgateError && err.code === 'SCAN_CANCELLED') return; // comes again at the next start
      log.warn({ err, repositoryId: id }, 'a new repository could not be scanned yet');
    }
  }

  function keep(work: Promise<void>): void {
    const kept = work.catch((err: unknown) => log.error({ err }, 'a new repository could not be looked after'));
    underWay.add(kept);
    void kept.finally(() => underWay.delete(kept));
  }

  function note({ id }: RepositoryRow): void {
    known.add(id);
    highest = Math.max(highest, id);
  }

  const welcome: NewRepositories['welcome'] = async (repository, requestedBy) => {
    note(repository);
    await policies.installSnapshot(repository.id);
    keep(firstScan(repository, requestedBy));
  };

  async function look(): Promise<void> {
    for (const row of await repositoriesAfter(store.db, highest - OUT_OF_ORDER))
      if (!known.has(row.id)) keep(welcome(row, 'system'));
  }

  const looks = createRechecks(look, {
    seconds: async () => seconds,
    onError: (err) => log.error({ err }, 'the register could not be looked at'),
  });

  return {
    welcome,
    async start() {
      for (const row of await repositoriesAfter(store.db, 0)) note(row);
      const waiting = await repositoriesNotLookedAt(store.db);
      keep(
        forEachAtOnce(waiting, AT_ONCE, async (row) => {
          if (closed) return;
          // Registered while this server started, maybe, when policies had gone out.
          await policies.installSnapshot(row.id);
          await firstScan(row, 'system');
        }),
      );
      looks.start();
    },
    async close() {
      closed = true;
      await looks.stop();
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
