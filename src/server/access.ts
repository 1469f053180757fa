/**
 * Who may call a route. Each route says so in its `config.access`; authorize.ts asks before the handler runs, and the tests run every route
 * against every role. A route without it does not start the server.
 *
 * Permissions on projects and repositories contain the lower ones, and admins have them all. The project and repository are those of the path
 * (`:projectKey`, `:repositorySlug`).
 */
export const ACCESS = [
  'ANONYMOUS',
  'AUTHENTICATED',
  'REPO_READ',
  'REPO_WRITE',
  'REPO_ADMIN',
  /** Of the project's name and of what one may read in it: follows from reading one of its repositories. */
  'PROJECT_VIEW',
  'PROJECT_READ',
  'PROJECT_WRITE',
  'PROJECT_ADMIN',
  /** May create projects. */
  'PROJECT_CREATE',
  /** Soteri's app access, or ADMIN. */
  'APP_ACCESS',
  /** App access, admin of the project of the path, or ADMIN. */
  'PROJECT_ADMIN_OR_APP_ACCESS',
  'ADMIN',
  'SYS_ADMIN',
] as const;
export type Access = (typeof ACCESS)[number];
