/** Which projects and repositories somebody may know of, as conditions of a query: lists must not read everything to show a page. */
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { Database } from './schema.ts';

/** Whoever looks: a user, a token of a project or repository, or a stranger (all absent). */
export interface Viewer {
  /** Admins see everything. */
  readonly all?: boolean;
  readonly userId?: number;
  /** What a project's own token is for. */
  readonly projectId?: number;
  readonly repositoryId?: number;
}

/** Public, one's own, granted, or with a repository in it that may be seen. */
export function visibleProjects(eb: ExpressionBuilder<Database, 'projects'>, viewer: Viewer): Expression<SqlBool> {
  if (viewer.all === true) return eb.lit(true);
  const { userId, projectId } = viewer;
  return eb.or([
    eb('projects.isPublic', '=', 1),
    ...(projectId === undefined ? [] : [eb('projects.id', '=', projectId)]),
    ...(userId === undefined
      ? []
      : [eb('projects.ownerId', '=', userId), eb('projects.id', 'in', granted(eb, 'PROJECT', userId))]),
    eb.exists(
      eb
        .selectFrom('repositories')
        .select('repositories.id')
        .whereRef('repositories.projectId', '=', 'projects.id')
        .where((inner) => openRepositories(inner as unknown as ExpressionBuilder<Database, 'repositories'>, viewer)),
    ),
  ]);
}

/** Public, granted, or in a project that one may read. */
export function visibleRepositories(
  eb: ExpressionBuilder<Database, 'repositories'>,
  viewer: Viewer,
): Expression<SqlBool> {
  if (viewer.all === true) return eb.lit(true);
  const { userId, projectId } = viewer;
  const open = eb
    .selectFrom('projects as p')
    .select('p.id')
    .where((inner) =>
      inner.or([inner('p.isPublic', '=', 1), ...(userId === undefined ? [] : [inner('p.ownerId', '=', userId)])]),
    );
  return eb.or([
    openRepositories(eb, viewer),
    eb('repositories.projectId', 'in', open),
    ...(projectId === undefined ? [] : [eb('repositories.projectId', '=', projectId)]),
    ...(userId === undefined ? [] : [eb('repositories.projectId', 'in', granted(eb, 'PROJECT', userId))]),
  ]);
}

/** Seen for their own sake, not for their project's. */
function openRepositories(eb: ExpressionBuilder<Database, 'repositories'>, viewer: Viewer): Expression<SqlBool> {
  const { userId, repositoryId } = viewer;
  return eb.or([
    eb('repositories.isPublic', '=', 1),
    ...(repositoryId === undefined ? [] : [eb('repositories.id', '=', repositoryId)]),
    ...(userId === undefined ? [] : [eb('repositories.id', 'in', granted(eb, 'REPOSITORY', userId))]),
  ]);
}

/** Ids that a user was granted something on, directly or through a group. */
function granted(
  eb: Pick<ExpressionBuilder<Database, 'repositories'>, 'selectFrom'>,
  scope: 'PROJECT' | 'REPOSITORY',
  userId: number,
) {
  return eb
    .selectFrom('grants')
    .select('grants.resourceId')
    .where('grants.scope', '=', scope)
    .where((inner) =>
      inner.or([
        inner('grants.userId', '=', userId),
        inner(
          'grants.groupId',
          'in',
          inner.selectFrom('groupMembers').select('groupMembers.groupId').where('groupMembers.userId', '=', userId),
        ),
      ]),
    );
}
