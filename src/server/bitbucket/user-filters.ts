/** The filters of `/users` by permission: `permission=ADMIN`, `permission.1=PROJECT_ADMIN&permission.1.projectKey=PRJ`. */
import type { FastifyRequest } from 'fastify';
import type { Db } from '../../store/open-store.ts';
import { permissionsOf } from '../../store/permissions.ts';
import { findProject, findProjectByKey } from '../../store/projects.ts';
import { findRepository, findRepositoryById } from '../../store/repositories.ts';
import { GLOBAL_PERMISSIONS, PROJECT_PERMISSIONS, REPOSITORY_PERMISSIONS } from '../../store/schema.ts';
import type {
  GlobalPermission,
  ProjectPermission,
  ProjectRow,
  RepositoryPermission,
  RepositoryRow,
  UserRow,
} from '../../store/schema.ts';
import { HttpError } from '../http-error.ts';
import { levelOf } from '../rights.ts';

type Permissions = Awaited<ReturnType<typeof permissionsOf>>;
type Condition = (permissions: Permissions) => boolean;

/** Whether a user has all that is asked for; undefined when nothing is. Who asks must see the projects and repositories he asks about. */
export async function readPermissionFilters(
  db: Db,
  request: FastifyRequest,
): Promise<((user: UserRow) => Promise<boolean>) | undefined> {
  const query = request.query as Readonly<Record<string, unknown>>;
  const roots = Object.keys(query).filter((name) => /^permission(?:\.\d{1,3})?$/.test(name));
  if (roots.length === 0) return undefined;
  const conditions: Condition[] = [];
  for (const root of roots.slice(0, 50)) {
    const fields = Object.fromEntries(
      Object.entries(query).flatMap(([name, value]) =>
        name.startsWith(`${root}.`) && typeof value === 'string' ? [[name.slice(root.length + 1), value]] : [],
      ),
    );
    conditions.push(await readCondition(db, request, { root, value: query[root], fields }));
  }
  return async ({ id }) => {
    const permissions = await permissionsOf(db, id);
    return conditions.every((holds) => holds(permissions));
  };
}

interface Filter {
  readonly root: string;
  readonly value: unknown;
  readonly fields: Readonly<Record<string, string>>;
}

async function readCondition(db: Db, request: FastifyRequest, filter: Filter): Promise<Condition> {
  const { root, value } = filter;
  if (isOneOf(GLOBAL_PERMISSIONS, value)) {
    const wanted = GLOBAL_PERMISSIONS.indexOf(value as GlobalPermission);
    return ({ global }) => global !== undefined && GLOBAL_PERMISSIONS.indexOf(global) >= wanted;
  }
  if (isOneOf(PROJECT_PERMISSIONS, value)) {
    const project = await findFilterProject(db, filter);
    if (project === undefined || request.rights.project(project) === 0) throw noSuchPlace(root, 'project');
    return (permissions) => levelOf(permissions.project(project.id)) >= levelOf(value as ProjectPermission);
  }
  if (isOneOf(REPOSITORY_PERMISSIONS, value)) {
    const repository = await findFilterRepository(db, filter);
    if (repository === undefined || request.rights.repository(repository) === 0) throw noSuchPlace(root, 'repository');
    const { id, projectId } = repository;
    return (permissions) => levelOf(permissions.repository(id, projectId)) >= levelOf(value as RepositoryPermission);
  }
  const known = [...GLOBAL_PERMISSIONS, ...PROJECT_PERMISSIONS, ...REPOSITORY_PERMISSIONS];
  throw new HttpError(400, `${root} must be one of ${known.join(', ')}.`, { context: root });
}

async function findFilterProject(db: Db, { fields }: Filter): Promise<ProjectRow | undefined> {
  const { projectId, projectKey } = fields;
  if (projectId !== undefined) return findProject(db, idOf(projectId));
  return projectKey === undefined ? undefined : findProjectByKey(db, projectKey);
}

/** Bitbucket's documentation calls the repository's id `projectId` here; `repositoryId` is taken too. */
async function findFilterRepository(db: Db, { fields }: Filter): Promise<RepositoryRow | undefined> {
  const { projectId, repositoryId = projectId, projectKey, repositorySlug } = fields;
  if (repositoryId !== undefined) return findRepositoryById(db, idOf(repositoryId));
  const project = projectKey === undefined ? undefined : await findProjectByKey(db, projectKey);
  return project === undefined || repositorySlug === undefined
    ? undefined
    : findRepository(db, project.id, repositorySlug);
}

function idOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

function isOneOf(names: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && names.includes(value);
}

function noSuchPlace(root: string, what: string): HttpError {
  return new HttpError(400, `${root} names no ${what} that you may see.`, { context: root });
}
