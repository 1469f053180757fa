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
import { isUnreadable, unreadable } from '../unreadable-repository.ts';

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
 * Finds it, and its tip as it is now for a repository on this machine; of one that is mirrored, as it was last fetched. What was found before can be
 * shown while the repository cannot be read: then it is found as it was last seen.
 *
 * @throws HttpError 404 when there is no such branch, 503 when that cannot be told
 */
export async function findScanBranch(
  request: FastifyRequest,
  context: ServerContext,
  name: string | undefined,
): Promise<BranchRow> {
  const { repository } = request;
  const { db } = context.store;
  const isHere = repository.path !== null;
  const find = async (): Promise<{ readonly wanted?: string | undefined; readonly found?: BranchRow | undefined }> => {
    const wanted = name === undefined || name === '' ? await defaultRef(context, repository) : fullName(name);
    return { wanted, found: wanted === undefined ? undefined : await findBranch(db, repository.id, wanted) };
  };
  const trouble = isHere ? await seeBranches(context, repository) : undefined;
  const { wanted, found } = await find();
  if (found !== undefined) return found;
  if (trouble !== undefined) throw unreadable(request, trouble);
  if (isHere) throw noBranch(repository, name ?? wanted);
  await seeBranches(context, repository);
  const fetched = await find();
  if (fetched.found !== undefined) return fetched.found;
  throw noBranch(repository, name ?? fetched.wanted);
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
  const branches = await allBranches(store.db, repository.id);
  const head = await headOf(repository.path ?? mirrorPath(dataDir, repository.id));
  // HEAD of a mirror that has not been fetched says nothing.
  const saysWhich =
    head?.ref !== undefined && (repository.path !== null || branches.some(({ ref }) => ref === head.ref));
  if (saysWhich) return head.ref;
  if (branches.length === 1) return branches[0]?.ref;
  if (head !== undefined) return undefined;
  if (repository.head !== null) return repository.head;
  // It cannot be read, and was not since that is noted: who asks for results can only mean the branch that has some.
  const scanned = branches.filter(({ scannedCommit }) => scannedCommit !== null);
  return scanned.length === 1 ? scanned[0]?.ref : undefined;
}

/** Undefined when it cannot be read. */
async function headOf(path: string): Promise<{ readonly ref: string | undefined } | undefined> {
  try {
    return { ref: await defaultBranch(await openRepository(path, { registered: true })) };
  } catch (error) {
    if (error instanceof LeakgateError) return undefined;
    throw error;
  }
}

/** What is wrong when the repository cannot be read. */
async function seeBranches({ queue, log }: ServerContext, repository: RepositoryRow): Promise<unknown> {
  try {
    await queue.syncRefs(repository.id);
    return undefined;
  } catch (error) {
    if (!(error instanceof LeakgateError)) throw error;
    log.warn({ err: error, repositoryId: repository.id }, 'branches of a repository cannot be read');
    return isUnreadable(error) ? error : undefined;
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
