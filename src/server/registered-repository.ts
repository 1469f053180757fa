/** Where a registered repository lies, found out by looking at files: a change for a thousand repositories must not start git a thousand times. */
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import { escapeControls } from '../model/escape.ts';
import type { RepositoryRow } from '../store/schema.ts';

/** A repository on this machine. */
export interface RepositoryPlace {
  readonly gitDir: string;
  readonly bare: boolean;
}

/**
 * The git directory of a repository with a path; `undefined` for one that is mirrored from elsewhere, which nobody pushes to here.
 * @throws LeakgateError `TARGET_INVALID` when there is no repository at its path
 */
export async function placeOfRepository({ path }: Pick<RepositoryRow, 'path'>): Promise<RepositoryPlace | undefined> {
  if (path === null) return undefined;
  const folder = await realpath(path).catch((cause: unknown) => {
    throw new LeakgateError('TARGET_INVALID', `${escapeControls(path)} does not exist or cannot be read`, { cause });
  });
  for (const place of [
    { gitDir: folder, bare: true },
    { gitDir: join(folder, '.git'), bare: false },
  ])
    if ((await isThere(join(place.gitDir, 'HEAD'))) && (await isThere(join(place.gitDir, 'objects')))) return place;
  throw new LeakgateError('TARGET_INVALID', `${escapeControls(path)} is not a git repository`);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
