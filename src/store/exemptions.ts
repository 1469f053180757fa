/** Repositories that are exempt from secret scanning: the rules and allowlists of Bitbucket's interface are not used for them. */
import type { Selectable } from 'kysely';
import type { Db } from './open-store.ts';
import type { ExemptionTable, ProjectRow, RepositoryRow, Time } from './schema.ts';
import type { Slice } from './slice.ts';

export type ExemptionRow = Selectable<ExemptionTable>;

export async function findExemption(db: Db, repositoryId: number): Promise<ExemptionRow | undefined> {
  return db.selectFrom('exemptions').selectAll().where('repositoryId', '=', repositoryId).executeTakeFirst();
}

/** Exempts repositories; the result names those that were exempt already, which stay as they are. */
export async function addExemptions(
  db: Db,
  repositoryIds: readonly number[],
  scope: ExemptionRow['scope'],
  created: Time,
): Promise<readonly number[]> {
  const exempt: number[] = [];
  for (const repositoryId of repositoryIds) {
    const added = await db
      .insertInto('exemptions')
      .values({ repositoryId, scope, created })
      .onConflict((conflict) => conflict.doNothing())
      .returning('repositoryId')
      .executeTakeFirst();
    if (added === undefined) exempt.push(repositoryId);
  }
  return exempt;
}

/** Whether there was one. */
export async function removeExemption(db: Db, repositoryId: number): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('exemptions')
    .where('repositoryId', '=', repositoryId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export interface ExemptRepository {
  readonly repository: RepositoryRow;
  readonly project: ProjectRow;
  /** Of the exemption. */
  readonly scope: ExemptionRow['scope'];
}

export interface ExemptFilter {
  /** Repositories of one project. */
  readonly projectId?: number;
  readonly descending?: boolean;
}

/** By the name of the project, then of the repository. */
export async function listExemptRepositories(
  db: Db,
  { projectId, descending = false }: ExemptFilter,
  { start, limit }: Slice,
): Promise<readonly ExemptRepository[]> {
  const direction = descending ? 'desc' : 'asc';
  const found = await db
    .selectFrom('exemptions')
    .innerJoin('repositories', 'repositories.id', 'exemptions.repositoryId')
    .innerJoin('projects', 'projects.id', 'repositories.projectId')
    .select(['repositories.id', 'projects.id as projectId', 'exemptions.scope'])
    .$if(projectId !== undefined, (query) => query.where('projects.id', '=', projectId as number))
    .orderBy((eb) => eb.fn('lower', ['projects.name']), direction)
    .orderBy((eb) => eb.fn('lower', ['repositories.name']), direction)
    .orderBy('repositories.id', direction)
    .limit(limit + 1)
    .offset(start)
    .execute();
  if (found.length === 0) return [];
  const repositoryIds = found.map(({ id }) => id);
  const projectIds = [...new Set(found.map((row) => row.projectId))];
  const repositories = await db.selectFrom('repositories').selectAll().where('id', 'in', repositoryIds).execute();
  const projects = await db.selectFrom('projects').selectAll().where('id', 'in', projectIds).execute();
  return found.flatMap((row) => {
    const repository = repositories.find(({ id }) => id === row.id);
    const project = projects.find(({ id }) => id === row.projectId);
    return repository === undefined || project === undefined ? [] : [{ repository, project, scope: row.scope }];
  });
}
