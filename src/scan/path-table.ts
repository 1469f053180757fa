/**
 * Every path that the scanned trees spell out, each once. A history repeats its few thousand paths millions of times, so this is
 * a hash table over bytes: nothing is allocated for a path that is known already.
 */
import { randomInt } from 'node:crypto';

const SPACE = 0x20;
const DIGIT_4 = 0x34;
const SLASH = 0x2f;

/** Called for a path seen for the first time. Returns whether to remember where it occurs (it has findings). */
export type OnNewPath = (path: Uint8Array, isFolder: boolean) => boolean;

export interface PathTable {
  /**
   * Walks the entries of a raw tree object which stands at `folder` (a path without trailing slash; empty for a root).
   * @param object number of the tree in the listing
   */
  addTree(content: Uint8Array, folder: Buffer, object: number): void;
  /** Remembered paths which have been seen in an earlier object than at the last call, with that object. */
  takeRemembered(): readonly { readonly path: Uint8Array; readonly object: number }[];
}

interface Remembered {
  readonly entry: number;
  readonly path: Uint8Array;
  /** Object told at the last call. */
  told: number;
}

export function createPathTable(idBytes: number, onNewPath: OnNewPath): PathTable {
  // Pushed names must not be able to collide on purpose.
  const seed = randomInt(0x7fffffff) | 1;
  const folders = new Map<string, number>();
  const remembered: Remembered[] = [];
  let slots = new Int32Array(4096).fill(-1);
  // Columns of the entries.
  let hashes = new Int32Array(2048);
  let parents = new Int32Array(2048);
  let starts = new Int32Array(2048);
  let firstObjects = new Int32Array(2048);
  let names = new Uint8Array(65_536);
  let count = 0;

  function addTree(content: Uint8Array, folder: Buffer, object: number): void {
    const key = folder.toString('latin1');
    let folderNumber = folders.get(key);
    if (folderNumber === undefined) folders.set(key, (folderNumber = folders.size));
    const end = content.length;
    for (let at = 0; at < end;) {
      const isFolder = content[at] === DIGIT_4;
      while (at < end && content[at] !== SPACE) at++;
      const start = ++at;
      while (at < end && content[at] !== 0) at++;
      const parent = folderNumber * 2 + (isFolder ? 1 : 0);
      visit(content, start, at, hashOf(content, start, at, Math.imul(parent + 1, seed)), parent, folder, object);
      at += 1 + idBytes;
    }
  }

  function visit(
    content: Uint8Array,
    from: number,
    to: number,
    hash: number,
    parent: number,
    folder: Buffer,
    object: number,
  ): void {
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (let entry = slots[slot] as number; entry >= 0; entry = slots[slot] as number) {
      if (hashes[entry] === hash && parents[entry] === parent && sameName(entry, content, from, to)) {
        if (object < (firstObjects[entry] as number)) firstObjects[entry] = object;
        return;
      }
      slot = (slot + 1) & mask;
    }
    addEntry(slot, content, from, to, hash, parent, object);
    const path = joinPath(folder, content.subarray(from, to));
    if (onNewPath(path, (parent & 1) === 1)) remembered.push({ entry: count - 1, path, told: Infinity });
  }

  function sameName(entry: number, content: Uint8Array, from: number, to: number): boolean {
    let at = starts[entry] as number;
    if ((starts[entry + 1] as number) - at !== to - from) return false;
    for (let i = from; i < to; i++, at++) if (names[at] !== content[i]) return false;
    return true;
  }

  function addEntry(
    slot: number,
    content: Uint8Array,
    from: number,
    to: number,
    hash: number,
    parent: number,
    object: number,
  ): void {
    if (count + 2 > hashes.length) {
      hashes = larger(hashes);
      parents = larger(parents);
      starts = larger(starts);
      firstObjects = larger(firstObjects);
    }
    const start = starts[count] as number;
    while (start + to - from > names.length) {
      const grown = new Uint8Array(names.length * 2);
      grown.set(names);
      names = grown;
    }
    names.set(content.subarray(from, to), start);
    hashes[count] = hash;
    parents[count] = parent;
    firstObjects[count] = object;
    slots[slot] = count;
    count++;
    starts[count] = start + to - from;
    if (count * 2 > slots.length) rehash();
  }

  function rehash(): void {
    slots = new Int32Array(slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let entry = 0; entry < count; entry++) {
      const hash = hashes[entry] as number;
      let slot = hash & mask;
      while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
  }

  return {
    addTree,
    takeRemembered() {
      const changed = remembered.filter(({ entry, told }) => (firstObjects[entry] as number) < told);
      return changed.map((item) => {
        item.told = firstObjects[item.entry] as number;
        return { path: item.path, object: item.told };
      });
    },
  };
}

/** Four bytes a step: one byte a step would wait for each multiplication, and there are millions of names. */
function hashOf(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let hash = seed ^ (to - from);
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash ^ (hash >>> 16);
}

export function joinPath(folder: Uint8Array, name: Uint8Array): Uint8Array {
  if (folder.length === 0) return name.slice();
  const path = new Uint8Array(folder.length + 1 + name.length);
  path.set(folder);
  path[folder.length] = SLASH;
  path.set(name, folder.length + 1);
  return path;
}

function larger(array: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(array.length * 2);
  grown.set(array);
  return grown;
}
