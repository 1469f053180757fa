/**
 * What the scan of a push asks git first, started before anything else is known: git works while policy and tables are read, and a push waits for
 * the longest of these, not for one after the other. Each ends with `signal`, used or not.
 */
import { startCatFile } from '../git/cat-file.ts';
import type { Repository } from '../git/repository.ts';
import type { AskedGit } from '../git/spawn.ts';
import type { RefUpdate } from '../model/ref-update.ts';
import { readChangeLog, type ChangeLog } from './change-log.ts';
import { listHistory, pushScope, type HistoryListing } from './list-history.ts';
import { createLazySet } from './oid-set.ts';

export interface StartedPush {
  /** Of `pushScope(updates)`. */
  readonly listing: Promise<HistoryListing>;
  /** The changes of the same. */
  readonly changes: { readonly log: Promise<ChangeLog>; readonly giveUp: () => void };
  /** Waits for ids. */
  readonly catFile: AskedGit;
}

export function startPush(
  repository: Pick<Repository, 'gitDir' | 'env' | 'objectFormat'>,
  updates: readonly RefUpdate[],
  signal: AbortSignal,
): StartedPush {
  const scope = pushScope(updates);
  const listing = listHistory(repository, scope, { signal });
  const unwanted = new AbortController();
  const isNew = listing.then((listed) => createLazySet(listed.listing));
  const log = readChangeLog(repository, scope, {
    isNew,
    signal: AbortSignal.any([signal, unwanted.signal]),
  });
  // Whoever scans waits for them; until then they must not count as unhandled.
  for (const promise of [listing, isNew, log]) promise.catch(() => {});
  return { listing, changes: { log, giveUp: () => unwanted.abort() }, catFile: startCatFile(repository, signal) };
}
