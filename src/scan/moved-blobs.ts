/**
 * Blobs that were there before and now stand at a path where they did not: renamed, copied, brought back. They are in no list of new
 * objects, so a check of new objects alone would let a secret out of an excluded path, or back out of the past.
 */
import { bytesToText } from '../model/escape.ts';
import type { Oid } from '../model/oid.ts';
import { bringsOldBlob, type ChangeLog } from './change-log.ts';
import { addUnread } from './coverage-tally.ts';
import { findInTree } from './find-in-tree.ts';
import { placeKey, readVersionsBefore } from './known-before.ts';
import { judgeAt, type ScannedHistory } from './locate-findings.ts';
import type { LocatedFinding } from './located-finding.ts';
import { ListingBuilder, oidOf } from './object-listing.ts';
import { createOldVersions } from './old-versions.ts';
import { addPlace, type Place } from './places.ts';
import type { RawFinding } from './raw-finding.ts';
import type { ScanContext } from './scan-context.ts';
import { scanObjects } from './scan-objects.ts';

interface Moved {
  readonly raw: RawFinding;
  readonly oid: Oid;
  readonly place: Place;
  readonly parents: readonly Oid[];
}

/** Findings in such blobs that count at their new path and did not count before. */
export async function findInMovedBlobs(
  history: ScannedHistory,
  log: ChangeLog,
  isNew: (oid: Oid) => boolean,
  context: ScanContext,
): Promise<LocatedFinding[]> {
  const places = oldBlobPlaces(log, isNew);
  if (places.size === 0) return [];
  const builder = new ListingBuilder(history.listing.idLength);
  builder.addUnreached([...places.keys()]);
  const { listing } = builder.build();
  const { policy, settings, options, stop, tally, progress } = context;
  const raw = await scanObjects({
    repository: history.repository,
    listing,
    settings,
    maxBlobBytes: policy.settings.maxBlobBytes,
    workers: options.workers,
    keptThreads: options.keptThreads,
    stop,
    tally,
    progress,
  });
  const counting = raw.flatMap((found) => {
    const oid = oidOf(listing, found.object);
    // Numbers below zero keep them apart from the objects of the listing.
    const finding = { ...found, object: -1 - found.object };
    return [...(places.get(oid)?.values() ?? [])]
      .filter((place) => judgeAt(finding, place, context).suppression === undefined)
      .map(({ parents, ...place }): Moved => ({ raw: finding, oid, place, parents }));
  });
  return (await onlyIntroduced(counting, history, log, context)).map(({ raw: finding, oid, place }) => ({
    raw: finding,
    path: place.path.length > 0 ? bytesToText(place.path) : oid,
    blob: oid,
    ...(place.commit === undefined ? {} : { commit: place.commit }),
    place,
    preExisting: false,
  }));
}

/** A place, and the parents of its commit. */
interface NewPlace extends Place {
  readonly parents: readonly Oid[];
}

/** One place for each path. */
function oldBlobPlaces(
  { commits }: ChangeLog,
  isNew: (oid: Oid) => boolean,
): ReadonlyMap<Oid, ReadonlyMap<string, NewPlace>> {
  const places = new Map<Oid, Map<string, NewPlace>>();
  for (const { commit, parents, changes } of commits)
    for (const change of changes)
      if (bringsOldBlob(change, isNew)) addPlace(places, change.newOid, { path: change.path, commit, parents });
  return places;
}

async function onlyIntroduced(
  moved: readonly Moved[],
  history: ScannedHistory,
  log: ChangeLog,
  context: ScanContext,
): Promise<Moved[]> {
  if (moved.length === 0) return [];
  const old = createOldVersions(history.repository, context);
  const before = await readVersionsBefore(
    moved.map(({ place }) => place),
    history,
    log,
    context,
    old,
  );
  const added = moved.filter(({ place }) => !before.has(placeKey(place)));
  const counted = await findCountedBefore(added, history, context);
  return moved.filter((item) => {
    const versions = before.get(placeKey(item.place));
    if (versions !== undefined) return !versions.every((oid) => old.counted(oid, item.raw, item.place.path));
    return !counted.has(item);
  });
}

/** Those whose blob stood at a path where the finding counted already: renaming or copying such a file introduces nothing. */
async function findCountedBefore(
  added: readonly Moved[],
  { repository }: ScannedHistory,
  context: ScanContext,
): Promise<ReadonlySet<Moved>> {
  const counted = new Set<Moved>();
  const byParent = new Map<Oid, Moved[]>();
  for (const item of added)
    for (const parent of item.parents) {
      const items = byParent.get(parent);
      if (items === undefined) byParent.set(parent, [item]);
      else items.push(item);
    }
  for (const [parent, items] of byParent) {
    const { found, whole } = await findInTree(
      repository,
      parent,
      new Set(items.map(({ oid }) => oid)),
      context.stop.final,
    );
    if (!whole) addUnread(context.tally.unread, { reason: 'too-many-paths', what: parent });
    // Of a finding that has come to very many places this is asked once.
    const stood = new Map<RawFinding, boolean>();
    for (const { raw, oid } of items) {
      if (stood.has(raw)) continue;
      const counts = found.some((old) => old.oid === oid && judgeAt(raw, old, context).suppression === undefined);
      stood.set(raw, counts);
    }
    for (const item of items) if (stood.get(item.raw) === true) counted.add(item);
  }
  return counted;
}
