/** What a client is told of a registered repository that cannot be read (a disk that is not there): that, and no path of this machine. The log has the rest. */
import type { FastifyRequest } from 'fastify';
import { LeakgateError } from '../model/errors.ts';
import { HttpError } from './http-error.ts';

type WithPlace = Pick<FastifyRequest, 'project' | 'repository'>;

/** The answer. */
export function unreadable({ project, repository }: WithPlace, cause: unknown): HttpError {
  return new HttpError(503, `Repository ${project.key}/${repository.slug} cannot be read at the moment.`, { cause });
}

/** Whether an error says that a repository, or a file of its policy, cannot be read. What is wrong with the store is told in its own words. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof LeakgateError && !error.code.startsWith('STORE_');
}

/**
 * Does what has to read the repository of a request. What lower layers say when they cannot was written for whoever named the repository's path.
 * @throws HttpError 503 when it cannot be read
 */
export async function reading<T>(request: WithPlace, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isUnreadable(error) ? unreadable(request, error) : error;
  }
}
