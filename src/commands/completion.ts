import { Argument } from 'commander';
import type { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { bashCompletion } from './completion-bash.ts';
import { fishCompletion } from './completion-fish.ts';
import { zshCompletion } from './completion-zsh.ts';
import { addExamples } from './examples.ts';
import { walkCommands } from './walk-commands.ts';
import type { CommandEntry } from './walk-commands.ts';

const SHELLS = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
} as const satisfies Record<string, (entries: readonly CommandEntry[]) => string>;

/** `leakgate completion <shell>`: prints a script that completes commands, options and their values. */
export function addCompletionCommand(program: Command, context: CliContext): void {
  const command = program
    .command('completion')
    .description('Print a script that makes your shell complete leakgate commands.')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SHELLS)))
    .action((shell: keyof typeof SHELLS) => {
      context.stdout.write(SHELLS[shell](walkCommands(program)));
      context.exitCode = 0;
    });
  addExamples(command, [
    { run: 'source <(leakgate completion bash)', does: 'for this shell; put the line into ~/.bashrc to keep it' },
    { run: 'leakgate completion zsh > "${fpath[1]}/_leakgate"', does: 'for zsh' },
    { run: 'leakgate completion fish > ~/.config/fish/completions/leakgate.fish', does: 'for fish' },
  ]);
}
