/** Options that the commands on the server's store share. Nothing here loads the store: help must come at once. */
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { DATA_DIR_HELP } from './data-dir.ts';

export interface StoreFlags {
  readonly dataDir?: string;
  readonly json?: true;
}

/** The options that all of them have. */
export function withStoreOptions(command: Command): Command {
  return command.option('--data-dir <folder>', DATA_DIR_HELP).option('--json', 'answer in JSON');
}

export interface GranteeFlags extends StoreFlags {
  readonly user?: string;
  readonly group?: string;
}

/** Who is given something. */
export function withGrantee(command: Command): Command {
  return command.option('--user <name>', 'the user who is meant').option('--group <name>', 'the group that is meant');
}

export type Level = 'READ' | 'WRITE' | 'ADMIN';

/** `read`, as people write it. */
export function parseLevel(text: string): Level {
  const level = text.toUpperCase();
  if (level === 'READ' || level === 'WRITE' || level === 'ADMIN') return level;
  throw new InvalidArgumentError(`Expected read, write or admin, got "${text}".`);
}
