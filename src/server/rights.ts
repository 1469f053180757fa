/**
 * What a caller may do. Users have global permissions, grants and groups (store/permissions.ts); a token has at most what it was made for, and never
 * a global permission.
 */
import type { Db } from '../store/open-store.ts';
import { boundPermissions, permissionsOf, permissionsOfToken } from '../store/permissions.ts';
import type { UserPermissions } from '../store/permissions.ts';
import { GLOBAL_PERMISSIONS } from '../store/schema.ts';
import type { GlobalPermission, ProjectRow, RepositoryRow } from '../store/schema.ts';
import type { Viewer } from '../store/visibility.ts';
import type { Access } from './access.ts';
import type { Caller } from './server-context.ts';

/** How much of a project or repository: 0 nothing, 1 read, 2 write, 3 admin. */
export type Level = 0 | 1 | 2 | 3;
const LEVELS = { READ: 1, WRITE: 2, ADMIN: 3 } as const;

export interface Rights {
  /** A user or token that is known. */
  readonly known: boolean;
  has(permission: GlobalPermission): boolean;
  /** Also of admins. */
  readonly appAccess: boolean;
  /** For lists: what may be seen. */
  readonly viewer: Viewer;
  project(project: Pick<ProjectRow, 'id'>): Level;
  repository(repository: Pick<RepositoryRow, 'id' | 'projectId'>): Level;
  /** Whether one may know that a project is there, and its name: whoever may read something in it. */
  seesProject(project: Pick<ProjectRow, 'id'>): boolean;
}

/** Strangers see nothing, not even what is public: public means to everybody with an account. */
const NOBODY: Rights = {
  known: false,
  has: () => false,
  appAccess: false,
  viewer: {},
  project: () => 0,
  repository: () => 0,
  seesProject: () => false,
};

/** Finds out what a caller may do. */
export async function rightsOf(caller: Caller, db: Db): Promise<Rights> {
  if (caller.kind === 'anonymous') return NOBODY;
  if (caller.kind === 'token') return makeRights(await permissionsOfToken(db, caller));
  const own = await permissionsOf(db, caller.user.id);
  return makeRights(caller.token === undefined ? own : boundPermissions(own, caller.token.permission));
}

function makeRights(permissions: UserPermissions): Rights {
  const { global, appAccess, viewer } = permissions;
  const rank = global === undefined ? -1 : GLOBAL_PERMISSIONS.indexOf(global);
  const has = (permission: GlobalPermission): boolean => rank >= GLOBAL_PERMISSIONS.indexOf(permission);
  return {
    known: true,
    has,
    appAccess: appAccess || has('ADMIN'),
    viewer,
    project: ({ id }) => levelOf(permissions.project(id)),
    repository: ({ id, projectId }) => levelOf(permissions.repository(id, projectId)),
    seesProject: ({ id }) => permissions.seesProject(id),
  };
}

/** `REPO_WRITE` and `PROJECT_WRITE` as 2. */
export function levelOf(permission: string | undefined): Level {
  const name = permission?.slice(permission.indexOf('_') + 1) ?? '';
  return Object.hasOwn(LEVELS, name) ? LEVELS[name as keyof typeof LEVELS] : 0;
}

/**
 * Whether rights are enough for a route. Without its project or repository (there is none of that name) the question is about what they would be
 * in: whoever sees the project may know that it has no such repository, and admins may know that there is no such project.
 */
export function isAllowed(
  access: Access,
  rights: Rights,
  place: { readonly project?: ProjectRow | undefined; readonly repository?: RepositoryRow | undefined },
): boolean {
  const { project, repository } = place;
  const isAdmin = rights.has('ADMIN');
  const [kind = '', name = ''] = access.split('_', 2);
  if (access === 'ANONYMOUS') return true;
  if (access === 'AUTHENTICATED') return rights.known;
  if (access === 'PROJECT_CREATE' || access === 'ADMIN' || access === 'SYS_ADMIN') return rights.has(access);
  if (access === 'APP_ACCESS') return rights.appAccess;
  if (access === 'PROJECT_ADMIN_OR_APP_ACCESS') {
    return rights.appAccess || (project === undefined ? isAdmin : rights.project(project) >= LEVELS.ADMIN);
  }
  const wanted = LEVELS[name as keyof typeof LEVELS];
  if (project === undefined) return isAdmin;
  if (access === 'PROJECT_VIEW') return rights.seesProject(project);
  if (kind === 'PROJECT') return rights.project(project) >= wanted;
  return (repository === undefined ? rights.project(project) : rights.repository(repository)) >= wanted;
}
