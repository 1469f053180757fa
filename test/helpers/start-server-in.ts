import { join } from 'node:path';
import { startServer, type RunningServer, type ServerOptions } from '../../src/server/start-server.ts';
import { isolatedEnv } from './temp-repo.ts';

/** The whole server in this process, as `leakgate serve` starts it: listening on loopback, on SQLite in `dataDir`, and silent unless its log is asked for. */
export function startServerIn(
  dataDir: string,
  options: Pick<ServerOptions, 'adminToken'> & Partial<Pick<ServerOptions, 'env' | 'logTo'>>,
): Promise<RunningServer> {
  return startServer({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    location: { sqlite: join(dataDir, 'leakgate.db') },
    repositoryRoots: [],
    version: '0.0.0',
    env: isolatedEnv(),
    logTo: { write() {} },
    ...options,
  });
}
