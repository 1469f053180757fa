/** What `leakgate repository …` does. */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseCloneUrl } from '../git/clone-url.ts';
import { openRepository } from '../git/repository.ts';
import { removePolicySnapshot } from '../hook/policy-snapshot.ts';
import { LeakgateError } from '../model/errors.ts';
import { inTransaction } from '../store/in-transaction.ts';
import type { Db } from '../store/open-store.ts';
import { findProject } from '../store/projects.ts';
import { createRepository, deleteRepository, listRepositories } from '../store/repositories.ts';
import type { ProjectRow, RepositoryRow } from '../store/schema.ts';
import { ALL } from '../store/slice.ts';
import type { CliContext } from './cli-context.ts';
import { projectOf, repositoryOf } from './find-in-store.ts';
import { describeGrants, grantOn, grantsOn, revokeOn } from './grant-actions.ts';
import type { NamedTarget } from './grant-actions.ts';
import type { RepositoryAddFlags, RepositoryListFlags } from './repository.ts';
import type { GranteeFlags, Level, StoreFlags } from './store-options.ts';
import { answer, auditHere, columns, withStore } from './with-store.ts';

/** Project key and slug, as arguments name a repository. */
type Names = readonly [project: string, slug: string];

interface Found {
  readonly project: ProjectRow;
  readonly repository: RepositoryRow;
}

/** `leakgate repository list`. */
export async function listAllRepositories(
  context: CliContext,
  text: string,
  flags: RepositoryListFlags,
): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const project = flags.project === undefined ? undefined : await projectOf(db, flags.project);
    const filter = { name: text, ...(project === undefined ? {} : { projectId: project.id }) };
    const found: Found[] = [];
    const known = new Map<number, ProjectRow>();
    for (const repository of await listRepositories(db, filter, ALL)) {
      const owner = known.get(repository.projectId) ?? (await findProject(db, repository.projectId));
      if (owner === undefined) continue; // removed in between
      known.set(owner.id, owner);
      found.push({ project: owner, repository });
    }
    const rows = found.map(({ project: { key }, repository: { slug, path, cloneUrl } }) => [
      key,
      slug,
      path ?? cloneUrl ?? '',
    ]);
    answer(context, flags, found.map(toJson), columns(rows));
  });
}

/** `leakgate repository show`. */
export async function showRepository(context: CliContext, names: Names, flags: StoreFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const found = await repositoryOf(db, ...names);
    const { path, cloneUrl, defaultBranch, isPublic } = found.repository;
    const permissions = await grantsOn(db, targetOf(found));
    const lines = [
      `${titleOf(found)}${isPublic === 1 ? ' (public)' : ''}: ${path ?? cloneUrl ?? ''}`,
      ...(defaultBranch === null ? [] : [`  default branch: ${defaultBranch}`]),
      ...describeGrants(permissions),
    ];
    answer(context, flags, { ...toJson(found), permissions }, lines.join('\n'));
  });
}

/** `leakgate repository add`. */
export async function addRepository(context: CliContext, [key, slug]: Names, flags: RepositoryAddFlags): Promise<void> {
  const place = await placeOf(context, flags);
  await withStore(context, flags, async ({ db }) => {
    const project = await projectOf(db, key);
    const found = await inTransaction(db, async (transaction) => {
      const repository = await createRepository(transaction, {
        projectId: project.id,
        slug: slug.toLowerCase(),
        name: flags.name ?? slug,
        ...place,
        ...(flags.defaultBranch === undefined ? {} : { defaultBranch: fullRef(flags.defaultBranch) }),
        isPublic: flags.public === true,
        created: Date.now(),
      });
      await audit(transaction, { project, repository }, 'Repository created');
      return { project, repository };
    });
    answer(context, flags, toJson(found), `added repository ${titleOf(found)}`);
  });
}

/** `leakgate repository remove`. */
export async function removeRepository(context: CliContext, names: Names, flags: StoreFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const found = await repositoryOf(db, ...names);
    await forgetSnapshots([found.repository]);
    await inTransaction(db, async (transaction) => {
      await deleteRepository(transaction, found.repository.id);
      await audit(transaction, found, 'Repository deleted');
    });
    answer(context, flags, toJson(found), `removed repository ${titleOf(found)}`);
  });
}

/** `leakgate repository grant`. */
export async function grantOnRepository(
  context: CliContext,
  names: Names,
  level: Level,
  flags: GranteeFlags,
): Promise<void> {
  await withStore(context, flags, async ({ db }) =>
    grantOn(context, db, targetOf(await repositoryOf(db, ...names)), level, flags),
  );
}

/** `leakgate repository revoke`. */
export async function revokeOnRepository(context: CliContext, names: Names, flags: GranteeFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) =>
    revokeOn(context, db, targetOf(await repositoryOf(db, ...names)), flags),
  );
}

/** A hook goes by the policy that the server wrote for it. Where there is no server's policy any more it must go by its own again. */
export async function forgetSnapshots(repositories: readonly Pick<RepositoryRow, 'path'>[]): Promise<void> {
  for (const { path } of repositories) {
    if (path === null) continue;
    const repository = await openRepository(path, { registered: true }).catch(() => undefined);
    // A folder that is gone has no hook either.
    if (repository !== undefined) await removePolicySnapshot(repository.gitDir);
  }
}

/** Looks whether there is a repository before it is kept. */
async function placeOf(
  context: CliContext,
  { path, cloneUrl }: RepositoryAddFlags,
): Promise<{ path: string } | { cloneUrl: string }> {
  if ((path === undefined) === (cloneUrl === undefined))
    throw new LeakgateError('USAGE_INVALID', 'say where the repository is: either --path or --clone-url');
  if (cloneUrl !== undefined) return { cloneUrl: parseCloneUrl(cloneUrl).url };
  const folder = resolve(context.cwd, path ?? '');
  const { gitDir } = await openRepository(folder, { registered: true, signal: context.signal });
  const real = await realpath(folder);
  // git also looks in the folders above: that would be another repository than the one that was named.
  const inside = await realpath(gitDir);
  if (inside !== real && inside !== (await realpath(resolve(real, '.git')).catch(() => undefined)))
    throw new LeakgateError('TARGET_INVALID', `${folder} is inside of a repository and none itself`);
  return { path: real };
}

function targetOf(found: Found): NamedTarget {
  return { scope: 'REPOSITORY', resourceId: found.repository.id, title: `repository ${titleOf(found)}` };
}

function titleOf({ project, repository }: Found): string {
  return `${project.key}/${repository.slug}`;
}

async function audit(db: Db, { project, repository: { id, slug } }: Found, action: string): Promise<void> {
  const details = { project: project.key, slug };
  await auditHere(db, { category: 'Repositories', action, scope: 'REPOSITORY', resourceId: id, details });
}

function toJson({ project, repository }: Found) {
  const { id, slug, name, path, cloneUrl, defaultBranch, isPublic } = repository;
  return { id, project: project.key, slug, name, path, cloneUrl, defaultBranch, public: isPublic === 1 };
}

function fullRef(branch: string): string {
  return branch.startsWith('refs/') ? branch : `refs/heads/${branch}`;
}
