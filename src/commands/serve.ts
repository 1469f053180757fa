import type { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { DATA_DIR_HELP } from './data-dir.ts';
import { addExamples } from './examples.ts';

export interface ServeFlags {
  readonly host?: string;
  readonly port?: string;
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  readonly repositoryRoot?: readonly string[];
  readonly trustedProxy?: readonly string[];
}

/** `leakgate serve`: the server, until it is told to stop. */
export function addServeCommand(program: Command, context: CliContext): void {
  const command = program
    .command('serve')
    .description(
      'Run the server: scans of branches, policies for hooks, and the interfaces of Bitbucket and Soteri. SIGTERM ends it: what runs may finish for 30 seconds.',
    )
    .option('--host <address>', 'address to listen at (default: LEAKGATE_HOST, else 127.0.0.1)')
    .option('--port <number>', 'port to listen at, 0 for any (default: LEAKGATE_PORT, else 7990)')
    .option('--data-dir <folder>', DATA_DIR_HELP)
    .option(
      '--database-url <url>',
      'PostgreSQL instead of SQLite (default: LEAKGATE_DATABASE_URL, which keeps a password out of process lists)',
    )
    .option(
      '--repository-root <folder...>',
      'only repositories below these may be registered (default: LEAKGATE_REPOSITORY_ROOTS, separated by colons)',
    )
    .option(
      '--trusted-proxy <address...>',
      'proxies, as addresses or networks, whose X-Forwarded-For says who asks (default: LEAKGATE_TRUSTED_PROXY, separated by commas)',
    )
    .action(async (flags: ServeFlags) => {
      const { runServer } = await import('./run-server.ts');
      await runServer(context, flags);
    });
  addExamples(command, [
    { run: 'leakgate serve', does: 'on this machine only, at port 7990' },
    {
      run: 'LEAKGATE_ADMIN_TOKEN=... leakgate serve --data-dir /var/lib/leakgate',
      does: 'a first start by a script, which chooses the token',
    },
  ]);
}
