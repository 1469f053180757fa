/**
 * Bitbucket's `/secret-scanning/exempt`: repositories that its rules are not used for. An exemption is global or a project's; who made a lower one
 * cannot undo a higher one.
 */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { addExemptions, findExemption, listExemptRepositories, removeExemption } from '../../store/exemptions.ts';
import type { ExemptionRow, ExemptRepository } from '../../store/exemptions.ts';
import { inTransaction } from '../../store/in-transaction.ts';
import type { RepositoryRow } from '../../store/schema.ts';
import { auditOf } from '../actor.ts';
import { notPermitted } from '../authorize.ts';
import { HttpError, HttpErrors } from '../http-error.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import type { Routes, ServerContext } from '../server-context.ts';
import { findSelected, RepositorySelectors } from './repository-selectors.ts';
import { SCANNING_SCOPES, SCOPE_PARAMS } from './scanning-scopes.ts';
import { RestRepository, toRestRepository } from './shapes.ts';

const ListQuery = Type.Object({
  order: Type.Optional(
    Type.Union([Type.Literal('NAME_ASC'), Type.Literal('NAME_DESC')], {
      default: 'NAME_ASC',
      description: 'By the name of the project, then of the repository.',
    }),
  ),
  ...PAGE_QUERY,
});

const RestExemptRepository = Type.Object({
  ...RestRepository.properties,
  exemptionScope: Type.Union([Type.Literal('GLOBAL'), Type.Literal('PROJECT')]),
});

const tags = ['Secret scanning'];

/** Seven of them. */
export const addExemptionRoutes: Routes = (app, context) => {
  const { db } = context.store;

  for (const { type, path, access, title } of SCANNING_SCOPES) {
    if (type === 'REPOSITORY') continue;
    const config = { access };
    const params = Type.Object(SCOPE_PARAMS[type]);
    const projectOf = (request: FastifyRequest) => (type === 'PROJECT' ? request.project : undefined);

    app.get(
      `${path}/secret-scanning/exempt`,
      {
        config,
        schema: {
          summary: `Lists exempt repositories (${title.toLowerCase()})`,
          tags,
          params,
          querystring: ListQuery,
          response: { 200: pageOf(RestExemptRepository) },
        },
      },
      async (request) => {
        const page = pageRequest(request.query);
        const project = projectOf(request);
        const filter = {
          descending: request.query.order === 'NAME_DESC',
          ...(project === undefined ? {} : { projectId: project.id }),
        };
        return toPage(page, (await listExemptRepositories(db, filter, page)).map(toRestExemptRepository));
      },
    );

    app.post(
      `${path}/secret-scanning/exempt`,
      {
        config,
        schema: {
          summary: `Exempts repositories, all or none (${title.toLowerCase()})`,
          tags,
          params,
          body: RepositorySelectors,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const repositories = await findSelected(db, request.body, projectOf(request));
        await exempt(request, context, repositories, type);
        return reply.code(204).send(null);
      },
    );
  }

  const path = '/projects/:projectKey/repos/:repositorySlug/secret-scanning/exempt';
  const params = Type.Object(SCOPE_PARAMS.REPOSITORY);

  app.get(
    path,
    {
      config: { access: 'REPO_ADMIN' },
      schema: { summary: 'Whether a repository is exempt', tags, params, response: { 200: Type.Boolean() } },
    },
    async (request) => (await findExemption(db, request.repository.id)) !== undefined,
  );

  app.put(
    path,
    {
      config: { access: 'PROJECT_ADMIN' },
      schema: {
        summary: 'Exempts a repository',
        description: 'Use the list of the project or the global one.',
        deprecated: true,
        tags,
        params,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await exempt(request, context, [request.repository], 'PROJECT');
      return reply.code(204).send(null);
    },
  );

  app.delete(
    path,
    {
      config: { access: 'PROJECT_ADMIN' },
      schema: { summary: 'Ends an exemption', tags, params, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      await endExemption(request, context);
      return reply.code(204).send(null);
    },
  );
};

async function exempt(
  request: FastifyRequest,
  context: ServerContext,
  repositories: readonly RepositoryRow[],
  scope: ExemptionRow['scope'],
): Promise<void> {
  const action = 'Secret scanning exempt repository added';
  await inTransaction(context.store.db, async (db) => {
    const already = await addExemptions(
      db,
      repositories.map(({ id }) => id),
      scope,
      context.now(),
    );
    const named = repositories.filter(({ id }) => already.includes(id));
    if (named.length > 0) {
      throw new HttpErrors(
        409,
        named.map(({ slug }) => new HttpError(409, `Repository ${slug} is exempt from secret scanning already.`)),
      );
    }
    for (const { id } of repositories)
      await auditOf(request, context, {
        category: 'Repositories',
        action,
        scope: 'REPOSITORY',
        resourceId: id,
        details: { exemption: scope },
        db,
      });
  });
  await Promise.all(repositories.map(({ id }) => context.policies.changed('REPOSITORY', id, action)));
}

async function endExemption(request: FastifyRequest, context: ServerContext): Promise<void> {
  const { id } = request.repository;
  const action = 'Secret scanning exempt repository deleted';
  const ended = await inTransaction(context.store.db, async (db) => {
    const exemption = await findExemption(db, id);
    if (exemption === undefined) return false;
    if (exemption.scope === 'GLOBAL' && !request.rights.has('ADMIN')) throw notPermitted(request);
    await removeExemption(db, id);
    const details = { exemption: exemption.scope };
    await auditOf(request, context, {
      category: 'Repositories',
      action,
      scope: 'REPOSITORY',
      resourceId: id,
      details,
      db,
    });
    return true;
  });
  if (ended) await context.policies.changed('REPOSITORY', id, action);
}

function toRestExemptRepository({ repository, project, scope }: ExemptRepository) {
  return { ...toRestRepository(repository, project), exemptionScope: scope };
}
