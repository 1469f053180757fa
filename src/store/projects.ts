/** Projects: what repositories, rules and permissions are gathered under. A personal project has its owner's slug behind a `~`. */
import type { Updateable } from 'kysely';
import { LeakgateError } from '../model/errors.ts';
import { deleteScope } from './delete-scope.ts';
import { inTransaction } from './in-transaction.ts';
import { checkProjectKey, checkTitle } from './names.ts';
import type { Db } from './open-store.ts';
import type { ProjectRow, ProjectTable } from './schema.ts';
import { contains, lower } from './slice.ts';
import type { Slice } from './slice.ts';
import { orTaken } from './taken.ts';
import { visibleProjects } from './visibility.ts';
import type { Viewer } from './visibility.ts';

export interface NewProject {
  readonly key: string;
  /** Default: the key. */
  readonly name?: string;
  readonly description?: string | null;
  readonly isPublic?: boolean;
  /** Of a personal project: see personal-projects.ts. */
  readonly ownerId?: number | null;
  readonly created: number;
}

export interface ProjectFilter {
  /** Part of the name. */
  readonly name?: string;
  /** Whoever asks; absent: everything. */
  readonly visibleTo?: Viewer;
  /** Only personal projects, or only the others. */
  readonly personal?: boolean;
}

/** @throws LeakgateError `VALUE_INVALID` or `NAME_TAKEN` */
export async function createProject(db: Db, project: NewProject): Promise<ProjectRow> {
  const { key, name = key, description = null, isPublic = false, ownerId = null, created } = project;
  if (ownerId === null) checkTeamKey(key);
  else checkProjectKey(key);
  return orTaken(`there is a project with the key ${key} already`, () =>
    db
      .insertInto('projects')
      .values({
        key,
        lookupKey: lower(key),
        name: checkTitle('the name of a project', name),
        description,
        ownerId,
        isPublic: Number(isPublic),
        created,
      })
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
}

/** By its key, capital or small. */
export async function findProjectByKey(db: Db, key: string): Promise<ProjectRow | undefined> {
  return db.selectFrom('projects').selectAll().where('lookupKey', '=', lower(key)).executeTakeFirst();
}

export async function findProject(db: Db, id: number): Promise<ProjectRow | undefined> {
  return db.selectFrom('projects').selectAll().where('id', '=', id).executeTakeFirst();
}

/** By name, then id. */
export async function listProjects(
  db: Db,
  filter: ProjectFilter,
  { start, limit }: Slice,
): Promise<readonly ProjectRow[]> {
  const { name, visibleTo, personal } = filter;
  return db
    .selectFrom('projects')
    .selectAll()
    .$if(name !== undefined && name !== '', (query) =>
      query.where((eb) => contains(eb.ref('projects.name'), name ?? '')),
    )
    .$if(personal !== undefined, (query) => query.where('ownerId', personal === true ? 'is not' : 'is', null))
    .$if(visibleTo !== undefined, (query) => query.where((eb) => visibleProjects(eb, visibleTo as Viewer)))
    .orderBy((eb) => eb.fn('lower', ['projects.name']))
    .orderBy('id')
    .limit(limit + 1)
    .offset(start)
    .execute();
}

export type ProjectChanges = Partial<Pick<NewProject, 'key' | 'name' | 'description' | 'isPublic'>>;

/** What is absent stays. @throws LeakgateError `VALUE_INVALID` or `NAME_TAKEN` */
export async function updateProject(db: Db, id: number, changes: ProjectChanges): Promise<ProjectRow | undefined> {
  const { key, name, description, isPublic } = changes;
  const set: Updateable<ProjectTable> = {
    ...(key === undefined ? {} : { key: checkTeamKey(key), lookupKey: lower(key) }),
    ...(name === undefined ? {} : { name: checkTitle('the name of a project', name) }),
    ...(description === undefined ? {} : { description }),
    ...(isPublic === undefined ? {} : { isPublic: Number(isPublic) }),
  };
  if (Object.keys(set).length === 0) return findProject(db, id);
  return orTaken(`there is a project with the key ${key} already`, () =>
    db.updateTable('projects').set(set).where('id', '=', id).returningAll().executeTakeFirst(),
  );
}

/** With its repositories and everything that was set or found for them. */
export async function deleteProject(db: Db, id: number): Promise<boolean> {
  return inTransaction(db, async (transaction) => {
    const repositories = await transaction
      .selectFrom('repositories')
      .select('id')
      .where('projectId', '=', id)
      .execute();
    for (const repository of repositories) await deleteScope(transaction, 'REPOSITORY', repository.id);
    await deleteScope(transaction, 'PROJECT', id);
    const { numDeletedRows } = await transaction.deleteFrom('projects').where('id', '=', id).executeTakeFirst();
    return numDeletedRows > 0n;
  });
}

/** A key that somebody chose. */
function checkTeamKey(key: string): string {
  if (key.startsWith('~'))
    throw new LeakgateError(
      'VALUE_INVALID',
      'a key that begins with "~" is that of a personal project, which comes with its owner',
    );
  return checkProjectKey(key);
}
