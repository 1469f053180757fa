/**
 * Asks, before a handler or even the body is looked at, whether the caller may use the route; and finds the project and repository of the path.
 * The permission comes before existence: who may not see a project is not told that it is missing.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { personalProject } from '../store/personal-projects.ts';
import { findProjectByKey } from '../store/projects.ts';
import { findRepository } from '../store/repositories.ts';
import type { ProjectRow, RepositoryRow } from '../store/schema.ts';
import { HttpError } from './http-error.ts';
import { isAllowed, rightsOf } from './rights.ts';
import type { ServerContext } from './server-context.ts';
import { shownName } from './shown-name.ts';

/** Part of the realm of `WWW-Authenticate`. */
const CHALLENGE = 'Basic realm="Leakgate"';

/** Throws what the client is to be told when it may not. */
export async function authorize(request: FastifyRequest, reply: FastifyReply, context: ServerContext): Promise<void> {
  const { access } = request.routeOptions.config;
  if (access === undefined) throw new Error(`${request.routeOptions.url ?? 'a route'} does not say who may use it`);
  const { db } = context.store;
  const place = await findPlace(request, context);
  request.rights = await rightsOf(request.caller, db);
  if (!isAllowed(access, request.rights, place)) {
    if (!request.rights.known) void reply.header('WWW-Authenticate', CHALLENGE);
    throw notPermitted(request);
  }
  if (place.missing !== undefined) throw place.missing;
  if (place.project !== undefined) request.project = place.project;
  if (place.repository !== undefined) request.repository = place.repository;
}

/**
 * What a caller without the permission is told: 401 in the interfaces whose clients expect that, 403 in our own. Handlers that find out only later
 * (a parameter that needs more) throw it too.
 */
export function notPermitted(request: Pick<FastifyRequest, 'url' | 'rights'>): HttpError {
  const status = request.rights.known && request.url.startsWith('/rest/leakgate/') ? 403 : 401;
  return new HttpError(status, 'You are not permitted to access this resource', {
    exceptionName: 'com.atlassian.bitbucket.AuthorisationException',
  });
}

/** What a path without credentials, or with wrong ones, is answered with. */
export function challenge(reply: FastifyReply): void {
  void reply.header('WWW-Authenticate', CHALLENGE);
}

interface Place {
  readonly project?: ProjectRow;
  readonly repository?: RepositoryRow;
  /** Said to whoever may know. */
  readonly missing?: HttpError;
}

async function findPlace(request: FastifyRequest, context: ServerContext): Promise<Place> {
  const { db } = context.store;
  const { projectKey, repositorySlug } = request.params as Readonly<Record<string, string | undefined>>;
  if (projectKey === undefined) return {};
  const project = (await findProjectByKey(db, projectKey)) ?? (await ownProject(request, context, projectKey));
  if (project === undefined) {
    const missing = new HttpError(404, `Project ${shownName(projectKey)} does not exist.`, {
      exceptionName: 'com.atlassian.bitbucket.project.NoSuchProjectException',
    });
    return { missing };
  }
  if (repositorySlug === undefined) return { project };
  const repository = await findRepository(db, project.id, repositorySlug);
  if (repository !== undefined) return { project, repository };
  const missing = new HttpError(404, `Repository ${project.key}/${shownName(repositorySlug)} does not exist.`, {
    exceptionName: 'com.atlassian.bitbucket.repository.NoSuchRepositoryException',
  });
  return { project, missing };
}

/** One's own personal project is there as soon as one looks for it. */
async function ownProject(
  { caller }: FastifyRequest,
  { store: { db }, now }: ServerContext,
  key: string,
): Promise<ProjectRow | undefined> {
  if (caller.kind !== 'user' || key.toLowerCase() !== `~${caller.user.slug}`) return undefined;
  return personalProject(db, caller.user.id, now());
}
