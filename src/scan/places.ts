/**
 * Where the objects with findings stand: commit and path. rev-list named one place for each object for nothing; it is checked, and the
 * other places are looked for only where the answer depends on them.
 */
import type { Repository } from '../git/repository.ts';
import type { Oid } from '../model/oid.ts';
import { commitOf, nameOf, oidOf, type ObjectListing } from './object-listing.ts';
import { resolvePaths } from './resolve-paths.ts';

export interface Place {
  /** As git keeps it. */
  readonly path: Buffer;
  /** Absent where no commit has it: what a tag names directly, what no ref reaches. */
  readonly commit?: Oid;
}

/** Places of one blob, each path once, by its bytes as latin-1. A blob may stand at a hundred thousand. */
export type PlacesByPath = ReadonlyMap<string, Place>;

/** Adds a place of a blob, unless one of the same path is there already. */
export function addPlace<P extends Place>(places: Map<Oid, Map<string, P>>, oid: Oid, place: P): void {
  const path = place.path.toString('latin1');
  const known = places.get(oid);
  if (known === undefined) places.set(oid, new Map([[path, place]]));
  else if (!known.has(path)) known.set(path, place);
}

export interface FirstPlace extends Place {
  /** The object does stand there. Otherwise rev-list's hint is all that is known: it cuts paths at a newline, and lists
   * what tags name directly after some commit that has nothing to do with it. */
  readonly certain: boolean;
}

/**
 * The first place of each object, by its number.
 * @param known places read from the changes of commits, which need no check
 */
export async function findFirstPlaces(
  repository: Repository,
  listing: ObjectListing,
  objects: readonly number[],
  known: ReadonlyMap<Oid, PlacesByPath>,
  signal: AbortSignal,
): Promise<Map<number, FirstPlace>> {
  const places = new Map<number, FirstPlace>();
  const asked: { readonly object: number; readonly commit: Oid; readonly path: Buffer }[] = [];
  for (const object of objects) {
    const hint = hintOf(listing, object);
    const there = known.get(oidOf(listing, object))?.get(hint.path.toString('latin1'));
    const isKnown = there !== undefined && there.commit === hint.commit;
    places.set(object, { ...hint, certain: isKnown });
    if (!isKnown && hint.commit !== undefined) asked.push({ object, commit: hint.commit, path: hint.path });
  }
  const answers = await resolvePaths(repository, asked, signal);
  for (const [i, { object, commit, path }] of asked.entries())
    places.set(object, { commit, path, certain: answers[i] === oidOf(listing, object) });
  return places;
}

/** What rev-list said about an object, unchecked. */
export function hintOf(listing: ObjectListing, object: number): Place {
  const commit = commitOf(listing, object);
  const path = Buffer.from(object < listing.reached ? nameOf(listing, object) : []);
  return { path, ...(commit === undefined ? {} : { commit: oidOf(listing, commit) }) };
}
