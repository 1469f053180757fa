import type { Option } from 'commander';
import type { CommandEntry } from './walk-commands.ts';

/** Completion for zsh: one function a command, in the words of \`_arguments\`. */
export function zshCompletion(entries: readonly CommandEntry[]): string {
  return `#compdef leakgate
${entries.map(commandFunction).join('\n')}
if [ "$funcstack[1]" = "_leakgate" ]; then _leakgate "$@"; else compdef _leakgate leakgate; fi
`;
}

function commandFunction(entry: CommandEntry): string {
  const name = `_${entry.words.join('_')}`;
  const specs = entry.options.map((option) => `    ${optionSpec(option)}`);
  if (entry.children.length === 0) {
    const values = entry.arguments.flatMap((argument) => argument.argChoices ?? []);
    const rest = values.length === 0 ? "'*:file:_files'" : quote(`1:value:(${values.join(' ')})`);
    return `${name}() {\n  _arguments -s \\\n${[...specs, `    ${rest}`].join(' \\\n')}\n}`;
  }
  const children = entry.children.map((child) => `      ${quote(`${child.name()}:${plain(child.description())}`)}`);
  const cases = entry.children.map((child) => `      ${child.name()}) ${name}_${child.name()} ;;`);
  return `${name}() {
  local line state
  _arguments -C -s \\
${[...specs, "    '1: :->command'", "    '*:: :->rest'"].join(' \\\n')}
  case $state in
    command) local -a commands; commands=(
${children.join('\n')}
    ); _describe command commands ;;
    rest) case $line[1] in
${cases.join('\n')}
    esac ;;
  esac
}`;
}

function optionSpec(option: Option): string {
  const text = `[${plain(option.description)}]`;
  const takesValue = option.required || option.optional;
  const value = !takesValue
    ? ''
    : option.argChoices === undefined
      ? ':value:_files'
      : `:value:(${option.argChoices.join(' ')})`;
  const flags = [option.short, option.long].filter((flag) => flag !== undefined && flag !== null);
  if (flags.length === 1) return quote(`${flags[0] ?? ''}${text}${value}`);
  return `${quote(`(${flags.join(' ')})`)}{${flags.join(',')}}${quote(`${text}${value}`)}`;
}

/** Text without the characters that `_arguments` gives a meaning to. */
function plain(text: string): string {
  return text.replace(/[[\]:\\]/g, ' ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
