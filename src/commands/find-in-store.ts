/** What the arguments of a command name, or a word on what is not there. */
import { LeakgateError } from '../model/errors.ts';
import type { Grantee } from '../store/grants.ts';
import { findGroup } from '../store/groups.ts';
import type { Db } from '../store/open-store.ts';
import { findProjectByKey } from '../store/projects.ts';
import { findRepository } from '../store/repositories.ts';
import type { ProjectRow, RepositoryRow, UserRow } from '../store/schema.ts';
import { findUserByName } from '../store/users.ts';
import type { GranteeFlags } from './store-options.ts';

/** Exactly one of the two. */
export async function granteeOf(db: Db, { user, group }: GranteeFlags): Promise<Grantee> {
  if ((user === undefined) === (group === undefined))
    throw new LeakgateError('USAGE_INVALID', 'say who is meant: either --user or --group');
  if (group !== undefined) {
    const found = await findGroup(db, group);
    if (found === undefined) throw missing(`group ${group}`);
    return { groupId: found.id };
  }
  return { userId: (await userOf(db, user ?? '')).id };
}

export async function userOf(db: Db, name: string): Promise<UserRow> {
  const user = await findUserByName(db, name);
  if (user === undefined) throw missing(`user ${name}`);
  return user;
}

export async function projectOf(db: Db, key: string): Promise<ProjectRow> {
  const project = await findProjectByKey(db, key);
  if (project === undefined) throw missing(`project ${key}`);
  return project;
}

export async function repositoryOf(
  db: Db,
  key: string,
  slug: string,
): Promise<{ project: ProjectRow; repository: RepositoryRow }> {
  const project = await projectOf(db, key);
  const repository = await findRepository(db, project.id, slug);
  if (repository === undefined) throw missing(`repository ${slug} in project ${project.key}`);
  return { project, repository };
}

/** What was named and is not there. */
export function missing(what: string): LeakgateError {
  return new LeakgateError('TARGET_INVALID', `there is no ${what}`);
}
