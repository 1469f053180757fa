/** What `leakgate doctor` says of a server's needs. Scans and hooks do without all of it, so that nothing here is worse than a warning. */
import { existsSync } from 'node:fs';
import { openDataFolder } from '../server/data-folder.ts';
import { bareStore, sqliteVersion } from '../store/open-store.ts';
import { storeLocation } from '../store/store-location.ts';
import type { CliContext } from './cli-context.ts';
import { dataDirOf } from './data-dir.ts';
import type { Check } from './doctor-check.ts';

/** Whether its database can be used, and its data directory. Makes neither. */
export async function checkServer(context: Pick<CliContext, 'cwd' | 'env'>): Promise<readonly Check[]> {
  const dataDir = dataDirOf(context, undefined);
  return [
    await attempt('server store', () => checkStore(dataDir, context.env)),
    await attempt('server data', () => checkFolder(dataDir)),
  ];
}

async function checkStore(dataDir: string, env: NodeJS.ProcessEnv): Promise<string> {
  const location = storeLocation(dataDir, env);
  if ('sqlite' in location) return `SQLite ${await sqliteVersion()}`;
  const store = await bareStore(location);
  try {
    await store.db.selectNoFrom(({ val }) => val(1).as('one')).execute();
    return 'PostgreSQL answers';
  } finally {
    await store.close();
  }
}

async function checkFolder(dataDir: string): Promise<string> {
  if (!existsSync(dataDir)) return `none yet (leakgate serve makes ${dataDir})`;
  await openDataFolder(dataDir);
  return dataDir;
}

async function attempt(name: string, check: () => Promise<string>): Promise<Check> {
  try {
    return { name, health: 'ok', text: await check() };
  } catch (error) {
    return { name, health: 'warning', text: `leakgate serve does not start: ${(error as Error).message}` };
  }
}
