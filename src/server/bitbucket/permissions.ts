/** Bitbucket's `/permissions/users` and `/permissions/groups` of projects and repositories. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  listGroupGrants,
  listUserGrants,
  removeGrant,
  setGrant,
  type Grantee,
  type GrantTarget,
} from '../../store/grants.ts';
import { findGroup } from '../../store/groups.ts';
import { inTransaction } from '../../store/in-transaction.ts';
import type { Db } from '../../store/open-store.ts';
import { PROJECT_PERMISSIONS, REPOSITORY_PERMISSIONS } from '../../store/schema.ts';
import type { ProjectPermission, RepositoryPermission } from '../../store/schema.ts';
import { findUserByName } from '../../store/users.ts';
import type { Access } from '../access.ts';
import { auditOf } from '../actor.ts';
import { HttpError, HttpErrors } from '../http-error.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import { levelOf } from '../rights.ts';
import type { App, Routes, ServerContext } from '../server-context.ts';
import {
  Nothing,
  ProjectParams,
  RepositoryParams,
  RestGroup,
  RestUser,
  SearchText,
  toRestGroup,
  toRestUser,
} from './shapes.ts';

interface Place {
  readonly scope: GrantTarget['scope'];
  readonly url: string;
  readonly access: Access;
  readonly category: string;
  readonly permissions: readonly (ProjectPermission | RepositoryPermission)[];
}

const PLACES: readonly Place[] = [
  {
    scope: 'PROJECT',
    url: '/projects/:projectKey/permissions',
    access: 'PROJECT_ADMIN',
    category: 'Projects',
    permissions: PROJECT_PERMISSIONS,
  },
  {
    scope: 'REPOSITORY',
    url: '/projects/:projectKey/repos/:repositorySlug/permissions',
    access: 'REPO_ADMIN',
    category: 'Repositories',
    permissions: REPOSITORY_PERMISSIONS,
  },
];

export const addPermissionRoutes: Routes = (app, context) => {
  for (const place of PLACES) {
    for (const kind of ['users', 'groups'] as const) {
      addList(app, context, place, kind);
      addGrant(app, context, place, kind);
      addRevoke(app, context, place, kind);
    }
  }
};

type Kind = 'users' | 'groups';

const TAGS = ['Permissions'];

function addList(app: App, { store: { db } }: ServerContext, place: Place, kind: Kind): void {
  const item = Type.Object({
    ...(kind === 'users' ? { user: RestUser } : { group: RestGroup }),
    permission: Type.Union(place.permissions.map((name) => Type.Literal(name))),
  });
  app.get(
    `${place.url}/${kind}`,
    {
      config: { access: place.access },
      schema: {
        summary: `Lists the ${kind} that were given a permission here`,
        tags: TAGS,
        params: paramsOf(place),
        querystring: Type.Object({ filter: Type.Optional(SearchText), ...PAGE_QUERY }),
        response: { 200: pageOf(item) },
      },
    },
    async (request) => {
      const { filter = '' } = request.query;
      const page = pageRequest(request.query);
      const target = targetOf(place, request);
      if (kind === 'users') {
        const rows = await listUserGrants(db, target, filter, page);
        return toPage(
          page,
          rows.map(({ user, permission }) => ({ user: toRestUser(user), permission })),
        );
      }
      const rows = await listGroupGrants(db, target, filter, page);
      return toPage(
        page,
        rows.map(({ group, permission }) => ({ group: toRestGroup(group), permission })),
      );
    },
  );
}

function addGrant(app: App, context: ServerContext, place: Place, kind: Kind): void {
  app.put(
    `${place.url}/${kind}`,
    {
      config: { access: place.access },
      schema: {
        summary: `Gives ${kind} a permission, in place of the one they had`,
        tags: TAGS,
        params: paramsOf(place),
        querystring: Type.Object({
          name: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 1000 }),
          permission: Type.Union(place.permissions.map((name) => Type.Literal(name))),
        }),
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { name: names, permission } = request.query;
      if (
        kind === 'users' &&
        names.some((name) => isSelf(request, name)) &&
        levelOf(permission) < ownLevel(place, request)
      )
        throw lowersOwn(403);
      await inTransaction(context.store.db, async (transaction) => {
        const grantees = await findGrantees(transaction, kind, names);
        for (const grantee of grantees) await setGrant(transaction, targetOf(place, request), grantee, permission);
        await audit(request, context, place, transaction, { action: 'granted', [kind]: names, permission });
      });
      return reply.code(204).send(null);
    },
  );
}

function addRevoke(app: App, context: ServerContext, place: Place, kind: Kind): void {
  app.delete(
    `${place.url}/${kind}`,
    {
      config: { access: place.access },
      schema: {
        summary: `Takes the permission from ${kind === 'users' ? 'a user' : 'a group'}`,
        tags: TAGS,
        params: paramsOf(place),
        querystring: Type.Object({ name: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 1000 }) }),
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { name: names } = request.query;
      if (kind === 'users' && names.some((name) => isSelf(request, name)) && !request.rights.has('ADMIN'))
        throw lowersOwn(409);
      await inTransaction(context.store.db, async (transaction) => {
        const grantees = await findGrantees(transaction, kind, names);
        for (const grantee of grantees) await removeGrant(transaction, targetOf(place, request), grantee);
        await audit(request, context, place, transaction, { action: 'revoked', [kind]: names });
      });
      return reply.code(204).send(null);
    },
  );
}

function paramsOf({ scope }: Place) {
  return scope === 'PROJECT' ? ProjectParams : RepositoryParams;
}

function targetOf({ scope }: Place, request: FastifyRequest): GrantTarget {
  return { scope, resourceId: scope === 'PROJECT' ? request.project.id : request.repository.id };
}

/** All of them, or what is wrong with each that is not there. */
async function findGrantees(db: Db, kind: Kind, names: readonly string[]): Promise<Grantee[]> {
  const found: Grantee[] = [];
  const missing: HttpError[] = [];
  for (const name of names) {
    const user = kind === 'users' ? await findUserByName(db, name) : undefined;
    const group = kind === 'groups' ? await findGroup(db, name) : undefined;
    if (user !== undefined) found.push({ userId: user.id });
    else if (group !== undefined) found.push({ groupId: group.id });
    else missing.push(kind === 'users' ? noSuchUser(name) : noSuchGroup(name));
  }
  if (missing.length > 0) throw new HttpErrors(404, missing);
  return found;
}

export function noSuchUser(name: string): HttpError {
  return new HttpError(404, `User ${JSON.stringify(name.slice(0, 255))} does not exist.`, {
    context: 'name',
    exceptionName: 'com.atlassian.bitbucket.user.NoSuchUserException',
  });
}

export function noSuchGroup(name: string): HttpError {
  return new HttpError(404, `Group ${JSON.stringify(name.slice(0, 255))} does not exist.`, {
    context: 'name',
    exceptionName: 'com.atlassian.bitbucket.user.NoSuchGroupException',
  });
}

function isSelf({ caller }: FastifyRequest, name: string): boolean {
  return caller.kind === 'user' && caller.user.name.toLowerCase() === name.toLowerCase();
}

/** Of the caller here; administrators of the server lose nothing. */
function ownLevel({ scope }: Place, { rights, project, repository }: FastifyRequest): number {
  if (rights.has('ADMIN')) return 0;
  return scope === 'PROJECT' ? rights.project(project) : rights.repository(repository);
}

function lowersOwn(status: number): HttpError {
  return new HttpError(status, 'This would lower your own permission.', { context: 'name' });
}

async function audit(
  request: FastifyRequest,
  context: ServerContext,
  { scope, category }: Place,
  db: Db,
  { action, ...details }: { readonly action: string } & Readonly<Record<string, unknown>>,
): Promise<void> {
  const what = scope === 'PROJECT' ? 'Project' : 'Repository';
  await auditOf(request, context, {
    category,
    action: `${what} permission ${action}`,
    scope,
    resourceId: scope === 'PROJECT' ? request.project.id : request.repository.id,
    details,
    db,
  });
}
