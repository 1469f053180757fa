/** Bitbucket's `/rest/access-tokens`: HTTP access tokens of users, projects and repositories. A token's text is shown once, when it is made. */
import type { FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import type { ProjectPermission, RepositoryPermission, TokenRow } from '../../store/schema.ts';
import { createToken, findTokenById, listTokens, revokeToken, type TokenOwner } from '../../store/tokens.ts';
import { findUserBySlug } from '../../store/users.ts';
import type { Access } from '../access.ts';
import { auditOf } from '../actor.ts';
import { notPermitted } from '../authorize.ts';
import { HttpError } from '../http-error.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import type { App, Routes, ServerContext } from '../server-context.ts';
import { noSuchUser } from './permissions.ts';
import { Nothing, ProjectParams, RepositoryParams, Title, UserParams } from './shapes.ts';

const DAY_MS = 24 * 60 * 60_000;
const PERMISSIONS = [
  'REPO_READ',
  'REPO_WRITE',
  'REPO_ADMIN',
  'PROJECT_READ',
  'PROJECT_WRITE',
  'PROJECT_ADMIN',
] as const;

const RestAccessToken = Type.Object({
  id: Type.String(),
  name: Type.String(),
  permissions: Type.Array(Type.String()),
  createdDate: Type.Integer(),
  expiryDate: Type.Optional(Type.Integer()),
  lastAuthenticated: Type.Optional(Type.Integer()),
});
const RestRawAccessToken = Type.Object({
  ...RestAccessToken.properties,
  token: Type.String({ description: 'The token. It is shown here and nowhere else.' }),
});

const TokenBody = Type.Object({
  name: Title,
  permissions: Type.Array(Type.Union(PERMISSIONS.map((name) => Type.Literal(name))), {
    minItems: 1,
    description: 'Of a repository’s own token: only `REPO_…`. A token never has a global permission.',
  }),
  expiryDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 36_500 })),
});

interface Kind {
  readonly url: string;
  readonly access: Access;
  readonly params: typeof UserParams | typeof ProjectParams | typeof RepositoryParams;
  /** As summaries write it. */
  readonly whose: string;
  owner(request: FastifyRequest, context: ServerContext, creating: boolean): Promise<TokenOwner>;
}

const KINDS: readonly Kind[] = [
  {
    url: '/users/:userSlug',
    access: 'AUTHENTICATED',
    params: UserParams,
    whose: 'a user',
    async owner(request, { store: { db } }, creating) {
      const { userSlug } = request.params as Static<typeof UserParams>;
      const user = await findUserBySlug(db, userSlug);
      const { caller, rights } = request;
      const isSelf = caller.kind === 'user' && caller.user.id === user?.id;
      // Administrators see and revoke; a token that acts as somebody is made by that one.
      if (!isSelf && (creating || !rights.has('ADMIN'))) throw notPermitted(request);
      if (user === undefined) throw noSuchUser(userSlug);
      return { userId: user.id };
    },
  },
  {
    url: '/projects/:projectKey',
    access: 'PROJECT_ADMIN',
    params: ProjectParams,
    whose: 'a project',
    owner: async ({ project }) => ({ projectId: project.id }),
  },
  {
    url: '/projects/:projectKey/repos/:repositorySlug',
    access: 'REPO_ADMIN',
    params: RepositoryParams,
    whose: 'a repository',
    owner: async ({ repository }) => ({ repositoryId: repository.id }),
  },
];

const TAGS = ['Access tokens'];

export const addAccessTokenRoutes: Routes = (app, context) => {
  for (const kind of KINDS) {
    addCollection(app, context, kind);
    addItem(app, context, kind);
  }
};

function addCollection(app: App, context: ServerContext, kind: Kind): void {
  const { db } = context.store;
  const config = { access: kind.access };
  app.get(
    kind.url,
    {
      config,
      schema: {
        summary: `Lists the tokens of ${kind.whose}`,
        tags: TAGS,
        params: kind.params,
        querystring: Type.Object(PAGE_QUERY),
        response: { 200: pageOf(RestAccessToken) },
      },
    },
    async (request) => {
      const page = pageRequest(request.query);
      const tokens = await listTokens(db, await ownerOf(kind, request, context, false));
      return toPage(page, tokens.slice(page.start, page.start + page.limit + 1).map(toRestToken));
    },
  );

  app.put(
    kind.url,
    {
      config,
      schema: {
        summary: `Makes a token of ${kind.whose}`,
        tags: TAGS,
        params: kind.params,
        body: TokenBody,
        response: { 200: RestRawAccessToken },
      },
    },
    async (request) => {
      const owner = await ownerOf(kind, request, context, true);
      const { name, permissions, expiryDays } = request.body;
      const created = context.now();
      const permission = readPermission(permissions, 'repositoryId' in owner);
      const { text, token } = await createToken(db, owner, {
        name,
        permission,
        created,
        expires: expiryDays === undefined ? null : created + expiryDays * DAY_MS,
      });
      await audit(request, context, 'Access token created', token);
      return { ...toRestToken(token), token: text };
    },
  );
}

function addItem(app: App, context: ServerContext, kind: Kind): void {
  const { db } = context.store;
  const config = { access: kind.access };
  const params = Type.Object({ ...kind.params.properties, tokenId: Type.String() });
  app.get(
    `${kind.url}/:tokenId`,
    {
      config,
      schema: { summary: `Shows a token of ${kind.whose}`, tags: TAGS, params, response: { 200: RestAccessToken } },
    },
    async (request) => toRestToken(await findOwn(kind, request, context)),
  );

  app.delete(
    `${kind.url}/:tokenId`,
    {
      config,
      schema: { summary: `Revokes a token of ${kind.whose}`, tags: TAGS, params, response: { 204: Nothing } },
    },
    async (request, reply) => {
      const token = await findOwn(kind, request, context);
      await revokeToken(db, token.id);
      await audit(request, context, 'Access token revoked', token);
      return reply.code(204).send(null);
    },
  );
}

/** Tokens are managed in person: one that was found by somebody must not make others that outlive it. */
async function ownerOf(
  kind: Kind,
  request: FastifyRequest,
  context: ServerContext,
  creating: boolean,
): Promise<TokenOwner> {
  const { caller } = request;
  if (caller.kind !== 'user' || caller.token !== undefined) throw notPermitted(request);
  return kind.owner(request, context, creating);
}

/** A token of another owner is none. */
async function findOwn(kind: Kind, request: FastifyRequest, context: ServerContext): Promise<TokenRow> {
  const owner = await ownerOf(kind, request, context, false);
  const { tokenId } = request.params as { readonly tokenId: string };
  const token = /^\d{1,15}$/.test(tokenId) ? await findTokenById(context.store.db, Number(tokenId)) : undefined;
  const isOwn = token !== undefined && Object.entries(owner).every(([column, id]) => token[column as 'userId'] === id);
  if (!isOwn) throw new HttpError(404, 'There is no such token.', { context: 'tokenId' });
  return token;
}

/** Of several permissions the one that has them all. */
function readPermission(
  permissions: readonly (typeof PERMISSIONS)[number][],
  ofRepository: boolean,
): ProjectPermission | RepositoryPermission {
  const rank = (name: string): number => ['READ', 'WRITE', 'ADMIN'].indexOf(name.slice(name.indexOf('_') + 1));
  const best = (prefix: string) =>
    permissions.filter((name) => name.startsWith(prefix)).sort((a, b) => rank(b) - rank(a))[0];
  const [project, repository] = [best('PROJECT_'), best('REPO_')];
  if (ofRepository && project !== undefined)
    throw new HttpError(400, 'A token of a repository has REPO_READ, REPO_WRITE or REPO_ADMIN.', {
      context: 'permissions',
    });
  if (project === undefined || repository === undefined) return (project ?? repository) as ProjectPermission;
  if (rank(project) >= rank(repository)) return project;
  if (project === 'PROJECT_READ') return repository;
  throw new HttpError(400, `${project} with ${repository} is more than one token can have here.`, {
    context: 'permissions',
  });
}

function toRestToken({ id, name, permission, created, expires, lastUsed }: TokenRow): Static<typeof RestAccessToken> {
  return {
    id: String(id),
    name,
    permissions: permission.startsWith('PROJECT_')
      ? [permission, permission.replace('PROJECT_', 'REPO_')]
      : ['PROJECT_READ', permission],
    createdDate: created,
    ...(expires === null ? {} : { expiryDate: expires }),
    ...(lastUsed === null ? {} : { lastAuthenticated: lastUsed }),
  };
}

async function audit(request: FastifyRequest, context: ServerContext, action: string, token: TokenRow): Promise<void> {
  const { id, name, permission, projectId, repositoryId } = token;
  const place =
    repositoryId !== null
      ? { category: 'Repositories', scope: 'REPOSITORY' as const, resourceId: repositoryId }
      : projectId !== null
        ? { category: 'Projects', scope: 'PROJECT' as const, resourceId: projectId }
        : { category: 'Users and groups', scope: 'GLOBAL' as const, resourceId: 0 };
  await auditOf(request, context, { ...place, action, details: { id, name, permission } });
}
