/** The branch that a request is about: named in `branch`, or the default one. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { LeakgateError } from '../../model/errors.ts';
import { defaultBranch } from '../../git/refs.ts';
import { openRepository } from '../../git/repository.ts';
import { mirrorPath } from '../../queue/open-target.ts';
import { allBranches, findBranch } from '../../store/branches.ts';
import type { BranchRow, RepositoryRow } from '../../store/schema.ts';
import { HttpError } from '../http-error.ts';
import type { ServerContext } from '../server-context.ts';

/** Query parameter of all that is about one branch. */
export const BRANCH_QUERY = {
  branch: Type.Optional(
    Type.String({ maxLength: 1024, description: '`main` or `refs/heads/main`; default: the default branch.' }),
  ),
};
/** Path parameters of a repository, for descriptions. */
export const REPOSITORY_PARAMS = Type.Object({ projectKey: Type.String(), repositorySlug: Type.String() });
export const PROJECT_PARAMS = Type.Object({ projectKey: Type.String() });

const HEADS = 'refs/heads/';

/**
 * Finds it, and its tip as it is now for a repository on this machine; of one that is mirrored, as it was last fetched.
 * @throws HttpError 404 when there is no such branch
 */
export async function findScanBranch(
  request: FastifyRequest,
  context: ServerContext,
  name: string | undefined,
): Promise<BranchRow> {
  const { repository } = request;
  const { db } = context.store;
  const isHere = repository.path !== null;
  if (isHere) await seeBranches(context, repository);
  const wanted = name === undefined || name === '' ? await defaultRef(context, repository) : fullName(name);
  const found = wanted === undefined ? undefined : await findBranch(db, repository.id, wanted);
  if (found !== undefined) return found;
  if (!isHere) {
    await seeBranches(context, repository);
    const ref = wanted ?? (await defaultRef(context, repository));
    const fetched = ref === undefined ? undefined : await findBranch(db, repository.id, ref);
    if (fetched !== undefined) return fetched;
  }
  throw noBranch(repository, name ?? wanted);
}

/** `main` as `refs/heads/main`. */
export function fullName(branch: string): string {
  return branch.startsWith('refs/') ? branch : `${HEADS}${branch}`;
}

/** The other way round. */
export function shortName(ref: string): string {
  return ref.startsWith(HEADS) ? ref.slice(HEADS.length) : ref;
}

async function defaultRef({ store, dataDir }: ServerContext, repository: RepositoryRow): Promise<string | undefined> {
  if (repository.defaultBranch !== null) return fullName(repository.defaultBranch);
  const refs = (await allBranches(store.db, repository.id)).map(({ ref }) => ref);
  const head = await headOf(repository.path ?? mirrorPath(dataDir, repository.id));
  // A mirror that has not been fetched has no HEAD that says anything: then the only branch there is.
  return head !== undefined && (repository.path !== null || refs.includes(head))
    ? head
    : refs.length === 1
      ? refs[0]
      : undefined;
}

async function headOf(path: string): Promise<string | undefined> {
  try {
    return await defaultBranch(await openRepository(path, { registered: true }));
  } catch (error) {
    if (error instanceof LeakgateError) return undefined;
    throw error;
  }
}

async function seeBranches({ queue, log }: ServerContext, repository: RepositoryRow): Promise<void> {
  try {
    await queue.syncRefs(repository.id);
  } catch (error) {
    // What was found before can be shown while the repository cannot be read.
    if (!(error instanceof LeakgateError)) throw error;
    log.warn({ err: error, repositoryId: repository.id }, 'branches of a repository cannot be read');
  }
}

function noBranch({ slug }: RepositoryRow, name: string | undefined): HttpError {
  const message =
    name === undefined
      ? `Repository ${slug} has no default branch.`
      : `Branch ${JSON.stringify(name.slice(0, 256))} does not exist in repository ${slug}.`;
  return new HttpError(404, message, {
    context: 'branch',
    exceptionName: `com.atlassian.bitbucket.repository.${name === undefined ? 'NoDefaultBranchException' : 'NoSuchBranchException'}`,
  });
}
