import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { PROJECT_PERMISSIONS, REPOSITORY_PERMISSIONS } from '../store/schema.ts';
import type { ProjectPermission, RepositoryPermission } from '../store/schema.ts';
import type { CliContext } from './cli-context.ts';
import { addExamples } from './examples.ts';
import { withStoreOptions } from './store-options.ts';
import type { StoreFlags } from './store-options.ts';

/** Whose token; exactly one is given. */
export interface TokenOwnerFlags extends StoreFlags {
  readonly user?: string;
  readonly project?: string;
  readonly repository?: string;
}

export interface TokenCreateFlags extends TokenOwnerFlags {
  readonly permission: ProjectPermission | RepositoryPermission;
  readonly expires?: number;
}

/** `leakgate token create|list|revoke`. */
export function addTokenCommand(program: Command, context: CliContext): void {
  const token = program
    .command('token')
    .description('HTTP access tokens of users, projects and repositories of a server. The server may run.');
  addCreate(token, context);
  addList(token, context);
  addRevoke(token, context);
}

function addCreate(token: Command, context: CliContext): void {
  const command = withOwner(withStoreOptions(token.command('create')))
    .description('Make a token. It is printed on standard output, this once: the store has only its hash.')
    .argument('<name>', 'what it is for')
    .addOption(
      new Option('--permission <name>', 'the most it may do')
        .choices([...PROJECT_PERMISSIONS, ...REPOSITORY_PERMISSIONS])
        .default('REPO_READ'),
    )
    .option('--expires <date>', 'last day on which it works, such as 2027-01-31 (default: for good)', parseLastDay)
    .action(async (name: string, flags: TokenCreateFlags) => {
      const { createOneToken } = await import('./token-actions.ts');
      await createOneToken(context, name, flags);
    });
  addExamples(command, [
    { run: 'leakgate token create ci --user ci --permission REPO_WRITE --expires 2027-01-31', does: 'acts as a user' },
    { run: 'leakgate token create reports --project APP', does: 'reads the repositories of one project' },
  ]);
}

function addList(token: Command, context: CliContext): void {
  const command = withOwner(withStoreOptions(token.command('list')))
    .description('List the tokens of a user, project or repository.')
    .action(async (flags: TokenOwnerFlags) => {
      const { listTokensOf } = await import('./token-actions.ts');
      await listTokensOf(context, flags);
    });
  addExamples(command, [{ run: 'leakgate token list --user ci', does: 'with the numbers by which they are revoked' }]);
}

function addRevoke(token: Command, context: CliContext): void {
  const command = withStoreOptions(token.command('revoke'))
    .description('Revoke a token. It opens nothing from then on.')
    .argument('<id>', 'its number, as `leakgate token list` shows it', parseId)
    .action(async (id: number, flags: StoreFlags) => {
      const { revokeOneToken } = await import('./token-actions.ts');
      await revokeOneToken(context, id, flags);
    });
  addExamples(command, [{ run: 'leakgate token revoke 3', does: 'one token' }]);
}

function withOwner(command: Command): Command {
  return command
    .option('--user <name>', 'of this user')
    .option('--project <key>', 'of this project')
    .option('--repository <project/slug>', 'of this repository');
}

function parseId(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError(`Expected a number, got "${text}".`);
  return Number(text);
}

const DAY_MS = 86_400_000;

/** The moment at which that day ends, in UTC. */
function parseLastDay(text: string): number {
  const start = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(start)) throw new InvalidArgumentError(`Expected a date such as 2027-01-31, got "${text}".`);
  return start + DAY_MS;
}
