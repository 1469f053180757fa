import { Option } from 'commander';
import type { Command } from 'commander';
import type { ReportFormat } from '../report/report.ts';
import type { CliContext } from './cli-context.ts';
import { addExamples } from './examples.ts';
import { parseCount, parseDurationMs } from './parse-option.ts';
import { COLOR_CHOICES } from './terminal-text.ts';
import type { ColorChoice } from './terminal-text.ts';

/** Names of the report formats; a test holds them equal to the table in report/, which is loaded only when a scan runs. */
export const FORMAT_CHOICES = [
  'text',
  'json',
  'jsonl',
  'sarif',
  'csv',
  'gitlab',
  'junit',
] as const satisfies readonly ReportFormat[];

/** Options of `leakgate scan`, as parsed. */
export interface ScanFlags {
  readonly staged?: true;
  readonly range?: string;
  readonly branch?: string;
  readonly history?: true;
  readonly all?: true;
  readonly stdinPath?: string;
  readonly source: 'auto' | 'cat-file';
  readonly gitignore?: true;
  readonly config?: string;
  readonly inlineMarks: boolean;
  readonly workers?: number;
  /** In milliseconds. */
  readonly deadline?: number;
  readonly format: ReportFormat;
  readonly output?: string;
  readonly showSecrets?: true;
  readonly progress: boolean;
  readonly color: ColorChoice;
}

/** `leakgate scan [target]`. */
export function addScanCommand(program: Command, context: CliContext): void {
  const command = program
    .command('scan')
    .description('Look for secrets in files, standard input or git history.')
    .argument('[target]', 'folder, file, repository, clone URL, or - for standard input', '.');

  command.optionsGroup('What to scan:');
  oneOf(command, [
    new Option('--staged', 'what the next commit would bring'),
    new Option('--range <A..B>', 'what the commits reachable from B and not from A bring'),
    new Option('--branch <name>', 'the files of a branch as they are now'),
    new Option('--all', 'everything that any ref reaches (what a bare repository or URL gets anyway)'),
  ]);
  command
    .option('--history', 'with --branch: its whole history')
    .option('--stdin-path <path>', 'the path to assume for standard input')
    .option('--gitignore', 'in a folder: leave out what .gitignore leaves out');

  command.optionsGroup('How to scan:');
  command
    .option('--config <file>', 'global configuration, instead of LEAKGATE_CONFIG and the standard places')
    .option('--no-inline-marks', 'do not let comments such as leakgate:allow suppress findings')
    .addOption(sourceOption())
    .option('--workers <count>', 'threads to scan with (default: by number of processors)', parseCount)
    .option('--deadline <time>', 'stop after this time (30s, 5m) and report what was found', parseDurationMs);

  command.optionsGroup('What to print:');
  command
    .addOption(new Option('-f, --format <name>', 'format of the report').choices(FORMAT_CHOICES).default('text'))
    .option('-o, --output <file>', 'write the report to a file, whole or not at all (-: standard output)')
    .option('--show-secrets', 'print secrets in clear')
    .option('--no-progress', 'no progress bar')
    .addOption(new Option('--color <when>', 'colours in the text report').choices(COLOR_CHOICES).default('auto'))
    .action(async (target: string, flags: ScanFlags) => {
      const { runScanCommand } = await import('./run-scan-command.ts');
      await runScanCommand(context, target, flags);
    });

  addExamples(command, [
    { run: 'leakgate scan .', does: 'the files of this folder' },
    { run: 'leakgate scan --staged', does: 'what is staged, before a commit' },
    { run: 'leakgate scan --range origin/main..HEAD', does: 'what a push would bring' },
    {
      run: 'leakgate scan /srv/git/app.git -f sarif -o app.sarif',
      does: 'the whole history of a bare repository, as SARIF',
    },
    { run: 'leakgate scan https://git.example.org/app.git', does: 'clone, and scan the whole history' },
    { run: 'kubectl get secret -o yaml | leakgate scan -', does: 'standard input' },
  ]);
}

function sourceOption(): Option {
  return new Option('--source <how>', 'how git objects are read').choices(['auto', 'cat-file']).default('auto');
}

/** Options of which at most one can be given. */
function oneOf(command: Command, options: readonly Option[]): void {
  for (const option of options) {
    option.conflicts(options.filter((other) => other !== option).map((other) => other.attributeName()));
    command.addOption(option);
  }
}
