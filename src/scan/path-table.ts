/**
 * Every path that the scanned trees spell out, each once. A history repeats its few thousand paths millions of times, so this is
 * a hash table over bytes: nothing is allocated for a path that is known already.
 */
import { randomInt } from 'node:crypto';

const SPACE = 0x20;
const DIGIT_0 = 0x30;
const TYPE_BITS = 0o170000;
const FOLDER_TYPE = 0o040000;
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
  // Columns of the entries. `next` is the entry that came after this one in the last tree: versions of a folder have mostly the
  // same names in the same order, and a guess that holds needs no hash.
  let hashes = new Int32Array(2048);
  let parents = new Int32Array(2048);
  let starts = new Int32Array(2048);
  let firstObjects = new Int32Array(2048);
  let next = new Int32Array(2048);
  let names = new Uint8Array(65_536);
  let count = 0;

  function addTree(content: Uint8Array, folder: Buffer, object: number): void {
    const head = headOf(folder);
    const end = content.length;
    let last = head;
    for (let at = 0; at < end;) {
      // As git reads it, digit by digit: modes of other lengths are valid, and a guess would lose step with the names.
      let mode = 0;
      let modeEnd = at;
      for (; modeEnd < end && content[modeEnd] !== SPACE; modeEnd++)
        mode = (mode << 3) + (content[modeEnd] as number) - DIGIT_0;
      const isFolder = (mode & TYPE_BITS) === FOLDER_TYPE;
      const start = modeEnd + 1;
      const parent = head * 2 + (isFolder ? 1 : 0);
      let entry = next[last] as number;
      at = entry < 0 ? -1 : endOfName(entry, parent, content, start);
      if (at < 0) {
        at = indexOfOr(content, 0, start, end);
        entry = find(content, start, at, parent, folder);
        next[last] = entry;
      }
      if (object < (firstObjects[entry] as number)) firstObjects[entry] = object;
      last = entry;
      at += 1 + idBytes;
    }
  }

  /** Each folder has an entry without a name, in no slot: its number is the folder's, its successor the folder's first name. */
  function headOf(folder: Buffer): number {
    const key = folder.toString('latin1');
    let head = folders.get(key);
    if (head === undefined) folders.set(key, (head = addEntry(new Uint8Array(0), 0, 0, 0, -1)));
    return head;
  }

  /** Where the name at `from` ends when it is the entry's, else -1. */
  function endOfName(entry: number, parent: number, content: Uint8Array, from: number): number {
    const start = starts[entry] as number;
    const to = from + (starts[entry + 1] as number) - start;
    if (content[to] !== 0 || parents[entry] !== parent) return -1;
    for (let i = from, at = start; i < to; i++, at++) if (names[at] !== content[i]) return -1;
    return to;
  }

  function find(content: Uint8Array, from: number, to: number, parent: number, folder: Buffer): number {
    const hash = hashOf(content, from, to, Math.imul(parent + 1, seed));
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (let entry = slots[slot] as number; entry >= 0; entry = slots[slot] as number) {
      if (hashes[entry] === hash && endOfName(entry, parent, content, from) === to) return entry;
      slot = (slot + 1) & mask;
    }
    const entry = addEntry(content, from, to, hash, parent);
    slots[slot] = entry;
    if (count * 2 > slots.length) rehash();
    const path = joinPath(folder, content.subarray(from, to));
    if (onNewPath(path, (parent & 1) === 1)) remembered.push({ entry, path, told: Infinity });
    return entry;
  }

  function addEntry(content: Uint8Array, from: number, to: number, hash: number, parent: number): number {
    if (count + 2 > hashes.length) {
      hashes = larger(hashes);
      parents = larger(parents);
      starts = larger(starts);
      firstObjects = larger(firstObjects);
      next = larger(next);
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
    firstObjects[count] = 0x7fffffff;
    next[count] = -1;
    starts[count + 1] = start + to - from;
    return count++;
  }

  function rehash(): void {
    slots = new Int32Array(slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let entry = 0; entry < count; entry++) {
      if (parents[entry] === -1) continue;
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

/** Index of a byte, or `end` where a malformed tree has none. */
function indexOfOr(content: Uint8Array, byte: number, from: number, end: number): number {
  const at = content.indexOf(byte, from);
  return at < 0 ? end : at;
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
