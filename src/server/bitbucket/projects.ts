/** Bitbucket's `/projects`: the register of what repositories, rules and permissions are gathered under. */
import { Type } from 'typebox';
import { inTransaction } from '../../store/in-transaction.ts';
import { setGrant } from '../../store/grants.ts';
import { createProject, deleteProject, listProjects, updateProject } from '../../store/projects.ts';
import { listRepositories } from '../../store/repositories.ts';
import { PROJECT_PERMISSIONS } from '../../store/schema.ts';
import { ALL } from '../../store/slice.ts';
import { auditOf } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import { levelOf } from '../rights.ts';
import type { Routes } from '../server-context.ts';
import {
  Description,
  Nothing,
  ProjectKey,
  ProjectParams,
  RestProject,
  SearchText,
  Title,
  toRestProject,
} from './shapes.ts';

const ProjectBody = Type.Object({
  key: Type.Optional(ProjectKey),
  name: Type.Optional(Title),
  description: Type.Optional(Description),
  public: Type.Optional(Type.Boolean({ description: 'Readable for everybody with an account.' })),
});

const ListQuery = Type.Object({
  name: Type.Optional(SearchText),
  permission: Type.Optional(Type.Union(PROJECT_PERMISSIONS.map((name) => Type.Literal(name)))),
  ...PAGE_QUERY,
});

const CATEGORY = 'Projects';
const TAGS = ['Projects'];

export const addProjectRoutes: Routes = (app, context) => {
  const { db } = context.store;

  app.get(
    '/projects',
    {
      config: { access: 'AUTHENTICATED' },
      schema: {
        summary: 'Lists the projects one may see',
        tags: TAGS,
        querystring: ListQuery,
        response: { 200: pageOf(RestProject) },
      },
    },
    async (request) => {
      const { name = '', permission = 'PROJECT_READ' } = request.query;
      const page = pageRequest(request.query);
      const filter = { name, visibleTo: request.rights.viewer };
      if (permission === 'PROJECT_READ') return toPage(page, (await listProjects(db, filter, page)).map(toRestProject));
      const wanted = levelOf(permission);
      const all = (await listProjects(db, filter, ALL)).filter((project) => request.rights.project(project) >= wanted);
      return toPage(page, all.slice(page.start, page.start + page.limit + 1).map(toRestProject));
    },
  );

  app.post(
    '/projects',
    {
      config: { access: 'PROJECT_CREATE' },
      schema: {
        summary: 'Creates a project; who creates it administers it',
        tags: TAGS,
        body: Type.Object({ ...ProjectBody.properties, key: ProjectKey }),
        response: { 201: RestProject },
      },
    },
    async (request, reply) => {
      const { key, name, description, public: isPublic } = request.body;
      const project = await inTransaction(db, async (transaction) => {
        const created = await createProject(transaction, {
          key,
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
          ...(isPublic === undefined ? {} : { isPublic }),
          created: context.now(),
        });
        const { caller } = request;
        if (caller.kind === 'user')
          await setGrant(
            transaction,
            { scope: 'PROJECT', resourceId: created.id },
            { userId: caller.user.id },
            'PROJECT_ADMIN',
          );
        await auditOf(request, context, {
          category: CATEGORY,
          action: 'Project created',
          scope: 'PROJECT',
          resourceId: created.id,
          details: { key: created.key },
          db: transaction,
        });
        return created;
      });
      return reply.code(201).send(toRestProject(project));
    },
  );

  app.get(
    '/projects/:projectKey',
    {
      config: { access: 'PROJECT_VIEW' },
      schema: { summary: 'Shows a project', tags: TAGS, params: ProjectParams, response: { 200: RestProject } },
    },
    (request) => toRestProject(request.project),
  );

  app.put(
    '/projects/:projectKey',
    {
      config: { access: 'PROJECT_ADMIN' },
      schema: {
        summary: 'Changes a project; what is absent stays',
        tags: TAGS,
        params: ProjectParams,
        body: Type.Object({
          ...ProjectBody.properties,
          key: Type.Optional(Type.Union([ProjectKey, Type.String({ pattern: '^~' })])),
        }),
        response: { 200: RestProject },
      },
    },
    async (request) => {
      const { key, name, description, public: isPublic } = request.body;
      const { project } = request;
      if (key !== undefined && key !== project.key && project.ownerId !== null)
        throw new HttpError(400, 'The key of a personal project comes from its owner.', { context: 'key' });
      return inTransaction(db, async (transaction) => {
        const changed = await updateProject(transaction, project.id, {
          ...(key === undefined || key === project.key ? {} : { key }),
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
          ...(isPublic === undefined ? {} : { isPublic }),
        });
        await auditOf(request, context, {
          category: CATEGORY,
          action: 'Project changed',
          scope: 'PROJECT',
          resourceId: project.id,
          details: { key: changed?.key, fields: Object.keys(request.body) },
          db: transaction,
        });
        return toRestProject(changed ?? project);
      });
    },
  );

  app.delete(
    '/projects/:projectKey',
    {
      config: { access: 'PROJECT_ADMIN' },
      schema: {
        summary: 'Deletes a project that has no repositories',
        tags: TAGS,
        params: ProjectParams,
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { project } = request;
      await inTransaction(db, async (transaction) => {
        const repositories = await listRepositories(transaction, { projectId: project.id }, { start: 0, limit: 1 });
        if (repositories.length > 0)
          throw new HttpError(409, `Project ${project.key} has repositories; delete them first.`, {
            exceptionName: 'com.atlassian.bitbucket.project.ProjectNotEmptyException',
          });
        await deleteProject(transaction, project.id);
        await auditOf(request, context, {
          category: CATEGORY,
          action: 'Project deleted',
          scope: 'PROJECT',
          resourceId: project.id,
          details: { key: project.key },
          db: transaction,
        });
      });
      return reply.code(204).send(null);
    },
  );
};
