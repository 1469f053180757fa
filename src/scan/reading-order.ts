/**
 * In which order the objects of a listing are read, and where the reading is cut into ranges.
 *
 * Objects of a kind are read together, each kind in the order of the packs. git keeps the bases of deltas in a cache that holds 96 MB: trees
 * between the versions of a file push each other's bases out. On eslint's history its reading of all objects then takes 17 % less.
 */
import { packOrder } from '../git/pack-order.ts';
import type { Repository } from '../git/repository.ts';
import { idLines, isCommit, type ObjectListing } from './object-listing.ts';

/** Kinds as far as a listing tells. A wrong guess costs time only. */
const KIND = { commit: 0, tree: 1, content: 2 } as const;
/** What reading and scanning one costs, about, beside the others: commits and trees are small. */
const COST = [1, 1, 8] as const;
const SLASH = 0x2f;
const LF = 0x0a;

export interface ReadingRange {
  readonly from: number;
  readonly to: number;
}

export interface Reading {
  /** Numbers of the objects in the order in which they are read; shared memory. */
  readonly order: Uint32Array;
  /** Parts of `order` of about equal cost. */
  readonly ranges: readonly ReadingRange[];
}

/** For a few objects, which are not worth the looking. */
export function inListingOrder(listing: ObjectListing, pieces: number): Reading {
  const order = numbers(listing.count);
  return { order, ranges: cut(order, pieces, () => 1) };
}

export async function inPackOrder(
  repository: Repository,
  listing: ObjectListing,
  pieces: number,
  signal: AbortSignal,
): Promise<Reading> {
  const order = numbers(listing.count);
  const byPack = await packOrder(repository, idLines(listing, order, 0, listing.count), { signal });
  const kinds = kindsOf(listing);
  let at = 0;
  for (const kind of Object.values(KIND)) for (const object of byPack) if (kinds[object] === kind) order[at++] = object;
  return { order, ranges: cut(order, pieces, (object) => COST[kinds[object] as 0 | 1 | 2]) };
}

function numbers(count: number): Uint32Array {
  const order = new Uint32Array(new SharedArrayBuffer(count * 4));
  for (let object = 0; object < count; object++) order[object] = object;
  return order;
}

/** rev-list prints what a tree brings right behind it, with the tree's path in front; only a tree's path is empty. */
function kindsOf(listing: ObjectListing): Uint8Array {
  const { bytes, starts, count, idLength, reached } = listing;
  const kinds = new Uint8Array(count).fill(KIND.content);
  for (let object = 0; object < count; object++) {
    if (isCommit(listing, object)) kinds[object] = KIND.commit;
    else if (object < reached) {
      const name = (starts[object] as number) + idLength + 1;
      const length = (starts[object + 1] as number) - 1 - name;
      const next = (starts[object + 1] as number) + idLength + 1;
      if (length === 0 || (bytes[next + length] === SLASH && isSame(bytes, name, next, length)))
        kinds[object] = KIND.tree;
    }
  }
  return kinds;
}

function isSame(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i] || bytes[a + i] === LF) return false;
  return true;
}

function cut(order: Uint32Array, pieces: number, costOf: (object: number) => number): ReadingRange[] {
  let total = 0;
  for (const object of order) total += costOf(object);
  const share = total / pieces;
  const ranges: ReadingRange[] = [];
  let from = 0;
  let cost = 0;
  for (let at = 0; at < order.length; at++) {
    cost += costOf(order[at] as number);
    if (cost < share * (ranges.length + 1) && at + 1 < order.length) continue;
    ranges.push({ from, to: at + 1 });
    from = at + 1;
  }
  return ranges;
}
