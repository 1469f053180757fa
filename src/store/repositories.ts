/** Repositories: a path on this machine, or an address of which the server keeps a mirror. */
import { isAbsolute, normalize } from 'node:path';
import type { Updateable } from 'kysely';
import { LeakgateError } from '../model/errors.ts';
import { deleteScope } from './delete-scope.ts';
import { inTransaction } from './in-transaction.ts';
import { checkSlug, checkTitle, slugOf } from './names.ts';
import type { Db } from './open-store.ts';
import type { RepositoryRow, RepositoryTable } from './schema.ts';
import { contains, lower } from './slice.ts';
import type { Slice } from './slice.ts';
import { orTaken } from './taken.ts';
import { visibleRepositories } from './visibility.ts';
import type { Viewer } from './visibility.ts';

export interface NewRepository {
  readonly projectId: number;
  readonly name: string;
  /** Default: made of the name. */
  readonly slug?: string;
  readonly description?: string | null;
  /** Either of these two. The path is absolute. */
  readonly path?: string | null;
  readonly cloneUrl?: string | null;
  /** `refs/heads/main`; absent: what HEAD says. */
  readonly defaultBranch?: string | null;
  readonly isPublic?: boolean;
  readonly created: number;
}

export interface RepositoryFilter {
  readonly projectId?: number;
  /** Part of the name. */
  readonly name?: string;
  /** Whoever asks; absent: everything. */
  readonly visibleTo?: Viewer;
}

/** @throws LeakgateError `VALUE_INVALID` or `NAME_TAKEN` */
export async function createRepository(db: Db, repository: NewRepository): Promise<RepositoryRow> {
  const { projectId, description = null, defaultBranch = null, isPublic = false, created } = repository;
  const name = checkTitle('the name of a repository', repository.name);
  const slug = checkSlug(repository.slug ?? slugOf(name));
  const place = checkPlace(repository);
  await refuseTakenPath(db, place.path);
  return orTaken(`there is a repository ${slug} in this project already`, () =>
    db
      .insertInto('repositories')
      .values({ projectId, name, slug, description, ...place, defaultBranch, isPublic: Number(isPublic), created })
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
}

/** By its slug, capital or small. */
export async function findRepository(db: Db, projectId: number, slug: string): Promise<RepositoryRow | undefined> {
  return db
    .selectFrom('repositories')
    .selectAll()
    .where('projectId', '=', projectId)
    .where('slug', '=', lower(slug))
    .executeTakeFirst();
}

export async function findRepositoryById(db: Db, id: number): Promise<RepositoryRow | undefined> {
  return db.selectFrom('repositories').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function findRepositoryByPath(db: Db, path: string): Promise<RepositoryRow | undefined> {
  return db.selectFrom('repositories').selectAll().where('path', '=', normalize(path)).executeTakeFirst();
}

/** By name, then id. */
export async function listRepositories(
  db: Db,
  filter: RepositoryFilter,
  { start, limit }: Slice,
): Promise<readonly RepositoryRow[]> {
  const { projectId, name, visibleTo } = filter;
  return db
    .selectFrom('repositories')
    .selectAll()
    .$if(projectId !== undefined, (query) => query.where('projectId', '=', projectId as number))
    .$if(name !== undefined && name !== '', (query) =>
      query.where((eb) => contains(eb.ref('repositories.name'), name ?? '')),
    )
    .$if(visibleTo !== undefined, (query) => query.where((eb) => visibleRepositories(eb, visibleTo as Viewer)))
    .orderBy((eb) => eb.fn('lower', ['repositories.name']))
    .orderBy('id')
    .limit(limit + 1)
    .offset(start)
    .execute();
}

export type RepositoryChanges = Partial<Omit<NewRepository, 'created'>>;

/** What is absent stays. @throws LeakgateError `VALUE_INVALID` or `NAME_TAKEN` */
export async function updateRepository(
  db: Db,
  id: number,
  changes: RepositoryChanges,
): Promise<RepositoryRow | undefined> {
  const { projectId, name, slug, description, path, cloneUrl, defaultBranch, isPublic } = changes;
  const moves = path !== undefined || cloneUrl !== undefined;
  const place = moves ? checkPlace(changes) : undefined;
  if (place !== undefined) await refuseTakenPath(db, place.path, id);
  const set: Updateable<RepositoryTable> = {
    ...(projectId === undefined ? {} : { projectId }),
    ...(name === undefined ? {} : { name: checkTitle('the name of a repository', name) }),
    ...(slug === undefined ? {} : { slug: checkSlug(slug) }),
    ...(description === undefined ? {} : { description }),
    ...place,
    ...(defaultBranch === undefined ? {} : { defaultBranch }),
    ...(isPublic === undefined ? {} : { isPublic: Number(isPublic) }),
  };
  if (Object.keys(set).length === 0) return findRepositoryById(db, id);
  return orTaken(`there is a repository ${slug ?? 'of this slug'} in this project already`, () =>
    db.updateTable('repositories').set(set).where('id', '=', id).returningAll().executeTakeFirst(),
  );
}

/** Notes what HEAD of a repository says. */
export async function noteHead(db: Db, { id, head: before }: RepositoryRow, head: string | undefined): Promise<void> {
  if (before === (head ?? null)) return;
  await db
    .updateTable('repositories')
    .set({ head: head ?? null })
    .where('id', '=', id)
    .execute();
}

/** With everything that was set or found for it. The repository itself on the disk stays. */
export async function deleteRepository(db: Db, id: number): Promise<boolean> {
  return inTransaction(db, async (transaction) => {
    await deleteScope(transaction, 'REPOSITORY', id);
    const { numDeletedRows } = await transaction.deleteFrom('repositories').where('id', '=', id).executeTakeFirst();
    return numDeletedRows > 0n;
  });
}

/** Whether there is something at the path or address is asked by who adds it: this folder knows of no git. */
function checkPlace({ path, cloneUrl }: Pick<RepositoryChanges, 'path' | 'cloneUrl'>): {
  path: string | null;
  cloneUrl: string | null;
} {
  if ((path ?? null) !== null && (cloneUrl ?? null) === null) {
    if (!isAbsolute(path as string))
      throw new LeakgateError('VALUE_INVALID', `the path of a repository is absolute, got ${JSON.stringify(path)}`);
    const plain = normalize(path as string);
    return { path: plain.length > 1 ? plain.replace(/\/$/, '') : plain, cloneUrl: null };
  }
  if ((cloneUrl ?? null) !== null && (path ?? null) === null) return { path: null, cloneUrl: cloneUrl as string };
  throw new LeakgateError('VALUE_INVALID', 'a repository has either a path on this machine or a clone URL');
}

async function refuseTakenPath(db: Db, path: string | null, id?: number): Promise<void> {
  const other = path === null ? undefined : await findRepositoryByPath(db, path);
  if (other !== undefined && other.id !== id)
    throw new LeakgateError('NAME_TAKEN', `the repository at ${path} is known already, as ${other.slug}`);
}
