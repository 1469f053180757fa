import { Option } from 'commander';
import type { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { addExamples } from './examples.ts';

export interface DoctorFlags {
  readonly config?: string;
  readonly format: 'text' | 'json';
}

/** `leakgate doctor`. */
export function addDoctorCommand(program: Command, context: CliContext): void {
  const command = program
    .command('doctor')
    .description(
      'Check the installation: engine, git, Node, configuration, rules, key, cache, and what a server needs. Exit code 2 when something is broken.',
    )
    .argument('[target]', 'folder or repository whose configuration is checked too', '.')
    .option('--config <file>', 'global configuration, instead of the standard places')
    .addOption(new Option('-f, --format <name>', 'format of the answer').choices(['text', 'json']).default('text'))
    .action(async (target: string, flags: DoctorFlags) => {
      const { runDoctor } = await import('./run-doctor.ts');
      await runDoctor(context, target, flags);
    });
  addExamples(command, [
    { run: 'leakgate doctor', does: 'is everything in order here?' },
    { run: 'leakgate doctor /srv/git/app.git', does: 'and for a repository on a server' },
  ]);
}
