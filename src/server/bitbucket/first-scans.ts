import type { FastifyRequest } from 'fastify';
import type { RepositoryRow } from '../../store/schema.ts';
import { readSetting } from '../../store/settings.ts';
import { actorOf } from '../actor.ts';
import type { ServerContext } from '../server-context.ts';

/** Behind what anybody waits for. */
const PRIORITY = -1;

export interface FirstScans {
  /** Notes the branches of a new repository and scans them, when the setting says so. Whoever registered it need not wait for that. */
  start(repository: RepositoryRow, request: Pick<FastifyRequest, 'caller'>): void;
  /** Nothing is under way any more. */
  settled(): Promise<void>;
}

/** Scans of repositories that were just registered. */
export function createFirstScans({ store: { db }, queue, log }: ServerContext): FirstScans {
  const underWay = new Set<Promise<void>>();
  const scan = async ({ id }: RepositoryRow, requestedBy: string): Promise<void> => {
    if (!(await readSetting(db, 'scanNewRepositories'))) return queue.syncRefs(id);
    await queue.scheduleRepository({ repositoryId: id, trigger: 'settings', requestedBy, priority: PRIORITY });
  };
  return {
    start(repository, request) {
      const work = scan(repository, actorOf(request)).catch((err: unknown) =>
        log.warn({ err, repositoryId: repository.id }, 'a new repository could not be scanned yet'),
      );
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    },
    settled: async () => void (await Promise.all(underWay)),
  };
}
