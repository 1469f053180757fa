/** The three levels at which most things of our own interface are asked for: everything, one project, one repository. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { listRepositories } from '../../store/repositories.ts';
import { ALL } from '../../store/slice.ts';
import type { RepositoryRow, ScopeType } from '../../store/schema.ts';
import { findProjectByKey } from '../../store/projects.ts';
import { findRepository } from '../../store/repositories.ts';
import { HttpError, HttpErrors } from '../http-error.ts';
import type { ServerContext } from '../server-context.ts';
import type { Access } from '../access.ts';
import { ProjectParams, RepositoryParams } from '../bitbucket/shapes.ts';
import { PAGE_QUERY } from '../paging.ts';

/** Whom something is for. */
export interface Scope {
  readonly scope: ScopeType;
  readonly resourceId: number;
}

export interface Level {
  readonly scope: ScopeType;
  /** In front of the route's own path. */
  readonly path: string;
  readonly params: ReturnType<typeof Type.Object>;
}

export const LEVELS: readonly Level[] = [
  { scope: 'GLOBAL', path: '', params: Type.Object({}) },
  { scope: 'PROJECT', path: '/projects/:projectKey', params: ProjectParams },
  { scope: 'REPOSITORY', path: '/projects/:projectKey/repos/:repositorySlug', params: RepositoryParams },
];

/** What a route needs at each level. */
export type AccessByLevel = Readonly<Record<ScopeType, Access>>;

/** For whoever looks after what is found. */
export const LOOKS_AFTER: AccessByLevel = { GLOBAL: 'ADMIN', PROJECT: 'PROJECT_ADMIN', REPOSITORY: 'REPO_WRITE' };
/** For whoever runs the place. */
export const ADMINISTERS: AccessByLevel = { GLOBAL: 'ADMIN', PROJECT: 'PROJECT_ADMIN', REPOSITORY: 'REPO_ADMIN' };

type Placed = Pick<FastifyRequest, 'project' | 'repository'>;

/** The scope that a request at a level is about. */
export function scopeOf({ scope }: Level, request: Placed): Scope {
  if (scope === 'GLOBAL') return { scope, resourceId: 0 };
  return { scope, resourceId: scope === 'PROJECT' ? request.project.id : request.repository.id };
}

/** Query parameters that narrow a list of everything. */
export const PLACE_QUERY = {
  project: Type.Optional(Type.String({ maxLength: 255, description: 'Key of a project.' })),
  repository: Type.Optional(Type.String({ maxLength: 255, description: 'A repository, as `KEY/slug`.' })),
};

/** Repositories that a request at a level is about; `undefined`: all there are. */
export async function repositoryIdsOf(
  level: Level,
  request: Placed & { readonly query: { readonly project?: string; readonly repository?: string } },
  { store: { db } }: ServerContext,
): Promise<readonly number[] | undefined> {
  const { query } = request;
  if (level.scope === 'REPOSITORY') return [request.repository.id];
  const named = query.repository === undefined ? undefined : await findNamed(query.repository);
  const key = level.scope === 'PROJECT' ? request.project.key : query.project;
  if (key === undefined) return named === undefined ? undefined : [named.id];
  const project = await findProjectByKey(db, key);
  if (project === undefined) throw new HttpError(404, 'There is no project of this key.', { context: 'project' });
  if (named !== undefined) return named.projectId === project.id ? [named.id] : [];
  return (await listRepositories(db, { projectId: project.id }, ALL)).map(({ id }) => id);

  async function findNamed(name: string): Promise<RepositoryRow> {
    const [projectKey = '', slug = ''] = name.split('/', 2);
    const project_ = await findProjectByKey(db, projectKey);
    // Who looks after a project is not told what there is in others.
    const elsewhere = level.scope === 'PROJECT' && project_?.id !== request.project.id;
    const found = project_ === undefined || elsewhere ? undefined : await findRepository(db, project_.id, slug);
    if (found === undefined)
      throw new HttpError(404, 'There is no such repository; write it as KEY/slug.', { context: 'repository' });
    return found;
  }
}

/** Parameters of a list that is read from a place on: `start` is what the page before gave as `nextPageStart`. */
export const CURSOR_QUERY = {
  start: Type.Optional(
    Type.Integer({
      minimum: 0,
      default: 0,
      description:
        'Where to go on: `nextPageStart` of the page before. It is no count of items. 0: from the beginning.',
    }),
  ),
  limit: PAGE_QUERY.limit,
};

/** A page of a list that is read from a place on. */
export function cursorPage<T>(
  page: { readonly start: number; readonly limit: number },
  values: readonly T[],
  next: number | undefined,
): {
  size: number;
  limit: number;
  isLastPage: boolean;
  values: T[];
  start: number;
  nextPageStart: number | null;
} {
  return {
    size: values.length,
    limit: page.limit,
    isLastPage: next === undefined,
    values: [...values],
    start: page.start,
    nextPageStart: next ?? null,
  };
}

/** A page from rows that were read with one more than asked for. */
export function pageByRow<R, T>(
  page: { readonly start: number; readonly limit: number },
  rows: readonly R[],
  { idOf, toValue }: { readonly idOf: (row: R) => number; readonly toValue: (row: R) => T },
): ReturnType<typeof cursorPage<T>> {
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return cursorPage(page, shown.map(toValue), rows.length > page.limit && last !== undefined ? idOf(last) : undefined);
}

const INSTANT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** Query parameters of a time between two instants. */
export const TIME_QUERY = {
  from: Type.Optional(
    Type.String({ maxLength: 40, description: 'At or after this time: ISO 8601 in UTC, or milliseconds since 1970.' }),
  ),
  to: Type.Optional(Type.String({ maxLength: 40, description: 'Before this time.' })),
};

/** What `from` and `to` say. @throws HttpErrors for what is no time */
export function readTimes(query: { readonly from?: string; readonly to?: string }): {
  readonly from?: number;
  readonly to?: number;
} {
  const problems: HttpError[] = [];
  const read = (context: 'from' | 'to'): number | undefined => {
    const text = query[context];
    if (text === undefined) return undefined;
    const time = /^\d{1,15}$/.test(text) ? Number(text) : INSTANT.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(time))
      problems.push(new HttpError(400, `${context} must be a time such as 2026-11-22T08:00:00Z.`, { context }));
    return time;
  };
  const from = read('from');
  const to = read('to');
  if (problems.length > 0) throw new HttpErrors(400, problems);
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}
