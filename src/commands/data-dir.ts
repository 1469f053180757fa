import { resolve } from 'node:path';
import { userFolders } from '../util/xdg.ts';
import type { CliContext } from './cli-context.ts';

/** Help text of `--data-dir`, the same wherever it is. */
export const DATA_DIR_HELP = "the server's data directory (default: LEAKGATE_DATA_DIR, else ~/.local/state/leakgate)";

/** The server's data directory: `--data-dir`, LEAKGATE_DATA_DIR, or the user's state folder. */
export function dataDirOf(context: Pick<CliContext, 'cwd' | 'env'>, dataDir: string | undefined): string {
  return resolve(context.cwd, dataDir ?? (context.env['LEAKGATE_DATA_DIR'] || userFolders(context.env).state));
}
