import { lstat, readdir, rename, rm, rmdir, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from '../git/repository.ts';
import { LeakgateError } from '../model/errors.ts';
import { allOrNothing } from './all-or-nothing.ts';
import { CACHES, hookPlace, type HookPlace } from './hook-place.ts';
import { isOurDispatcher, parseShim } from './hook-scripts.ts';
import { besideDispatcher, readHook, touchedPaths } from './install-hook.ts';
import { readRecord, removeRecord, type InstallRecord } from './install-record.ts';
import { withdrawPushOptions } from './push-options-setting.ts';

export interface Uninstallation {
  readonly restored: boolean;
  /** Files of ours that are kept: the audit log, reviews. */
  readonly kept: readonly string[];
}

/**
 * Puts back what was there before the installation, byte for byte, mode and owner included. The audit log and reviews stay. Where that
 * fails, the hook stays as it is.
 * @throws LeakgateError `HOOK_INSTALL` when there is nothing of ours
 */
export async function uninstallHook(repository: Repository): Promise<Uninstallation> {
  const place = hookPlace(repository);
  const record = await readRecord(place.own);
  const shim = await readHook(place.shim);
  const dispatcher = await readHook(place.dispatcher);
  const ours = dispatcher !== undefined && isOurDispatcher(dispatcher);
  if (record === undefined && !ours && (shim === undefined || parseShim(shim) === undefined))
    throw new LeakgateError('HOOK_INSTALL', `Leakgate is not installed in ${repository.gitDir}`);
  return allOrNothing(touchedPaths(repository), () => takeOut(repository, record, ours));
}

async function takeOut(
  repository: Repository,
  record: InstallRecord | undefined,
  ours: boolean,
): Promise<Uninstallation> {
  const place = hookPlace(repository);
  const restored = ours && (await restoreExisting(place, record?.existingLink));
  if (ours && !restored) await unlink(place.dispatcher);
  await rm(place.shim, { force: true });
  // A folder that others have put hooks into stays.
  if (record?.madeChain === true) await removeIfEmpty(place.chain);
  if (record?.madeHooks === true) await removeIfEmpty(place.hooks);
  if (record?.config !== undefined) await withdrawPushOptions(repository, record.config);
  for (const name of CACHES) await rm(join(place.own, name), { force: true });
  await removeRecord(place.own);
  await removeIfEmpty(place.own);
  return { restored, kept: await readdir(place.own).catch(() => []) };
}

/** The old hook takes the dispatcher's place in one rename, so that no push meets neither. */
async function restoreExisting(place: HookPlace, link: string | undefined): Promise<boolean> {
  const there = await lstat(place.existing).catch(() => undefined);
  if (there === undefined) return false;
  if (link === undefined) {
    await rename(place.existing, place.dispatcher);
    return true;
  }
  const temporary = besideDispatcher(place);
  await symlink(link, temporary);
  await rename(temporary, place.dispatcher);
  await unlink(place.existing);
  return true;
}

async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error;
  });
}
