/** Repositories that a body names by project key and slug. */
import { Type, type Static } from 'typebox';
import type { Db } from '../../store/open-store.ts';
import { findProjectByKey } from '../../store/projects.ts';
import { findRepository } from '../../store/repositories.ts';
import type { ProjectRow, RepositoryRow } from '../../store/schema.ts';
import { HttpError, HttpErrors } from '../http-error.ts';
import { shownName } from '../shown-name.ts';

/** Named at once. */
const MAX_SELECTORS = 1000;

/** PostgreSQL's texts have no zero bytes, and no name has one. */
const NAME = { maxLength: 128, pattern: '^[^\\u0000]*$' };

export const RepositorySelectors = Type.Array(
  Type.Object({
    projectKey: Type.Optional(Type.String({ ...NAME, description: 'May be absent where the path names the project.' })),
    slug: Type.String({ ...NAME, minLength: 1 }),
  }),
  { minItems: 1, maxItems: MAX_SELECTORS, description: 'At least one repository.' },
);

/**
 * The repositories, each once.
 * @param within the only project that may be named
 * @throws HttpErrors 400 or 404, with everything that is wrong
 */
export async function findSelected(
  db: Db,
  selectors: Static<typeof RepositorySelectors>,
  within: ProjectRow | undefined,
): Promise<readonly RepositoryRow[]> {
  const wrong: HttpError[] = [];
  const missing: HttpError[] = [];
  const found = new Map<number, RepositoryRow>();
  for (const [index, { projectKey = within?.key, slug }] of selectors.entries()) {
    const context = `[${index}].projectKey`;
    if (projectKey === undefined) {
      wrong.push(new HttpError(400, `${context} is required.`, { context }));
      continue;
    }
    const project = await findProjectByKey(db, projectKey);
    if (within !== undefined && project?.id !== within.id) {
      wrong.push(new HttpError(400, `${context} must be ${within.key}, the project of the path.`, { context }));
      continue;
    }
    const repository = project === undefined ? undefined : await findRepository(db, project.id, slug);
    if (repository === undefined) missing.push(noSuchRepository(projectKey, slug));
    else found.set(repository.id, repository);
  }
  if (wrong.length > 0) throw new HttpErrors(400, wrong);
  if (missing.length > 0) throw new HttpErrors(404, missing);
  return [...found.values()];
}

function noSuchRepository(projectKey: string, slug: string): HttpError {
  return new HttpError(404, `Repository ${shownName(projectKey)}/${shownName(slug)} does not exist.`, {
    exceptionName: 'com.atlassian.bitbucket.repository.NoSuchRepositoryException',
  });
}
