import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const NAME = 'leakgate';

/**
 * The folders of the XDG Base Directory Specification, each with our name below it. A variable that is empty or relative counts as unset,
 * as the specification asks.
 */
export interface UserFolders {
  /** Configuration and the fingerprint key: `~/.config/leakgate`. */
  readonly config: string;
  /** Logs and history: `~/.local/state/leakgate`. */
  readonly state: string;
  /** What can be made again: `~/.cache/leakgate`. */
  readonly cache: string;
}

export function userFolders(env: NodeJS.ProcessEnv = process.env): UserFolders {
  const home = env['HOME'] || homedir();
  const folder = (variable: string, fallback: string): string => {
    const value = env[variable];
    return join(value !== undefined && isAbsolute(value) ? value : join(home, fallback), NAME);
  };
  return {
    config: folder('XDG_CONFIG_HOME', '.config'),
    state: folder('XDG_STATE_HOME', '.local/state'),
    cache: folder('XDG_CACHE_HOME', '.cache'),
  };
}
