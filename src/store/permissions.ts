/** What somebody may do, from everything that gives a permission: oneself, one's groups, owning a personal project, being public. */
import type { Db } from './open-store.ts';
import { findRepositoryById } from './repositories.ts';
import { GLOBAL_PERMISSIONS, PROJECT_PERMISSIONS, REPOSITORY_PERMISSIONS } from './schema.ts';
import type { GlobalPermission, ProjectPermission, RepositoryPermission } from './schema.ts';
import type { Viewer } from './visibility.ts';

export interface UserPermissions {
  /** The highest of one's own and one's groups'; absent for strangers and tokens of projects and repositories. */
  readonly global: GlobalPermission | undefined;
  readonly appAccess: boolean;
  /** For the lists of projects and repositories. */
  readonly viewer: Viewer;
  project(id: number): ProjectPermission | undefined;
  repository(id: number, projectId: number): RepositoryPermission | undefined;
  /** Whether one may know of a project: for a permission on it, or for one on a repository in it. */
  seesProject(id: number): boolean;
}

/** Of a user, or of a stranger when there is none: what is public. A user who is not active may do what a stranger may. */
export async function permissionsOf(db: Db, userId?: number): Promise<UserPermissions> {
  const open = await readPublic(db);
  const user = userId === undefined ? undefined : await readActive(db, userId);
  if (userId === undefined || user === undefined) return makePermissions({ grants: open, viewer: {} });
  const groups = await db
    .selectFrom('groups')
    .innerJoin('groupMembers', 'groupMembers.groupId', 'groups.id')
    .select(['groups.id', 'groups.permission', 'groups.appAccess'])
    .where('groupMembers.userId', '=', userId)
    .execute();
  const groupIds = groups.map(({ id }) => id);
  const given = await db
    .selectFrom('grants')
    .leftJoin('repositories', (join) =>
      join.onRef('repositories.id', '=', 'grants.resourceId').on('grants.scope', '=', 'REPOSITORY'),
    )
    .select(['scope', 'resourceId', 'permission', 'repositories.projectId'])
    .where((eb) =>
      eb.or([eb('userId', '=', userId), ...(groupIds.length === 0 ? [] : [eb('groupId', 'in', groupIds)])]),
    )
    .execute();
  const own = await db.selectFrom('projects').select('id').where('ownerId', '=', userId).execute();
  const global = highest(GLOBAL_PERMISSIONS, [user.permission, ...groups.map(({ permission }) => permission)]);
  return makePermissions({
    global,
    appAccess: [user, ...groups].some(({ appAccess }) => appAccess === 1),
    viewer: { userId, all: isAdmin(global) },
    grants: [...open, ...given, ...own.map(({ id }) => grant('PROJECT', id, 'PROJECT_ADMIN'))],
  });
}

/** What a token adds up to that belongs to a project or repository and to nobody in person. */
export async function permissionsOfToken(
  db: Db,
  token: {
    readonly projectId?: number | null | undefined;
    readonly repositoryId?: number | null | undefined;
    readonly permission: string;
  },
): Promise<UserPermissions> {
  const { permission } = token;
  const projectId = token.projectId ?? undefined;
  const repositoryId = token.repositoryId ?? undefined;
  const grants = [...(await readPublic(db))];
  if (projectId !== undefined && isProjectPermission(permission)) grants.push(grant('PROJECT', projectId, permission));
  // A project's token may be for its repositories only; reading the project comes with it.
  const below = projectId !== undefined && isRepositoryPermission(permission) ? { projectId, permission } : undefined;
  if (below !== undefined) grants.push(grant('PROJECT', below.projectId, 'PROJECT_READ'));
  if (repositoryId !== undefined && isRepositoryPermission(permission))
    grants.push({
      ...grant('REPOSITORY', repositoryId, permission),
      projectId: (await findRepositoryById(db, repositoryId))?.projectId ?? null,
    });
  const viewer = {
    ...(projectId === undefined ? {} : { projectId }),
    ...(repositoryId === undefined ? {} : { repositoryId }),
  };
  const all = makePermissions({ grants, viewer });
  if (below === undefined) return all;
  return {
    ...all,
    repository: (id, ofProject) =>
      highest(REPOSITORY_PERMISSIONS, [
        all.repository(id, ofProject),
        ofProject === below.projectId ? below.permission : undefined,
      ]),
  };
}

/**
 * What remains of a user's permissions behind a token: nothing global, and on projects and repositories not more than the token's own
 * permission. PROJECT_WRITE contains REPO_WRITE; REPO_WRITE contains reading projects.
 */
export function boundPermissions(permissions: UserPermissions, most: string): UserPermissions {
  const onProjects = isProjectPermission(most) ? most : 'PROJECT_READ';
  const onRepositories = isProjectPermission(most)
    ? repositoryPermissionOf(most)
    : isRepositoryPermission(most)
      ? most
      : undefined;
  return {
    global: permissions.global === undefined ? undefined : 'LICENSED_USER',
    appAccess: false,
    viewer: permissions.viewer,
    project: (id) => lowest(PROJECT_PERMISSIONS, permissions.project(id), onProjects),
    repository: (id, projectId) =>
      lowest(REPOSITORY_PERMISSIONS, permissions.repository(id, projectId), onRepositories),
    // Every token may read at least.
    seesProject: (id) => permissions.seesProject(id),
  };
}

/** ADMIN or SYS_ADMIN. */
export function isAdmin(permission: GlobalPermission | undefined): boolean {
  return permission === 'ADMIN' || permission === 'SYS_ADMIN';
}

interface Grant {
  readonly scope: 'PROJECT' | 'REPOSITORY';
  readonly resourceId: number;
  readonly permission: ProjectPermission | RepositoryPermission;
  /** Of a repository: the one it is in. */
  readonly projectId?: number | null;
}

interface Facts {
  readonly global?: GlobalPermission | undefined;
  readonly appAccess?: boolean;
  readonly viewer: Viewer;
  readonly grants: readonly Grant[];
}

function makePermissions({ global, appAccess = false, viewer, grants }: Facts): UserPermissions {
  const projects = new Map<number, ProjectPermission>();
  const repositories = new Map<number, RepositoryPermission>();
  const seen = new Set<number | null | undefined>();
  for (const { scope, resourceId, permission, projectId } of grants) {
    seen.add(scope === 'PROJECT' ? resourceId : projectId);
    if (scope === 'PROJECT' && isProjectPermission(permission))
      raise(projects, PROJECT_PERMISSIONS, resourceId, permission);
    if (scope === 'REPOSITORY' && isRepositoryPermission(permission))
      raise(repositories, REPOSITORY_PERMISSIONS, resourceId, permission);
  }
  const admin = isAdmin(global);
  const project = (id: number): ProjectPermission | undefined => (admin ? 'PROJECT_ADMIN' : projects.get(id));
  return {
    global,
    appAccess,
    viewer,
    project,
    repository: (id, projectId) =>
      highest(REPOSITORY_PERMISSIONS, [repositories.get(id), repositoryPermissionOf(project(projectId))]),
    seesProject: (id) => admin || seen.has(id),
  };
}

async function readActive(db: Db, userId: number) {
  return db
    .selectFrom('users')
    .select(['permission', 'appAccess'])
    .where('id', '=', userId)
    .where('active', '=', 1)
    .executeTakeFirst();
}

async function readPublic(db: Db): Promise<readonly Grant[]> {
  const projects = await db.selectFrom('projects').select('id').where('isPublic', '=', 1).execute();
  const repositories = await db
    .selectFrom('repositories')
    .select(['id', 'projectId'])
    .where('isPublic', '=', 1)
    .execute();
  return [
    ...projects.map(({ id }) => grant('PROJECT', id, 'PROJECT_READ')),
    ...repositories.map(({ id, projectId }) => ({ ...grant('REPOSITORY', id, 'REPO_READ'), projectId })),
  ];
}

function grant(scope: Grant['scope'], resourceId: number, permission: Grant['permission']): Grant {
  return { scope, resourceId, permission };
}

function raise<T extends string>(map: Map<number, T>, order: readonly T[], id: number, permission: T): void {
  const most = highest(order, [map.get(id), permission]);
  if (most !== undefined) map.set(id, most);
}

function highest<T extends string>(order: readonly T[], permissions: readonly (T | null | undefined)[]): T | undefined {
  return order[Math.max(-1, ...permissions.map((permission) => order.indexOf(permission as T)))];
}

function lowest<T extends string>(order: readonly T[], one: T | undefined, other: T | undefined): T | undefined {
  return one === undefined || other === undefined
    ? undefined
    : order[Math.min(order.indexOf(one), order.indexOf(other))];
}

function repositoryPermissionOf(permission: ProjectPermission | undefined): RepositoryPermission | undefined {
  return permission === undefined ? undefined : REPOSITORY_PERMISSIONS[PROJECT_PERMISSIONS.indexOf(permission)];
}

function isProjectPermission(permission: string): permission is ProjectPermission {
  return (PROJECT_PERMISSIONS as readonly string[]).includes(permission);
}

function isRepositoryPermission(permission: string): permission is RepositoryPermission {
  return (REPOSITORY_PERMISSIONS as readonly string[]).includes(permission);
}
