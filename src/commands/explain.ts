import type { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { addExamples } from './examples.ts';

export interface ExplainFlags {
  readonly config?: string;
  readonly repository: string;
}

/** `leakgate explain <finding|path>`. */
export function addExplainCommand(program: Command, context: CliContext): void {
  const command = program
    .command('explain')
    .description('Explain why something is a finding or is not: which scope, file and line decided.')
    .argument('<what>', 'fingerprint of a finding, or path of a file or folder')
    .option('--config <file>', 'global configuration, instead of the standard places')
    .option('--repository <path>', 'where a fingerprint is looked for, history included', '.')
    .action(async (what: string, flags: ExplainFlags) => {
      const { explain } = await import('./explain-finding.ts');
      await explain(context, what, flags);
    });
  addExamples(command, [
    { run: 'leakgate explain src/config.ts', does: 'every match in a file, and what became of it' },
    { run: 'leakgate explain <fingerprint> --repository /srv/git/app.git', does: 'one finding, in all its places' },
  ]);
}
