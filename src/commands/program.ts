import { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { addCompletionCommand } from './completion.ts';
import { addDoctorCommand } from './doctor.ts';
import { addExplainCommand } from './explain.ts';
import { addHookCommand } from './hook.ts';
import { addProjectCommand } from './project.ts';
import { addRepositoryCommand } from './repository.ts';
import { addReviewCommand } from './review.ts';
import { addRulesCommand } from './rules.ts';
import { addScanCommand } from './scan.ts';
import { addServeCommand } from './serve.ts';
import { safeText } from './terminal-text.ts';
import { addTokenCommand } from './token.ts';
import { toolVersion } from './tool-version.ts';
import { addUserCommand } from './user.ts';

/** Adds one command, with its options, help and examples, to the program. */
export type AddCommand = (program: Command, context: CliContext) => void;

/** Every command, in the order of the help. A new one is a file that exports an `AddCommand`, and a line here. */
const COMMANDS: readonly AddCommand[] = [
  addScanCommand,
  addHookCommand,
  addServeCommand,
  addRulesCommand,
  addReviewCommand,
  addExplainCommand,
  addProjectCommand,
  addRepositoryCommand,
  addUserCommand,
  addTokenCommand,
  addDoctorCommand,
  addCompletionCommand,
];

/** What `leakgate` alone says. */
export const WELCOME = `Leakgate finds secrets in git content and keeps them out of it.

  leakgate scan .                          look through the files here
  leakgate scan --all                      look through the whole history of this repository
  leakgate scan --staged                   look at what the next commit would bring
  leakgate hook install /srv/git/app.git   refuse pushes that bring a secret
  leakgate rules list                      what is looked for
  leakgate doctor                          is everything in order?

Each command explains itself: leakgate scan --help`;

/** The whole command line. Help, completion and the man page are made from what this returns. */
export function createProgram(context: CliContext): Command {
  const program = new Command('leakgate')
    .description('Finds secrets in git content and refuses the push that brings one.')
    .version(toolVersion(), '-V, --version', 'print the version and end')
    .helpOption('-h, --help', 'show help and end')
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ showGlobalOptions: false, helpWidth: Math.min(context.stdout.columns ?? 100, 120) })
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(safeText(text)),
      outputError: (text, write) => write(text.replace(/^error: /, 'leakgate: ')),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  for (const add of COMMANDS) add(program, context);
  pointToHelp(program, 'leakgate');
  return program;
}

/** After a usage error, names the help of the very command. */
function pointToHelp(command: Command, line: string): void {
  command.showHelpAfterError(`Try: ${line} --help`);
  for (const child of command.commands) pointToHelp(child, `${line} ${child.name()}`);
}
