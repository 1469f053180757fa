/** Repositories that nobody has looked at yet: what a server asks, because a command may register one beside it. */
import type { Db } from './open-store.ts';
import type { RepositoryRow } from './schema.ts';

/** Those with a higher id than `id`, in the order of their ids. */
export function repositoriesAfter(db: Db, id: number): Promise<readonly RepositoryRow[]> {
  return db.selectFrom('repositories').selectAll().where('id', '>', id).orderBy('id').execute();
}

/** Those of which no branch is noted and no scan was ever asked for. Empty ones stay among them. */
export function repositoriesNotLookedAt(db: Db): Promise<readonly RepositoryRow[]> {
  return db
    .selectFrom('repositories')
    .selectAll()
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(selectFrom('branches').select('branches.id').whereRef('branches.repositoryId', '=', 'repositories.id')),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('scans').select('scans.id').whereRef('scans.repositoryId', '=', 'repositories.id'))),
    )
    .orderBy('id')
    .execute();
}
