/** From a row of the register to a repository that can be read: a path on this machine, or a mirror that is brought up to date first. */
import { join } from 'node:path';
import { updateMirror } from '../git/mirror.ts';
import { listRefs } from '../git/refs.ts';
import { openRepository, type Repository } from '../git/repository.ts';
import { LeakgateError } from '../model/errors.ts';
import { syncBranches } from '../store/branches.ts';
import type { Db } from '../store/open-store.ts';
import type { RepositoryRow } from '../store/schema.ts';
import { createLocks } from './locks.ts';

export interface OpenTarget {
  /**
   * Opens the repository and notes its branches in the store.
   *
   * @param freshAt a mirror that was brought up to date since this instant is good enough
   */
  open(row: RepositoryRow, freshAt: number, signal?: AbortSignal): Promise<Repository>;
}

export interface OpenTargetDeps {
  readonly db: Db;
  readonly dataDir: string;
  readonly allowFileUrls: boolean;
  now(): number;
}

const HEADS = 'refs/heads/';

export function createOpenTarget({ db, dataDir, allowFileUrls, now }: OpenTargetDeps): OpenTarget {
  // Two branches of one repository must not fetch into the same mirror, nor tell the store of its branches at once.
  const locks = createLocks<number>();
  const fetched = new Map<number, number>();

  async function mirrorOf(row: RepositoryRow, url: string, freshAt: number, signal?: AbortSignal): Promise<string> {
    const path = mirrorPath(dataDir, row.id);
    if ((fetched.get(row.id) ?? -1) >= freshAt) return path;
    const at = now();
    await updateMirror(url, path, { allowFile: allowFileUrls, signal });
    fetched.set(row.id, at);
    return path;
  }

  return {
    open: (row, freshAt, signal) =>
      locks.run(row.id, async () => {
        const path =
          row.path ?? (row.cloneUrl === null ? undefined : await mirrorOf(row, row.cloneUrl, freshAt, signal));
        if (path === undefined)
          throw new LeakgateError('TARGET_INVALID', `repository ${row.slug} has neither a path nor a clone URL`);
        const repository = await openRepository(path, { registered: true, signal });
        const refs = await listRefs(repository, { prefix: HEADS, signal });
        await syncBranches(db, row.id, refs);
        return repository;
      }),
  };
}

/** Where the mirror of a repository lies. */
export function mirrorPath(dataDir: string, repositoryId: number): string {
  return join(dataDir, 'mirrors', `${repositoryId}.git`);
}
