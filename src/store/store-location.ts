/** Where a server's store and keys are, from its data directory and the environment: the same for the server and for commands beside it. */
import { join } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import type { StoreLocation } from './open-store.ts';

/** PostgreSQL when LEAKGATE_DATABASE_URL names one, else a file of the data directory. */
export function storeLocation(dataDir: string, env: NodeJS.ProcessEnv): StoreLocation {
  const url = env['LEAKGATE_DATABASE_URL'];
  if (url === undefined || url === '') return { sqlite: join(dataDir, 'leakgate.db') };
  // Never quoted: it may have a password in it.
  if (!/^postgres(?:ql)?:\/\//.test(url))
    throw new LeakgateError('USAGE_INVALID', 'LEAKGATE_DATABASE_URL must begin with postgres://');
  return { postgres: url };
}

/** The file of the key ring. */
export function keyRingPath(dataDir: string): string {
  return join(dataDir, 'keys');
}
