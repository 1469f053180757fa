import { Option } from 'commander';
import type { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { addExamples } from './examples.ts';

export interface HookCheckFlags {
  readonly format: 'text' | 'json';
  /** The same as `--format json`. */
  readonly json?: boolean;
}

/** `leakgate hook`: put the pre-receive hook into a repository, take it out, see whether it works. */
export function addHookCommand(program: Command, context: CliContext): void {
  const hook = program
    .command('hook')
    .description('Put the pre-receive hook into a repository, take it out, see whether it works.');
  addInstall(hook, context);
  addUninstall(hook, context);
  addStatus(hook, context);
  addVerify(hook, context);
}

function addInstall(hook: Command, context: CliContext): void {
  const command = hook
    .command('install')
    .description(
      'Refuse pushes that bring a secret. A hook that is there is kept, and runs first. Doing it again mends and updates.',
    )
    .argument('[repository]', 'repository that is pushed to, mostly a bare one', '.')
    .option('--node <path>', 'node that runs the hook (default: the one that runs this)')
    .action(async (repository: string, flags: { readonly node?: string }) => {
      const { installHere } = await import('./hook-install.ts');
      await installHere(context, repository, flags);
    });
  addExamples(command, [
    { run: 'leakgate hook install /srv/git/app.git', does: 'from now on every push is looked at' },
    {
      run: 'LEAKGATE_CONFIG=/etc/leakgate/strict.yml leakgate hook install app.git',
      does: 'the hook keeps using this configuration',
    },
  ]);
}

function addUninstall(hook: Command, context: CliContext): void {
  const command = hook
    .command('uninstall')
    .description('Put back what was there before, byte for byte. The audit log and reviews stay.')
    .argument('[repository]', 'repository with the hook', '.')
    .action(async (repository: string) => {
      const { uninstallHere } = await import('./hook-install.ts');
      await uninstallHere(context, repository);
    });
  addExamples(command, [{ run: 'leakgate hook uninstall /srv/git/app.git', does: 'pushes are no longer looked at' }]);
}

function addStatus(hook: Command, context: CliContext): void {
  const command = withFormat(hook.command('status'))
    .description(
      'Show what is installed and how it is set up. Exit code 0: in order; 1: not installed, or broken; 2: cannot be told.',
    )
    .argument('[repository]', 'repository with the hook', '.')
    .action(async (repository: string, flags: HookCheckFlags) => {
      const { showStatus } = await import('./hook-status.ts');
      await showStatus(context, repository, flags);
    });
  addExamples(command, [{ run: 'leakgate hook status --json /srv/git/app.git', does: 'for monitoring' }]);
}

function addVerify(hook: Command, context: CliContext): void {
  const command = withFormat(hook.command('verify'))
    .description(
      'Try it: pushes a made-up secret to a scratch repository with the same hook, and sees it refused. Exit code 0: it works; 1: it does not; 2: cannot be told.',
    )
    .argument('[repository]', 'repository with the hook', '.')
    .action(async (repository: string, flags: HookCheckFlags) => {
      const { verifyHere } = await import('./hook-status.ts');
      await verifyHere(context, repository, flags);
    });
  addExamples(command, [
    { run: 'sudo -u git leakgate hook verify /srv/git/app.git', does: 'as the account that serves pushes' },
    { run: 'leakgate hook verify --format json app.git', does: 'for monitoring' },
  ]);
}

function withFormat(command: Command): Command {
  return command
    .addOption(new Option('-f, --format <name>', 'format of the answer').choices(['text', 'json']).default('text'))
    .option('--json', 'the same as --format json');
}
