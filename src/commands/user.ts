import { Option } from 'commander';
import type { Command } from 'commander';
import { GLOBAL_PERMISSIONS } from '../store/schema.ts';
import type { GlobalPermission } from '../store/schema.ts';
import type { CliContext } from './cli-context.ts';
import { addExamples } from './examples.ts';
import { withStoreOptions } from './store-options.ts';
import type { StoreFlags } from './store-options.ts';

export interface UserAddFlags extends StoreFlags {
  readonly displayName?: string;
  readonly email?: string;
  readonly permission: GlobalPermission;
  readonly appAccess?: true;
  /** `--no-password`. */
  readonly password: boolean;
}

export interface UserChangeFlags extends StoreFlags {
  readonly displayName?: string;
  readonly email?: string;
  readonly permission?: GlobalPermission;
  readonly appAccess?: boolean;
  readonly active?: boolean;
}

/** `leakgate user list|show|add|change|password|remove|join|leave`. */
export function addUserCommand(program: Command, context: CliContext): void {
  const user = program
    .command('user')
    .description(
      'Users and groups of a server: who may log in, and what they may do on it as a whole. The server may run.',
    );
  addList(user, context);
  addShow(user, context);
  addAdd(user, context);
  addChange(user, context);
  addPassword(user, context);
  addRemove(user, context);
  addJoin(user, context);
  addLeave(user, context);
}

function addList(user: Command, context: CliContext): void {
  const command = withStoreOptions(user.command('list'))
    .description('List users.')
    .argument('[text]', 'part of the name, the displayed name or the address')
    .option('--group <name>', 'members of a group')
    .action(async (text: string | undefined, flags: StoreFlags & { readonly group?: string }) => {
      const { listAllUsers } = await import('./user-actions.ts');
      await listAllUsers(context, text ?? '', flags);
    });
  addExamples(command, [{ run: 'leakgate user list --group developers', does: 'who is in a group' }]);
}

function addShow(user: Command, context: CliContext): void {
  const command = withStoreOptions(user.command('show'))
    .description('Show a user, with groups.')
    .argument('<name>', 'name to log in with')
    .action(async (name: string, flags: StoreFlags) => {
      const { showUser } = await import('./user-actions.ts');
      await showUser(context, name, flags);
    });
  addExamples(command, [{ run: 'leakgate user show ada', does: 'all about one user' }]);
}

function addAdd(user: Command, context: CliContext): void {
  const command = withStoreOptions(user.command('add'))
    .description('Add a user. The password is asked for, or read from standard input as one line.')
    .argument('<name>', 'name to log in with')
    .option('--display-name <text>', 'name to show (default: the name)')
    .option('--email <address>', 'where alerts go')
    .addOption(permissionOption().default('LICENSED_USER'))
    .option('--app-access', 'may change the settings of the scanner and see its reports')
    .option('--no-password', 'cannot log in with a password; tokens work')
    .action(async (name: string, flags: UserAddFlags) => {
      const { addUser } = await import('./user-actions.ts');
      await addUser(context, name, flags);
    });
  addExamples(command, [
    {
      run: 'leakgate user add ada --permission SYS_ADMIN --email ada@example.org',
      does: 'an administrator; asks for the password',
    },
    { run: 'leakgate user add ci --no-password', does: 'an account for a token' },
  ]);
}

function addChange(user: Command, context: CliContext): void {
  const command = withStoreOptions(user.command('change'))
    .description('Change a user. What is not given stays.')
    .argument('<name>', 'name to log in with')
    .option('--display-name <text>', 'name to show')
    .option('--email <address>', 'where alerts go; empty for none')
    .addOption(permissionOption())
    .option('--app-access', 'may change the settings of the scanner and see its reports')
    .option('--no-app-access', 'may not')
    .option('--active', 'may log in')
    .option('--no-active', 'may not, tokens included')
    .action(async (name: string, flags: UserChangeFlags) => {
      const { changeUser } = await import('./user-actions.ts');
      await changeUser(context, name, flags);
    });
  addExamples(command, [
    { run: 'leakgate user change ada --permission ADMIN', does: 'another permission on the server as a whole' },
    { run: 'leakgate user change ada --no-active', does: 'locks an account, and its tokens' },
  ]);
}

function addPassword(user: Command, context: CliContext): void {
  const command = withStoreOptions(user.command('password'))
    .description('Set a password. It is asked for, or read from standard input as one line.')
    .argument('<name>', 'name to log in with')
    .action(async (name: string, flags: StoreFlags) => {
      const { changePassword } = await import('./user-actions.ts');
      await changePassword(context, name, flags);
    });
  addExamples(command, [{ run: 'leakgate user password ada', does: 'asks for the new password' }]);
}

function addRemove(user: Command, context: CliContext): void {
  const command = withStoreOptions(user.command('remove'))
    .description('Remove a user, with permissions, tokens and the personal project.')
    .argument('<name>', 'name to log in with')
    .action(async (name: string, flags: StoreFlags) => {
      const { removeUser } = await import('./user-actions.ts');
      await removeUser(context, name, flags);
    });
  addExamples(command, [{ run: 'leakgate user remove ada', does: 'for good' }]);
}

function addJoin(user: Command, context: CliContext): void {
  const command = withStoreOptions(user.command('join'))
    .description('Put a user in a group. A group that is not there yet is made.')
    .argument('<name>', 'name to log in with')
    .argument('<group>', 'name of the group')
    .action(async (name: string, group: string, flags: StoreFlags) => {
      const { joinGroup } = await import('./user-actions.ts');
      await joinGroup(context, name, group, flags);
    });
  addExamples(command, [{ run: 'leakgate user join ada developers', does: 'gives what the group was granted' }]);
}

function addLeave(user: Command, context: CliContext): void {
  const command = withStoreOptions(user.command('leave'))
    .description('Take a user out of a group.')
    .argument('<name>', 'name to log in with')
    .argument('<group>', 'name of the group')
    .action(async (name: string, group: string, flags: StoreFlags) => {
      const { leaveGroup } = await import('./user-actions.ts');
      await leaveGroup(context, name, group, flags);
    });
  addExamples(command, [{ run: 'leakgate user leave ada developers', does: 'takes back what came with the group' }]);
}

function permissionOption(): Option {
  return new Option('--permission <name>', 'on the server as a whole').choices(GLOBAL_PERMISSIONS);
}
