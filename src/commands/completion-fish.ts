import type { Option } from 'commander';
import type { CommandEntry } from './walk-commands.ts';

/** Completion for fish: one line a word, each with the condition under which it is offered. */
export function fishCompletion(entries: readonly CommandEntry[]): string {
  return `# fish completion for leakgate\n${entries.flatMap(commandLines).join('\n')}\n`;
}

function commandLines(entry: CommandEntry): string[] {
  const condition = quote(conditionOf(entry));
  return [
    ...entry.children.map(
      (child) => `complete -c leakgate -n ${condition} -f -a ${child.name()} -d ${quote(child.description())}`,
    ),
    ...entry.arguments
      .filter((argument) => argument.argChoices !== undefined)
      .map((argument) => `complete -c leakgate -n ${condition} -f -a ${quote((argument.argChoices ?? []).join(' '))}`),
    ...entry.options.map((option) => optionLine(option, condition)),
  ];
}

function conditionOf(entry: CommandEntry): string {
  const [, ...words] = entry.words;
  const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
  const notYet = entry.children.map((child) => child.name()).join(' ');
  if (notYet !== '') seen.push(`not __fish_seen_subcommand_from ${notYet}`);
  return seen.length === 0 ? 'true' : seen.join('; and ');
}

function optionLine(option: Option, condition: string): string {
  const takesValue = option.required || option.optional;
  const parts = [
    `complete -c leakgate -n ${condition}`,
    option.short ? `-s ${option.short.slice(1)}` : '',
    option.long ? `-l ${option.long.slice(2)}` : '',
    takesValue ? '-r' : '',
    option.argChoices === undefined ? '' : `-f -a ${quote(option.argChoices.join(' '))}`,
    `-d ${quote(option.description)}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
