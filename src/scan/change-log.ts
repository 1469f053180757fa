/**
 * The changes of the commits that a push or range brings, beside the scan of their objects. Two things only changes can tell: which
 * blobs were there before and now stand at another path, and what a commit deleted while it added something.
 */
import type { RawChange } from '../git/raw-entry.ts';
import { hasBlob } from '../git/raw-entry.ts';
import { readRawLog } from '../git/raw-log.ts';
import type { GitPlace } from '../git/spawn.ts';
import type { Unread } from '../model/coverage.ts';
import { isZeroOid, type Oid } from '../model/oid.ts';
import type { HistoryScope } from './list-history.ts';
import { addPlace, type Place, type PlacesByPath } from './places.ts';

export interface CommitChanges {
  readonly commit: Oid;
  readonly parents: readonly Oid[];
  readonly changes: readonly RawChange[];
}

export interface ChangeLog {
  /** Oldest first. */
  readonly commits: readonly CommitChanges[];
  /** All changes of the scope are here: what no change brings stands nowhere in it. Otherwise there may be more. */
  readonly whole: boolean;
  /** Set when git could not walk all of it. */
  readonly unread?: Unread;
}

/** So many changes are kept whatever they are: enough for any push a person makes. */
export const KEEP_CHANGES = 20_000;

export async function readChangeLog(
  repository: GitPlace,
  scope: HistoryScope,
  options: {
    readonly isNew: Promise<(oid: Oid) => boolean>;
    readonly signal: AbortSignal;
    /** See `RawLogOptions`. */
    readonly maxSilenceMs?: number;
  },
): Promise<ChangeLog> {
  const commits: CommitChanges[] = [];
  let kept = 0;
  let whole = true;
  let unread: Unread | undefined;
  const log = readRawLog(repository, scope, {
    oldestFirst: true,
    onUnread: (problem) => void (unread = problem),
    signal: options.signal,
    ...(options.maxSilenceMs === undefined ? {} : { maxSilenceMs: options.maxSilenceMs }),
  });
  for await (const batch of log) {
    const isNew = await options.isNew;
    for (const { oid, parents, changes } of batch) {
      const room = kept < KEEP_CHANGES;
      if (!room) whole = false;
      const wanted = room ? changes : changes.filter((change) => bringsOldBlob(change, isNew) || endsSubmodule(change));
      kept += wanted.length;
      // Views of what git printed would keep all of it.
      if (wanted.length > 0)
        commits.push({
          commit: oid,
          parents,
          changes: wanted.map((change) => ({ ...change, path: Buffer.from(change.path) })),
        });
    }
  }
  return { commits, whole: whole && unread === undefined, ...(unread === undefined ? {} : { unread }) };
}

/** Whether the change puts a blob somewhere that the scope does not bring in: a rename, a copy, a revert. */
export function bringsOldBlob(change: RawChange, isNew: (oid: Oid) => boolean): boolean {
  return hasBlob(change) && !isNew(change.newOid);
}

/** Whether a submodule may go: only the change tells that no file was there. (Where it is deleted, nothing else is.) */
function endsSubmodule({ status, oldOids }: RawChange): boolean {
  // Of a merge git says `M` where a type changes. Nothing but a submodule has no id and is not added.
  return oldOids.some((oid, parent) => isZeroOid(oid) && status[parent] !== 'A');
}

/** Where the commits put these blobs, oldest first: a path once, with the first commit that has the blob there. */
export function placesIn({ commits }: ChangeLog, blobs: ReadonlySet<Oid>): ReadonlyMap<Oid, PlacesByPath> {
  const places = new Map<Oid, Map<string, Place>>();
  for (const { commit, changes } of commits)
    for (const { newOid, path } of changes) if (blobs.has(newOid)) addPlace(places, newOid, { path, commit });
  return places;
}
