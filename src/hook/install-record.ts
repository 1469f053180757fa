import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import { writeFileAtomic } from '../util/write-atomic.ts';

/** What an installation changed, so that it can be put back. Lies in `leakgate/` of the repository. */
export interface InstallRecord {
  readonly schemaVersion: 1;
  readonly version: string;
  readonly installedAt: string;
  /** Target of the link that `hooks/pre-receive` was; a relative one is adjusted while it stands in the chain. */
  readonly existingLink?: string;
  readonly madeHooks: boolean;
  readonly madeChain: boolean;
  /** git's configuration of the repository as it was and as the installation left it, base64; absent when it was left alone. */
  readonly config?: { readonly before: string; readonly after: string };
}

export function recordPath(own: string): string {
  return join(own, 'install.json');
}

export async function readRecord(own: string): Promise<InstallRecord | undefined> {
  const path = recordPath(own);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as InstallRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LeakgateError('HOOK_INSTALL', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

export async function writeRecord(own: string, record: InstallRecord): Promise<void> {
  await writeFileAtomic(recordPath(own), `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
}

export async function removeRecord(own: string): Promise<void> {
  await rm(recordPath(own), { force: true });
}
