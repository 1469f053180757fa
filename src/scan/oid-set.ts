import type { Oid } from '../model/oid.ts';
import { oidOf, type ObjectListing } from './object-listing.ts';

/** Whether an id is in a listing. Four bytes for each slot, whatever the length of ids and paths. */
export function createOidSet(listing: ObjectListing): (oid: Oid) => boolean {
  const slots = new Int32Array(slotCount(listing.count)).fill(-1);
  const mask = slots.length - 1;
  for (let object = 0; object < listing.count; object++) {
    let slot = firstSlot(oidOf(listing, object)) & mask;
    while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask;
    slots[slot] = object;
  }
  return (oid) => {
    let slot = firstSlot(oid) & mask;
    for (let object = slots[slot] as number; object >= 0; object = slots[slot] as number) {
      if (oidOf(listing, object) === oid) return true;
      slot = (slot + 1) & mask;
    }
    return false;
  };
}

/** Made when it is first asked: whole histories never ask. */
export function createLazySet(listing: ObjectListing): (oid: Oid) => boolean {
  let has: ((oid: Oid) => boolean) | undefined;
  return (oid) => (has ??= createOidSet(listing))(oid);
}

// Ids are hashes: any of their bits will do.
function firstSlot(oid: Oid): number {
  return Number.parseInt(oid.slice(0, 7), 16);
}

function slotCount(objects: number): number {
  let count = 16;
  while (count < objects * 2) count *= 2;
  return count;
}
