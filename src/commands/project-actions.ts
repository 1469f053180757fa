/** What `leakgate project …` does. */
import { LeakgateError } from '../model/errors.ts';
import { inTransaction } from '../store/in-transaction.ts';
import type { Db } from '../store/open-store.ts';
import { createProject, deleteProject, listProjects } from '../store/projects.ts';
import { listRepositories } from '../store/repositories.ts';
import type { ProjectRow } from '../store/schema.ts';
import { ALL } from '../store/slice.ts';
import type { CliContext } from './cli-context.ts';
import { projectOf } from './find-in-store.ts';
import { describeGrants, grantOn, grantsOn, revokeOn } from './grant-actions.ts';
import type { NamedTarget } from './grant-actions.ts';
import type { ProjectAddFlags, ProjectRemoveFlags } from './project.ts';
import { forgetSnapshots } from './repository-actions.ts';
import type { GranteeFlags, Level, StoreFlags } from './store-options.ts';
import { answer, auditHere, columns, withStore } from './with-store.ts';

const CATEGORY = 'Projects';

/** `leakgate project list`. */
export async function listAllProjects(context: CliContext, text: string, flags: StoreFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const projects = await listProjects(db, { name: text }, ALL);
    const rows = projects.map((project) => [project.key, project.name, project.isPublic === 1 ? 'public' : '']);
    answer(context, flags, projects.map(toJson), columns(rows));
  });
}

/** `leakgate project show`. */
export async function showProject(context: CliContext, key: string, flags: StoreFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const project = await projectOf(db, key);
    const repositories = await listRepositories(db, { projectId: project.id }, ALL);
    const permissions = await grantsOn(db, targetOf(project));
    const places = repositories.map(({ slug, path, cloneUrl }) => ({ slug, path, cloneUrl }));
    const lines = [
      `${project.key}: ${project.name}${project.isPublic === 1 ? ' (public)' : ''}`,
      ...(project.description === null ? [] : [project.description]),
      ...places.map(({ slug, path, cloneUrl }) => `  ${slug}: ${path ?? cloneUrl ?? ''}`),
      ...describeGrants(permissions),
    ];
    answer(context, flags, { ...toJson(project), repositories: places, permissions }, lines.join('\n'));
  });
}

/** `leakgate project add`. */
export async function addProject(context: CliContext, key: string, flags: ProjectAddFlags): Promise<void> {
  const { name, description } = flags;
  const add = async (db: Db): Promise<ProjectRow> => {
    const project = await createProject(db, {
      key,
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      isPublic: flags.public === true,
      created: Date.now(),
    });
    await audit(db, project, 'Project created');
    return project;
  };
  await withStore(
    context,
    flags,
    async ({ db }) => {
      const project = await inTransaction(db, add);
      answer(context, flags, toJson(project), `added project ${project.key}`);
    },
    { create: true },
  );
}

/** `leakgate project remove`. */
export async function removeProject(context: CliContext, key: string, flags: ProjectRemoveFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => {
    const project = await projectOf(db, key);
    const repositories = await listRepositories(db, { projectId: project.id }, ALL);
    if (repositories.length > 0 && flags.withRepositories !== true)
      throw new LeakgateError(
        'USAGE_INVALID',
        `project ${project.key} has ${repositories.length === 1 ? '1 repository' : `${repositories.length} repositories`}; remove them first, or give --with-repositories: their findings and settings go with it`,
      );
    await forgetSnapshots(repositories);
    await inTransaction(db, async (transaction) => {
      await deleteProject(transaction, project.id);
      await audit(transaction, project, 'Project deleted');
    });
    answer(context, flags, toJson(project), `removed project ${project.key}`);
  });
}

/** `leakgate project grant`. */
export async function grantOnProject(
  context: CliContext,
  key: string,
  level: Level,
  flags: GranteeFlags,
): Promise<void> {
  await withStore(context, flags, async ({ db }) =>
    grantOn(context, db, targetOf(await projectOf(db, key)), level, flags),
  );
}

/** `leakgate project revoke`. */
export async function revokeOnProject(context: CliContext, key: string, flags: GranteeFlags): Promise<void> {
  await withStore(context, flags, async ({ db }) => revokeOn(context, db, targetOf(await projectOf(db, key)), flags));
}

function targetOf({ id, key }: ProjectRow): NamedTarget {
  return { scope: 'PROJECT', resourceId: id, title: `project ${key}` };
}

async function audit(db: Db, { id, key }: ProjectRow, action: string): Promise<void> {
  await auditHere(db, { category: CATEGORY, action, scope: 'PROJECT', resourceId: id, details: { key } });
}

function toJson({ id, key, name, description, isPublic }: ProjectRow) {
  return { id, key, name, description, public: isPublic === 1 };
}
