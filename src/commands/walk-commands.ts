import type { Argument, Command, Option } from 'commander';

/** One command as completion and the man page need it. */
export interface CommandEntry {
  /** From the program down: `['leakgate', 'rules', 'check']`. */
  readonly words: readonly string[];
  readonly command: Command;
  readonly options: readonly Option[];
  readonly arguments: readonly Argument[];
  readonly children: readonly Command[];
}

/** The program and every command below it, parents first. */
export function walkCommands(program: Command): readonly CommandEntry[] {
  return walk(program, []);
}

function walk(command: Command, above: readonly string[]): readonly CommandEntry[] {
  const words = [...above, command.name()];
  const help = command.createHelp();
  const entry: CommandEntry = {
    words,
    command,
    options: help.visibleOptions(command),
    arguments: command.registeredArguments,
    children: help.visibleCommands(command).filter((child) => child.name() !== 'help'),
  };
  return [entry, ...entry.children.flatMap((child) => walk(child, words))];
}
