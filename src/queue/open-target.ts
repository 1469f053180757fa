/** From a row of the register to a repository that can be read: a path on this machine, or a mirror that is brought up to date first. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { updateMirror } from '../git/mirror.ts';
import { defaultBranch, listRefs } from '../git/refs.ts';
import { openRepository, type Repository } from '../git/repository.ts';
import { LeakgateError } from '../model/errors.ts';
import { syncBranches } from '../store/branches.ts';
import type { Db } from '../store/open-store.ts';
import { noteHead } from '../store/repositories.ts';
import type { RepositoryRow } from '../store/schema.ts';
import { readSetting } from '../store/settings.ts';
import { createLocks } from './locks.ts';

export interface OpenTarget {
  /**
   * Opens the repository and notes its branches, and which is the default one, in the store.
   *
   * @param freshAt a mirror that was brought up to date since this instant is good enough
   */
  open(row: RepositoryRow, freshAt: number, signal?: AbortSignal): Promise<Repository>;
  /** Notes the branches as somebody wants to see them now: of a mirror as they were a minute ago, and without waiting long for a network. */
  look(row: RepositoryRow): Promise<void>;
}

export interface OpenTargetDeps {
  readonly db: Db;
  readonly dataDir: string;
  readonly allowFileUrls: boolean;
  /** Ends whatever comes with no signal of its own. */
  readonly signal?: AbortSignal;
  now(): number;
}

const HEADS = 'refs/heads/';
/** A mirror that was fetched within this time is shown as it is. */
const RECENT_MS = 60_000;
const PATIENCE_MS = 20_000;

export function createOpenTarget({ db, dataDir, allowFileUrls, now, signal: ending }: OpenTargetDeps): OpenTarget {
  // Two branches of one repository must not fetch into the same mirror, nor tell the store of its branches at once.
  const locks = createLocks<number>();
  const fetched = new Map<number, number>();

  async function mirrorOf(row: RepositoryRow, url: string, freshAt: number, signal?: AbortSignal): Promise<string> {
    const path = mirrorPath(dataDir, row.id);
    if ((fetched.get(row.id) ?? -1) >= freshAt) return path;
    const at = now();
    const publicOnly = !(await readSetting(db, 'allowPrivateTargets'));
    await updateMirror(url, path, { allowFile: allowFileUrls, publicOnly, signal });
    fetched.set(row.id, at);
    return path;
  }

  const open: OpenTarget['open'] = (row, freshAt, signal = ending) =>
    locks.run(row.id, async () => {
      const path = row.path ?? (row.cloneUrl === null ? undefined : await mirrorOf(row, row.cloneUrl, freshAt, signal));
      if (path === undefined)
        throw new LeakgateError('TARGET_INVALID', `repository ${row.slug} has neither a path nor a clone URL`);
      const repository = await openRepository(path, { registered: true, signal });
      const refs = await listRefs(repository, { prefix: HEADS, signal });
      await noteHead(db, row, await defaultBranch(repository, { signal }));
      await syncBranches(db, row.id, refs);
      return repository;
    });
  return {
    open,
    async look(row) {
      const first = row.cloneUrl !== null && !existsSync(mirrorPath(dataDir, row.id));
      await open(row, now() - RECENT_MS, first ? undefined : AbortSignal.timeout(PATIENCE_MS));
    },
  };
}

/** Where the mirror of a repository lies. */
export function mirrorPath(dataDir: string, repositoryId: number): string {
  return join(dataDir, 'mirrors', `${repositoryId}.git`);
}
