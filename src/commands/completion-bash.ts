import type { CommandEntry } from './walk-commands.ts';

/** Completion for bash. Words come from the definitions, file names from bash itself. */
export function bashCompletion(entries: readonly CommandEntry[]): string {
  return `# bash completion for leakgate
_leakgate() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path=leakgate word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
${entries
  .slice(1)
  .map((entry) => `      '${entry.words.join(' ')}') path='${entry.words.join(' ')}' ;;`)
  .join('\n')}
    esac
  done
  case "$path $prev" in
${entries.flatMap(valueCases).join('\n')}
  esac
  case "$path" in
${entries.map(wordCase).join('\n')}
  esac
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -o filenames -F _leakgate leakgate
`;
}

function valueCases(entry: CommandEntry): string[] {
  return entry.options.flatMap((option) => {
    if (option.argChoices === undefined) return [];
    const flags = [option.short, option.long].filter((flag) => flag !== undefined && flag !== null);
    const patterns = flags.map((flag) => `'${entry.words.join(' ')} ${flag}'`).join('|');
    return [`    ${patterns}) COMPREPLY=($(compgen -W '${option.argChoices.join(' ')}' -- "$cur")); return ;;`];
  });
}

function wordCase(entry: CommandEntry): string {
  const words = [
    ...entry.children.map((child) => child.name()),
    ...entry.arguments.flatMap((argument) => argument.argChoices ?? []),
    ...entry.options.flatMap((option) => option.long ?? []),
  ];
  return `    '${entry.words.join(' ')}') COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$cur")) ;;`;
}
