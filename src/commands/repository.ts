import type { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { addExamples } from './examples.ts';
import { parseLevel, withGrantee, withStoreOptions } from './store-options.ts';
import type { GranteeFlags, Level, StoreFlags } from './store-options.ts';

export interface RepositoryListFlags extends StoreFlags {
  readonly project?: string;
}

export interface RepositoryAddFlags extends StoreFlags {
  readonly path?: string;
  readonly cloneUrl?: string;
  readonly name?: string;
  readonly defaultBranch?: string;
  readonly public?: true;
}

/** `leakgate repository list|show|add|remove|grant|revoke`. */
export function addRepositoryCommand(program: Command, context: CliContext): void {
  const repository = program
    .command('repository')
    .description(
      'Repositories that a server scans: paths on this machine, or addresses it keeps mirrors of. The server may run.',
    );
  addList(repository, context);
  addShow(repository, context);
  addAdd(repository, context);
  addRemove(repository, context);
  addGrant(repository, context);
  addRevoke(repository, context);
}

function addList(repository: Command, context: CliContext): void {
  const command = withStoreOptions(repository.command('list'))
    .description('List repositories.')
    .argument('[text]', 'part of the name')
    .option('--project <key>', 'those of one project')
    .action(async (text: string | undefined, flags: RepositoryListFlags) => {
      const { listAllRepositories } = await import('./repository-actions.ts');
      await listAllRepositories(context, text ?? '', flags);
    });
  addExamples(command, [
    { run: 'leakgate repository list --project APP', does: 'the repositories of a project, and where they are' },
  ]);
}

function addShow(repository: Command, context: CliContext): void {
  const command = withPlace(withStoreOptions(repository.command('show')))
    .description('Show a repository: where it is, and who may do what.')
    .action(async (project: string, slug: string, flags: StoreFlags) => {
      const { showRepository } = await import('./repository-actions.ts');
      await showRepository(context, [project, slug], flags);
    });
  addExamples(command, [{ run: 'leakgate repository show APP web', does: 'all about one repository' }]);
}

function addAdd(repository: Command, context: CliContext): void {
  const command = withPlace(withStoreOptions(repository.command('add')))
    .description(
      'Add a repository to a project. A server brings it its policy and scans it within seconds, or at its next start; to have pushes checked, `leakgate hook install` it.',
    )
    .option('--path <folder>', 'repository on this machine')
    .option('--clone-url <url>', 'https or ssh address, without a password')
    .option('--name <text>', 'name to show (default: the slug)')
    .option('--default-branch <branch>', 'such as main (default: what HEAD says)')
    .option('--public', 'readable without an account')
    .action(async (project: string, slug: string, flags: RepositoryAddFlags) => {
      const { addRepository } = await import('./repository-actions.ts');
      await addRepository(context, [project, slug], flags);
    });
  addExamples(command, [
    { run: 'leakgate repository add APP web --path /srv/git/web.git', does: 'a bare repository beside the server' },
    {
      run: 'leakgate repository add APP tools --clone-url https://git.example.org/tools.git',
      does: 'one that is mirrored',
    },
  ]);
}

function addRemove(repository: Command, context: CliContext): void {
  const command = withPlace(withStoreOptions(repository.command('remove')))
    .description('Forget a repository, with what was set and found for it. It stays on the disk as it is.')
    .action(async (project: string, slug: string, flags: StoreFlags) => {
      const { removeRepository } = await import('./repository-actions.ts');
      await removeRepository(context, [project, slug], flags);
    });
  addExamples(command, [{ run: 'leakgate repository remove APP web', does: 'one repository' }]);
}

function addGrant(repository: Command, context: CliContext): void {
  const command = withPlace(withGrantee(withStoreOptions(repository.command('grant'))))
    .description('Let a user or group read, write or administer a repository.')
    .argument('<permission>', 'read, write or admin', parseLevel)
    .action(async (project: string, slug: string, level: Level, flags: GranteeFlags) => {
      const { grantOnRepository } = await import('./repository-actions.ts');
      await grantOnRepository(context, [project, slug], level, flags);
    });
  addExamples(command, [
    { run: 'leakgate repository grant APP web admin --user ada', does: 'one user, one repository' },
  ]);
}

function addRevoke(repository: Command, context: CliContext): void {
  const command = withPlace(withGrantee(withStoreOptions(repository.command('revoke'))))
    .description('Take back what a user or group was granted on a repository.')
    .action(async (project: string, slug: string, flags: GranteeFlags) => {
      const { revokeOnRepository } = await import('./repository-actions.ts');
      await revokeOnRepository(context, [project, slug], flags);
    });
  addExamples(command, [{ run: 'leakgate repository revoke APP web --group contractors', does: 'from a group' }]);
}

function withPlace(command: Command): Command {
  return command.argument('<project>', 'key of the project').argument('<slug>', 'short name of the repository in it');
}
