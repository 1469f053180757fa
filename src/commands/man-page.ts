import type { Command, Option } from 'commander';
import { examplesOf } from './examples.ts';
import { walkCommands } from './walk-commands.ts';
import type { CommandEntry } from './walk-commands.ts';

/** The manual page leakgate(1) in roff, from the same definitions as `--help`. */
export function manPage(program: Command): string {
  const version = program.version() ?? '';
  const entries = walkCommands(program);
  const lines = [
    `.TH LEAKGATE 1 "" "leakgate ${roff(version)}" "Leakgate"`,
    '.SH NAME',
    `leakgate \\- ${roff(program.description())
      .replace(/^\w/, (first) => first.toLowerCase())
      .replace(/\.$/, '')}`,
    '.SH SYNOPSIS',
    '.B leakgate',
    '.I command',
    '[\\fIoptions\\fR]',
    '.SH COMMANDS',
    ...entries.slice(1).flatMap(commandSection),
    '.SH OPTIONS',
    ...(entries[0]?.options ?? []).flatMap(optionItem),
    ...EXIT_STATUS,
    ...ENVIRONMENT,
  ];
  return `${lines.join('\n')}\n`;
}

const EXIT_STATUS = [
  '.SH EXIT STATUS',
  ...item('0', 'Nothing found, and everything was read.'),
  ...item('1', 'Findings.'),
  ...item(
    '2',
    'Could not tell: wrong usage or configuration, an error, or something was not read and nothing was found in the rest.',
  ),
];

const ENVIRONMENT = [
  '.SH ENVIRONMENT',
  ...item('LEAKGATE_CONFIG', 'The global configuration file.'),
  ...item('LEAKGATE_KEY_FILE', 'The key that fingerprints are made with.'),
  ...item('LEAKGATE_DATA_DIR', "The server's data directory."),
  ...item(
    'LEAKGATE_DATABASE_URL',
    'A PostgreSQL database for the server, postgres://user@host/name, instead of SQLite in the data directory.',
  ),
  ...item('LEAKGATE_REGEX_ENGINE', 'Set to re2js to use the JavaScript port of RE2 although the native one is there.'),
  ...item('LEAKGATE_DEBUG', 'Set to 1 to see a stack trace after an error.'),
  ...item('NO_COLOR, FORCE_COLOR', 'Turn colours off or on.'),
];

function commandSection(entry: CommandEntry): string[] {
  const examples = examplesOf(entry.command);
  return [
    `.SS ${roff(entry.words.join(' '))} ${roff(entry.command.usage())}`,
    roff(entry.command.description()),
    ...entry.arguments.flatMap((argument) => item(`<${argument.name()}>`, argument.description)),
    ...entry.options.filter((option) => option.long !== '--help').flatMap(optionItem),
    ...(examples.length === 0 ? [] : ['.PP', 'Examples:']),
    ...examples.flatMap((example) => item(example.run, example.does)),
  ];
}

function optionItem(option: Option): string[] {
  const choices = option.argChoices === undefined ? '' : ` One of: ${option.argChoices.join(', ')}.`;
  const standard = option.defaultValue === undefined ? '' : ` Default: ${String(option.defaultValue)}.`;
  return item(option.flags, `${sentence(option.description)}${choices}${standard}`);
}

function item(term: string, text: string): string[] {
  return ['.TP', `\\fB${roff(term)}\\fR`, roff(text)];
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

/** Escapes what roff would read as a command: backslashes, hyphens, and a dot or quote that opens a line. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}
