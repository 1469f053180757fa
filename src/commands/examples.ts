import type { Command } from 'commander';

/** A command line that can be copied, and what it does. */
export interface Example {
  readonly run: string;
  readonly does: string;
}

const EXAMPLES = new WeakMap<Command, readonly Example[]>();

/** Shows examples at the end of a command's help, and in the man page. */
export function addExamples(command: Command, examples: readonly Example[]): Command {
  EXAMPLES.set(command, examples);
  return command.addHelpText('after', () => `\nExamples:\n${examples.map(formatExample).join('\n')}`);
}

/** Examples given to a command, none when it has none. */
export function examplesOf(command: Command): readonly Example[] {
  return EXAMPLES.get(command) ?? [];
}

function formatExample(example: Example): string {
  return `  $ ${example.run}\n      ${example.does}`;
}
