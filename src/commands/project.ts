import type { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { addExamples } from './examples.ts';
import { parseLevel, withGrantee, withStoreOptions } from './store-options.ts';
import type { GranteeFlags, Level, StoreFlags } from './store-options.ts';

export interface ProjectAddFlags extends StoreFlags {
  readonly name?: string;
  readonly description?: string;
  readonly public?: true;
}

export interface ProjectRemoveFlags extends StoreFlags {
  readonly withRepositories?: true;
}

/** `leakgate project list|show|add|remove|grant|revoke`. */
export function addProjectCommand(program: Command, context: CliContext): void {
  const project = program
    .command('project')
    .description(
      'Projects of a server: what repositories, rules and permissions are gathered under. The server may run.',
    );
  addList(project, context);
  addShow(project, context);
  addAdd(project, context);
  addRemove(project, context);
  addGrant(project, context);
  addRevoke(project, context);
}

function addList(project: Command, context: CliContext): void {
  const command = withStoreOptions(project.command('list'))
    .description('List projects.')
    .argument('[text]', 'part of the name')
    .action(async (text: string | undefined, flags: StoreFlags) => {
      const { listAllProjects } = await import('./project-actions.ts');
      await listAllProjects(context, text ?? '', flags);
    });
  addExamples(command, [{ run: 'leakgate project list', does: 'all of them' }]);
}

function addShow(project: Command, context: CliContext): void {
  const command = withStoreOptions(project.command('show'))
    .description('Show a project: its repositories, and who may do what.')
    .argument('<key>', 'key of the project')
    .action(async (key: string, flags: StoreFlags) => {
      const { showProject } = await import('./project-actions.ts');
      await showProject(context, key, flags);
    });
  addExamples(command, [{ run: 'leakgate project show APP', does: 'all about one project' }]);
}

function addAdd(project: Command, context: CliContext): void {
  const command = withStoreOptions(project.command('add'))
    .description('Add a project.')
    .argument('<key>', 'a letter, then letters, digits, _ or -')
    .option('--name <text>', 'name to show (default: the key)')
    .option('--description <text>', 'what it is about')
    .option('--public', 'readable without an account')
    .action(async (key: string, flags: ProjectAddFlags) => {
      const { addProject } = await import('./project-actions.ts');
      await addProject(context, key, flags);
    });
  addExamples(command, [
    { run: "leakgate project add APP --name 'The application'", does: 'a project to put repositories in' },
  ]);
}

function addRemove(project: Command, context: CliContext): void {
  const command = withStoreOptions(project.command('remove'))
    .description('Remove a project, with what was set and found for it. Repositories on the disk stay as they are.')
    .argument('<key>', 'key of the project')
    .option('--with-repositories', 'also when there are repositories in it')
    .action(async (key: string, flags: ProjectRemoveFlags) => {
      const { removeProject } = await import('./project-actions.ts');
      await removeProject(context, key, flags);
    });
  addExamples(command, [{ run: 'leakgate project remove APP', does: 'a project without repositories' }]);
}

function addGrant(project: Command, context: CliContext): void {
  const command = withGrantee(withStoreOptions(project.command('grant')))
    .description('Let a user or group read, write or administer a project and its repositories.')
    .argument('<key>', 'key of the project')
    .argument('<permission>', 'read, write or admin', parseLevel)
    .action(async (key: string, level: Level, flags: GranteeFlags) => {
      const { grantOnProject } = await import('./project-actions.ts');
      await grantOnProject(context, key, level, flags);
    });
  addExamples(command, [{ run: 'leakgate project grant APP write --group developers', does: 'for all in a group' }]);
}

function addRevoke(project: Command, context: CliContext): void {
  const command = withGrantee(withStoreOptions(project.command('revoke')))
    .description('Take back what a user or group was granted on a project.')
    .argument('<key>', 'key of the project')
    .action(async (key: string, flags: GranteeFlags) => {
      const { revokeOnProject } = await import('./project-actions.ts');
      await revokeOnProject(context, key, flags);
    });
  addExamples(command, [{ run: 'leakgate project revoke APP --user ada', does: 'from one user' }]);
}
