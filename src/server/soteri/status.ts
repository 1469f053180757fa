/** Security status of projects, repositories and branches. The database counts: a page costs the same few queries however many branches stand behind it. */
import { Type, type Static, type TSchema } from 'typebox';
import { listProjects } from '../../store/projects.ts';
import { listRepositories } from '../../store/repositories.ts';
import type { ProjectRow } from '../../store/schema.ts';
import {
  listBranchStatuses,
  NO_REPOSITORIES,
  projectStatuses,
  repositoryStatuses,
  SECURITY_STATES,
  type BranchStatus,
  type SecurityState,
  type SecurityStatus,
} from '../../store/status.ts';
import { notPermitted } from '../authorize.ts';
import { RestProject, RestRepository, toRestProject, toRestRepository } from '../bitbucket/shapes.ts';
import { PAGE_QUERY, pageOf, pageRequest, toPage } from '../paging.ts';
import type { Routes } from '../server-context.ts';
import { PROJECT_PARAMS, REPOSITORY_PARAMS, shortName } from './branch.ts';
import { orNull } from '../or-null.ts';

const CHILDREN = ['total', 'secure', 'vulnerable', 'notScanned', 'partiallyScanned', 'outdated'] as const;
const Status = {
  status: Type.Unsafe<SecurityState>(Type.Union(SECURITY_STATES.map((state) => Type.Literal(state)))),
  vulnerabilities: Type.Integer({ description: 'Findings that are neither allowlisted nor reviewed.' }),
  lastScanDate: orNull(Type.Integer(), { description: 'Milliseconds since 1970.' }),
};
const Children = { children: Type.Object(Object.fromEntries(CHILDREN.map((name) => [name, Type.Integer()]))) };
const ProjectStatus = Type.Object({ project: RestProject, ...Status, ...Children });
const RepositoryStatus = Type.Object({ repository: RestRepository, ...Status, ...Children });
const BranchState = Type.Object({
  branch: Type.Object({ id: Type.String(), displayId: Type.String(), latestCommit: Type.String() }),
  ...Status,
});

const ListQuery = Type.Object({
  ...PAGE_QUERY,
  name: Type.Optional(
    Type.String({ maxLength: 1024, pattern: '^[^\\u0000]*$', description: 'Part of the name, capital or small.' }),
  ),
});
const TAGS = ['status'];

const answers = (summary: string, answer: TSchema) => ({ summary, tags: TAGS, response: { 200: answer } });

/** GET of status: two of projects, two of repositories, one of branches. */
export const addStatusRoutes: Routes = (app, { store: { db } }) => {
  app.get(
    '/status/projects',
    {
      config: { access: 'APP_ACCESS' },
      schema: { ...answers('Status of projects', pageOf(ProjectStatus)), querystring: ListQuery },
    },
    async ({ query, rights: { viewer } }) => {
      const page = pageRequest(query);
      const projects = await listProjects(db, { visibleTo: viewer, ...named(query.name) }, page);
      const statuses = await projectStatuses(db, { projectIds: projects.map(({ id }) => id), viewer });
      return toPage(
        page,
        projects.map((project) => ofProject(project, statuses.get(project.id))),
      );
    },
  );

  app.get(
    '/status/projects/:projectKey',
    {
      config: { access: 'PROJECT_ADMIN_OR_APP_ACCESS' },
      schema: { ...answers('Status of a project', ProjectStatus), params: PROJECT_PARAMS },
    },
    async (request) => {
      const { project, rights } = request;
      const status = (await projectStatuses(db, { projectIds: [project.id], viewer: rights.viewer })).get(project.id);
      // App access is no right to see: only what one may read anyway is shown.
      if (status === undefined && rights.project(project) === 0) throw notPermitted(request);
      return ofProject(project, status);
    },
  );

  app.get(
    '/status/projects/:projectKey/repos',
    {
      config: { access: 'PROJECT_ADMIN_OR_APP_ACCESS' },
      schema: {
        ...answers("Status of a project's repositories", pageOf(RepositoryStatus)),
        params: PROJECT_PARAMS,
        querystring: ListQuery,
      },
    },
    async ({ project, query, rights: { viewer } }) => {
      const page = pageRequest(query);
      const rows = await listRepositories(db, { projectId: project.id, visibleTo: viewer, ...named(query.name) }, page);
      const statuses = await repositoryStatuses(db, { repositoryIds: rows.map(({ id }) => id) });
      const byId = new Map(statuses.map((status) => [status.repositoryId, status]));
      return toPage(
        page,
        rows.map((row) => ({ repository: toRestRepository(row, project), ...bare(byId.get(row.id)) })),
      );
    },
  );

  app.get(
    '/status/projects/:projectKey/repos/:repositorySlug',
    {
      config: { access: 'REPO_WRITE' },
      schema: { ...answers('Status of a repository', RepositoryStatus), params: REPOSITORY_PARAMS },
    },
    async ({ project, repository }) => {
      const [status] = await repositoryStatuses(db, { repositoryIds: [repository.id] });
      return { repository: toRestRepository(repository, project), ...bare(status) };
    },
  );

  app.get(
    '/status/projects/:projectKey/repos/:repositorySlug/branches',
    {
      config: { access: 'REPO_WRITE' },
      schema: {
        ...answers("Status of a repository's branches", pageOf(BranchState)),
        params: REPOSITORY_PARAMS,
        querystring: ListQuery,
      },
    },
    async ({ repository, query }) => {
      const page = pageRequest(query);
      return toPage(page, (await listBranchStatuses(db, repository.id, named(query.name), page)).map(ofBranch));
    },
  );
};

function named(name: string | undefined): { readonly name?: string } {
  return name === undefined || name === '' ? {} : { name };
}

function ofProject(project: ProjectRow, status: SecurityStatus | undefined): Static<typeof ProjectStatus> {
  return { project: toRestProject(project), ...bare(status) };
}

/** The status alone, without the ids it was found by. Nothing found: nothing there that could have been scanned. */
function bare({ status, vulnerabilities, lastScanDate, children }: SecurityStatus = NO_REPOSITORIES) {
  return { status, vulnerabilities, lastScanDate, children: { ...children } };
}

function ofBranch({ ref, tip, status, vulnerabilities, scanned }: BranchStatus): Static<typeof BranchState> {
  return {
    branch: { id: ref, displayId: shortName(ref), latestCommit: tip },
    status,
    vulnerabilities,
    lastScanDate: scanned,
  };
}
