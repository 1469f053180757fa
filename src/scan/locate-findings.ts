/**
 * From raw findings to findings with commit and path, judged by the policy. Only what has findings is looked up: a clean history costs
 * nothing here.
 */
import { bytesToText } from '../model/escape.ts';
import { readRawLog } from '../git/raw-log.ts';
import type { Repository } from '../git/repository.ts';
import type { Oid } from '../model/oid.ts';
import { placesIn, type ChangeLog } from './change-log.ts';
import { addUnread } from './coverage-tally.ts';
import { findInTree } from './find-in-tree.ts';
import type { HistoryScope } from './list-history.ts';
import type { LocatedFinding } from './located-finding.ts';
import type { Judgement } from './judge.ts';
import { oidOf, type ObjectListing } from './object-listing.ts';
import { addPlace, findFirstPlaces, hintOf, type FirstPlace, type Place, type PlacesByPath } from './places.ts';
import type { RawFinding } from './raw-finding.ts';
import type { ScanContext } from './scan-context.ts';
import { placesInTagged } from './tagged.ts';

/** The part of history that was scanned. */
export interface ScannedHistory {
  readonly repository: Repository;
  readonly scope: HistoryScope;
  readonly listing: ObjectListing;
}

/** A finding, the place it is reported at, and its judgement there. */
interface Located {
  readonly raw: RawFinding;
  readonly place: Place;
  readonly judgement: Judgement;
}

/** @param log where it is whole it answers what git would have to be asked for otherwise, which a push would wait for */
export async function locateFindings(
  raw: readonly RawFinding[],
  history: ScannedHistory,
  log: ChangeLog,
  context: ScanContext,
): Promise<LocatedFinding[]> {
  const { listing } = history;
  const inBlobs = raw.filter(({ kind }) => kind === 'blob');
  const blobs = new Set(inBlobs.map(({ object }) => oidOf(listing, object)));
  const known = placesIn(log, blobs);
  const places = await firstPlaces(inBlobs, known, history, context);
  const located = raw.map((finding): Located => {
    const place = finding.kind === 'blob' ? (places.get(finding.object) as Place) : placeOf(finding, listing);
    return { raw: finding, place, judgement: judgeAt(finding, place, context) };
  });
  const unsettled = located.filter(
    (item) => item.raw.kind === 'blob' && (item.judgement.byPath || !isCertain(item.place)),
  );
  const others = log.whole ? known : await findOtherPlaces(unsettled, history, context);
  const settled = located.map((item) => settle(item, others.get(oidOf(listing, item.raw.object)), context));
  return (await settleByTags(settled, history, context)).flatMap((item) => toLocated(item, listing));
}

/** What the paths of commits excuse may stand elsewhere in what a tag names. */
async function settleByTags(
  settled: readonly Located[],
  history: ScannedHistory,
  context: ScanContext,
): Promise<readonly Located[]> {
  const excused = settled.filter(({ raw, judgement }) => raw.kind === 'blob' && judgement.byPath);
  if (excused.length === 0) return settled;
  const oidIn = ({ raw }: Located): Oid => oidOf(history.listing, raw.object);
  const tagged = await placesInTagged(new Set(excused.map(oidIn)), history, context);
  return settled.map((item) => {
    const places = item.raw.kind === 'blob' && item.judgement.byPath ? tagged.get(oidIn(item)) : undefined;
    return places === undefined ? item : settle(item, places, context);
  });
}

async function firstPlaces(
  findings: readonly RawFinding[],
  known: ReadonlyMap<Oid, PlacesByPath>,
  { repository, listing }: ScannedHistory,
  { stop }: ScanContext,
): Promise<Map<number, FirstPlace>> {
  const objects = [...new Set(findings.map(({ object }) => object))];
  return findFirstPlaces(repository, listing, objects, known, stop.final);
}

/** The place of what is no blob: a commit or tag is found in itself, a path where it is written. */
export function placeOf(raw: RawFinding, listing: ObjectListing): Place {
  if (raw.kind !== 'path')
    return raw.kind === 'commit'
      ? { path: Buffer.alloc(0), commit: oidOf(listing, raw.object) }
      : { path: Buffer.alloc(0) };
  const { commit } = hintOf(listing, raw.object);
  return { path: Buffer.from(raw.path as Uint8Array), ...(commit === undefined ? {} : { commit }) };
}

export function judgeAt(raw: RawFinding, { path, commit }: Place, { judge }: ScanContext): Judgement {
  // What a tag names directly stands at no path, and no path excuses it.
  const hasPath = (raw.kind === 'blob' || raw.kind === 'path') && path.length > 0;
  return judge.judge(raw, {
    ...(hasPath ? { path: bytesToText(path) } : {}),
    ...(commit === undefined ? {} : { commit }),
  });
}

/**
 * Every place in the scanned part of history that has one of these blobs, oldest first. Needed where the first place is a guess, or where
 * the path decided: content that stands at an excluded path counts if it stands at another one as well.
 */
async function findOtherPlaces(
  unsettled: readonly Located[],
  history: ScannedHistory,
  { stop, tally }: ScanContext,
): Promise<ReadonlyMap<Oid, PlacesByPath>> {
  const found = new Map<Oid, Map<string, Place>>();
  const wanted = new Set(unsettled.map(({ raw }) => oidOf(history.listing, raw.object)));
  if (wanted.size === 0) return found;
  const { repository, scope } = history;
  if (scope.tipOnly === true) {
    for (const commit of scope.include === 'all' ? [] : scope.include) {
      const { found: entries, whole } = await findInTree(repository, commit, wanted, stop.final);
      for (const { oid, path } of entries) addPlace(found, oid, { path, commit });
      if (!whole) addUnread(tally.unread, { reason: 'too-many-paths', what: commit });
    }
    return found;
  }
  const log = readRawLog(repository, scope, {
    blobs: wanted,
    oldestFirst: true,
    onUnread: (unread) => addUnread(tally.unread, unread),
    signal: stop.final,
  });
  for await (const commits of log) {
    for (const { oid: commit, changes } of commits) {
      for (const { newOid, path } of changes) addPlace(found, newOid, { path: Buffer.from(path), commit });
    }
  }
  return found;
}

function isCertain(place: Place): boolean {
  return 'certain' in place && place.certain === true;
}

/** The first place at which the finding counts; where it counts nowhere, the first at which it is on record. */
function settle(item: Located, others: PlacesByPath | undefined, context: ScanContext): Located {
  // What no commit of the scope has stands in no commit: it is what a tag names.
  if (others === undefined)
    return isCertain(item.place) || item.raw.kind !== 'blob' ? item : { ...item, place: { path: item.place.path } };
  let onRecord: Located | undefined;
  for (const candidate of candidatesOf(item, others, context)) {
    const { suppression } = candidate.judgement;
    if (suppression === undefined) return candidate;
    if (suppression !== 'not-applicable') onRecord ??= candidate;
  }
  return onRecord ?? item;
}

/** Judged one by one as they are asked for: the first is the one nearly always, and there may be very many. */
function* candidatesOf(item: Located, others: PlacesByPath, context: ScanContext): Generator<Located> {
  if (isCertain(item.place)) yield item;
  for (const place of others.values()) yield { raw: item.raw, place, judgement: judgeAt(item.raw, place, context) };
}

function toLocated({ raw, place, judgement }: Located, listing: ObjectListing): LocatedFinding[] {
  return locatedAt(raw, oidOf(listing, raw.object), place, judgement);
}

/** A finding of an object at one place; none where its rule does not apply. */
export function locatedAt(raw: RawFinding, oid: Oid, place: Place, { suppression }: Judgement): LocatedFinding[] {
  if (suppression === 'not-applicable') return [];
  const hasPath = raw.kind === 'blob' || raw.kind === 'path';
  const commit = raw.kind === 'tag' ? oid : place.commit;
  return [
    {
      raw,
      path: hasPath && place.path.length > 0 ? bytesToText(place.path) : oid,
      ...(raw.kind === 'path' ? {} : { blob: oid }),
      ...(commit === undefined ? {} : { commit }),
      preExisting: false,
      ...(suppression === undefined ? {} : { suppression }),
      place,
    },
  ];
}

/** What can be said without asking git any more: the scan was stopped and there is no time. */
export function locateRoughly(
  raw: readonly RawFinding[],
  listing: ObjectListing,
  context: ScanContext,
): LocatedFinding[] {
  return raw.flatMap((finding) => {
    const place = finding.kind === 'blob' ? hintOf(listing, finding.object) : placeOf(finding, listing);
    return toLocated({ raw: finding, place, judgement: judgeAt(finding, place, context) }, listing);
  });
}
