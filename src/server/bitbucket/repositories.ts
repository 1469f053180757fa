/** Bitbucket's `/projects/{key}/repos` and `/repos`: the register of repositories. The repositories themselves are somebody else's: nothing here writes to them. */
import type { FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { inTransaction } from '../../store/in-transaction.ts';
import { slugOf } from '../../store/names.ts';
import { findProject, findProjectByKey } from '../../store/projects.ts';
import {
  createRepository,
  deleteRepository,
  listRepositories,
  updateRepository,
  type RepositoryChanges,
} from '../../store/repositories.ts';
import type { ProjectRow, RepositoryRow } from '../../store/schema.ts';
import { readSetting } from '../../store/settings.ts';
import { ALL } from '../../store/slice.ts';
import { actorOf, auditOf } from '../actor.ts';
import { notPermitted } from '../authorize.ts';
import { HttpError } from '../http-error.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import { levelOf } from '../rights.ts';
import type { Routes, ServerContext } from '../server-context.ts';
import { readPlace, type PlaceLimits } from './repository-place.ts';
import {
  Description,
  Nothing,
  ProjectParams,
  RepositoryParams,
  RestRepository,
  RepositorySlug,
  RestRepositoryWithPlace,
  SearchText,
  Title,
  toRestRepository,
} from './shapes.ts';
import { orNull } from '../or-null.ts';

const RepositoryBody = Type.Object({
  name: Type.Optional(Title),
  slug: Type.Optional(RepositorySlug),
  description: Type.Optional(Description),
  public: Type.Optional(Type.Boolean({ description: 'Readable for everybody with an account.' })),
  defaultBranch: Type.Optional(
    orNull(Type.String({ pattern: '^[^\\u0000-\\u0020\\u007f]{1,1000}$' }), {
      description: '`main` or `refs/heads/main`; null: what HEAD of the repository says.',
    }),
  ),
  scmId: Type.Optional(Type.Literal('git')),
  path: Type.Optional(
    orNull(Type.String({ maxLength: 4096 }), {
      description: 'Absolute path of the repository on this server. For administrators.',
    }),
  ),
  cloneUrl: Type.Optional(
    orNull(Type.String({ maxLength: 2048 }), {
      description: 'https or ssh address of which the server keeps a mirror; ssh for administrators.',
    }),
  ),
  project: Type.Optional(Type.Object({ key: Type.String() }, { description: 'Moves it to another project.' })),
});

const ListQuery = Type.Object({
  name: Type.Optional(SearchText),
  projectkey: Type.Optional(SearchText),
  projectname: Type.Optional(SearchText),
  permission: Type.Optional(
    Type.Union([Type.Literal('REPO_READ'), Type.Literal('REPO_WRITE'), Type.Literal('REPO_ADMIN')]),
  ),
  visibility: Type.Optional(Type.Union([Type.Literal('public'), Type.Literal('private')])),
  ...PAGE_QUERY,
});

const CATEGORY = 'Repositories';
const TAGS = ['Repositories'];

export const addRepositoryRoutes: Routes = (app, context) => {
  const { db } = context.store;
  app.addHook('onClose', () => context.newRepositories.close());

  app.get(
    '/repos',
    {
      config: { access: 'AUTHENTICATED' },
      schema: {
        summary: 'Lists the repositories one may see, of all projects',
        tags: TAGS,
        querystring: ListQuery,
        response: { 200: pageOf(RestRepository) },
      },
    },
    async (request) => {
      const { name = '', projectkey, projectname, permission = 'REPO_READ', visibility } = request.query;
      const page = pageRequest(request.query);
      const projects = new Map<number, ProjectRow>();
      const projectOf = async (id: number): Promise<ProjectRow> => {
        const project = projects.get(id) ?? (await findProject(db, id));
        if (project === undefined) throw new HttpError(409, 'A project was deleted meanwhile.');
        projects.set(id, project);
        return project;
      };
      const filter = { name, visibleTo: request.rights.viewer };
      const plain =
        [projectkey, projectname, visibility].every((one) => one === undefined) && permission === 'REPO_READ';
      const found: { readonly repository: RepositoryRow; readonly project: ProjectRow }[] = [];
      for (const repository of await listRepositories(db, filter, plain ? page : ALL)) {
        const project = await projectOf(repository.projectId);
        const isPublic = repository.isPublic === 1 || project.isPublic === 1;
        const wanted =
          (projectkey === undefined || project.key.toLowerCase() === projectkey.toLowerCase()) &&
          (projectname === undefined || project.name.toLowerCase().includes(projectname.toLowerCase())) &&
          (visibility === undefined || (visibility === 'public') === isPublic) &&
          request.rights.repository(repository) >= levelOf(permission);
        if (plain || wanted) found.push({ repository, project });
      }
      const rows = plain ? found : found.slice(page.start, page.start + page.limit + 1);
      return toPage(
        page,
        rows.map(({ repository, project }) => toRestRepository(repository, project)),
      );
    },
  );

  app.get(
    '/projects/:projectKey/repos',
    {
      config: { access: 'PROJECT_VIEW' },
      schema: {
        summary: 'Lists the repositories of a project that one may see',
        tags: TAGS,
        params: ProjectParams,
        querystring: Type.Object(PAGE_QUERY),
        response: { 200: pageOf(RestRepository) },
      },
    },
    async (request) => {
      const page = pageRequest(request.query);
      const { project } = request;
      const rows = await listRepositories(db, { projectId: project.id, visibleTo: request.rights.viewer }, page);
      return toPage(
        page,
        rows.map((row) => toRestRepository(row, project)),
      );
    },
  );

  app.post(
    '/projects/:projectKey/repos',
    {
      config: { access: 'PROJECT_ADMIN' },
      schema: {
        summary: 'Registers a repository that is there: `path` or `cloneUrl` says where',
        tags: TAGS,
        params: ProjectParams,
        body: Type.Object({ ...RepositoryBody.properties, name: Title }),
        response: { 201: RestRepositoryWithPlace },
      },
    },
    async (request, reply) => {
      const { project, body } = request;
      const place = await readPlace(request, body, await limitsOf(context));
      if (place === undefined)
        throw new HttpError(400, 'path (a repository on this server) or cloneUrl (an address) is required.', {
          context: 'path',
        });
      const { name, slug, description, public: isPublic, defaultBranch } = body;
      const repository = await inTransaction(db, async (transaction) => {
        const created = await createRepository(transaction, {
          projectId: project.id,
          name,
          ...(slug === undefined ? {} : { slug }),
          ...(description === undefined ? {} : { description }),
          ...(isPublic === undefined ? {} : { isPublic }),
          ...(defaultBranch === undefined || defaultBranch === null ? {} : { defaultBranch: fullRef(defaultBranch) }),
          ...place,
          created: context.now(),
        });
        await auditOf(request, context, {
          category: CATEGORY,
          action: 'Repository created',
          scope: 'REPOSITORY',
          resourceId: created.id,
          details: { project: project.key, slug: created.slug, ...place },
          db: transaction,
        });
        return created;
      });
      await context.newRepositories.welcome(repository, actorOf(request));
      return reply.code(201).send(shownTo(request, repository, project));
    },
  );

  app.get(
    '/projects/:projectKey/repos/:repositorySlug',
    {
      config: { access: 'REPO_READ' },
      schema: {
        summary: 'Shows a repository',
        tags: TAGS,
        params: RepositoryParams,
        response: { 200: RestRepositoryWithPlace },
      },
    },
    (request) => shownTo(request, request.repository, request.project),
  );

  app.put(
    '/projects/:projectKey/repos/:repositorySlug',
    {
      config: { access: 'REPO_ADMIN' },
      schema: {
        summary: 'Changes a repository; what is absent stays',
        tags: TAGS,
        params: RepositoryParams,
        body: RepositoryBody,
        response: { 201: RestRepositoryWithPlace },
      },
    },
    async (request, reply) => {
      const { repository } = request;
      const { changes, project } = await readChanges(request, context);
      const moves = changes.path !== undefined && changes.path !== repository.path;
      if (moves && repository.path !== null) await context.policies.removeSnapshot(repository.id);
      const changed = await inTransaction(db, async (transaction) => {
        const row = await updateRepository(transaction, repository.id, changes);
        await auditOf(request, context, {
          category: CATEGORY,
          action: 'Repository changed',
          scope: 'REPOSITORY',
          resourceId: repository.id,
          details: { project: project.key, slug: row?.slug, fields: Object.keys(request.body) },
          db: transaction,
        });
        return row ?? repository;
      }).catch(async (error: unknown) => {
        // Nothing moved after all: the hook gets its snapshot back.
        if (moves) await context.policies.installSnapshot(repository.id);
        throw error;
      });
      await context.policies.installSnapshot(repository.id);
      return reply.code(201).send(shownTo(request, changed, project));
    },
  );

  app.delete(
    '/projects/:projectKey/repos/:repositorySlug',
    {
      config: { access: 'REPO_ADMIN' },
      schema: {
        summary:
          'Takes a repository off the register, with all that was found in it; the repository itself stays where it is',
        tags: TAGS,
        params: RepositoryParams,
        response: {
          202: Type.Object({ context: Type.Null(), message: Type.String(), exceptionName: Type.Null() }),
          204: Nothing,
        },
      },
    },
    async (request, reply) => {
      const { project, repository } = request;
      await context.policies.removeSnapshot(repository.id);
      await inTransaction(db, async (transaction) => {
        await deleteRepository(transaction, repository.id);
        await auditOf(request, context, {
          category: CATEGORY,
          action: 'Repository deleted',
          scope: 'REPOSITORY',
          resourceId: repository.id,
          details: { project: project.key, slug: repository.slug },
          db: transaction,
        });
      });
      return reply
        .code(202)
        .send({ context: null, message: 'Repository scheduled for deletion.', exceptionName: null });
    },
  );
};

/** What a body wants changed, looked at; and the project the repository is in afterwards. */
async function readChanges(
  request: FastifyRequest<{ Body: Static<typeof RepositoryBody> }>,
  context: ServerContext,
): Promise<{ readonly changes: RepositoryChanges; readonly project: ProjectRow }> {
  const { body, repository } = request;
  const place = await readPlace(request, body, await limitsOf(context));
  const project =
    body.project === undefined ? request.project : await targetProject(request, context, body.project.key);
  const newName = body.name === repository.name ? undefined : body.name;
  const slug = body.slug ?? (newName === undefined ? undefined : slugOf(newName));
  return {
    project,
    changes: {
      ...(body.name === undefined ? {} : { name: body.name }),
      ...(slug === undefined || slug === repository.slug ? {} : { slug }),
      ...(body.description === undefined ? {} : { description: body.description }),
      ...(body.public === undefined ? {} : { isPublic: body.public }),
      ...(body.defaultBranch === undefined
        ? {}
        : { defaultBranch: body.defaultBranch === null ? null : fullRef(body.defaultBranch) }),
      ...place,
      ...(project.id === repository.projectId ? {} : { projectId: project.id }),
    },
  };
}

async function limitsOf({ store: { db }, repositoryRoots: roots }: ServerContext): Promise<PlaceLimits> {
  return { roots, allowPrivateTargets: await readSetting(db, 'allowPrivateTargets') };
}

/** A repository is moved by whoever administers both projects. */
async function targetProject(
  request: FastifyRequest,
  { store: { db } }: ServerContext,
  key: string,
): Promise<ProjectRow> {
  const target = await findProjectByKey(db, key);
  if (target === undefined || request.rights.project(target) < levelOf('PROJECT_ADMIN')) throw notPermitted(request);
  if (target.id !== request.project.id && request.rights.project(request.project) < levelOf('PROJECT_ADMIN'))
    throw notPermitted(request);
  return target;
}

/** Where it lies is shown to those who administer it. */
function shownTo(request: FastifyRequest, repository: RepositoryRow, project: ProjectRow) {
  const shown = toRestRepository(repository, project);
  if (request.rights.repository(repository) < levelOf('REPO_ADMIN')) return shown;
  return { ...shown, path: repository.path, cloneUrl: repository.cloneUrl };
}

function fullRef(branch: string): string {
  return branch.startsWith('refs/') ? branch : `refs/heads/${branch}`;
}
