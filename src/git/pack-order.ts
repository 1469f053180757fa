/**
 * The order in which objects lie in packs. Reading them so is 1.2 to 2.2 times faster than in any other: git finds the delta bases it needs
 * in its cache. It is only an order: what cannot be found out (loose objects, a damaged index) comes last and nothing is ever left out.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import type { Oid } from '../model/oid.ts';
import { toOidLines, type OidLines } from './oid-lines.ts';
import { parsePackIndex, type PackIndex } from './pack-index.ts';
import type { Repository } from './repository.ts';
import { runGit, throwIfAborted } from './spawn.ts';

/** Alternates of alternates are followed so far, as git does. */
const MAX_ALTERNATES_DEPTH = 5;
/** A larger index (some 50 million objects) is not worth its memory. */
const MAX_INDEX_BYTES = 2 ** 31;

/** Positions in `oids` (ids, or lines of hex) by pack and offset; those in no pack come last, in the order given. */
export async function packOrder(
  repo: Repository,
  oids: Uint8Array | readonly Oid[],
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Uint32Array> {
  const lines = toOidLines(oids, repo.objectFormat);
  const hashBytes = repo.objectFormat === 'sha1' ? 20 : 32;
  const ids = toBinary(lines, hashBytes);
  const order = new Uint32Array(lines.count);
  let placed = 0;
  let left = Uint32Array.from(order.keys());
  for (const file of await findIndexes(repo, options.signal)) {
    if (left.length === 0) break;
    throwIfAborted(options.signal);
    const index = await loadIndex(file, hashBytes);
    if (index === undefined) continue;
    const { found, rest } = sortByOffset(index, ids, hashBytes, left);
    order.set(found, placed);
    placed += found.length;
    left = rest;
  }
  order.set(left, placed);
  return order;
}

function sortByOffset(
  index: PackIndex,
  ids: Uint8Array,
  hashBytes: number,
  wanted: Uint32Array,
): { found: Uint32Array; rest: Uint32Array<ArrayBuffer> } {
  const offsets = new Float64Array(wanted.length);
  const found = new Uint32Array(wanted.length);
  const rest = new Uint32Array(wanted.length);
  let hits = 0;
  let misses = 0;
  for (const position of wanted) {
    const offset = index.offsetOf(ids, position * hashBytes);
    if (offset < 0) rest[misses++] = position;
    else {
      offsets[hits] = offset;
      found[hits++] = position;
    }
  }
  return { found: sortPositions(offsets.subarray(0, hits), found.subarray(0, hits)), rest: rest.slice(0, misses) };
}

/** Positions sorted by their offset. Both go into one number where they fit, as sorting plain numbers is ten times faster than by a function. */
function sortPositions(offsets: Float64Array, positions: Uint32Array): Uint32Array {
  const count = positions.length;
  let largest = 0;
  for (const offset of offsets) if (offset > largest) largest = offset;
  if ((largest + 1) * count > Number.MAX_SAFE_INTEGER) {
    const slots = Uint32Array.from(positions.keys()).sort((a, b) => (offsets[a] as number) - (offsets[b] as number));
    return slots.map((slot) => positions[slot] as number);
  }
  for (let slot = 0; slot < count; slot++) offsets[slot] = (offsets[slot] as number) * count + slot;
  offsets.sort();
  return Uint32Array.from(offsets, (key) => positions[key % count] as number);
}

/** Index files of all object stores in reach, the largest first: most objects are then found at the first try. */
async function findIndexes(repo: Repository, signal: AbortSignal | undefined): Promise<string[]> {
  const answer = await runGit(repo, ['rev-parse', '--git-path', 'objects'], { signal });
  const own = resolve(repo.gitDir, answer.stdout.toString('utf8').replace(/\n$/, ''));
  const extra = (repo.env['GIT_ALTERNATE_OBJECT_DIRECTORIES'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const stores = new Set<string>();
  for (const folder of [own, ...extra]) await addStore(resolve(repo.gitDir, folder), stores, 0);
  const indexes: { file: string; size: number }[] = [];
  for (const store of stores) {
    const names = await readdir(join(store, 'pack')).catch(() => []);
    for (const name of names) {
      if (!name.endsWith('.idx')) continue;
      const file = join(store, 'pack', name);
      const size = await stat(file).then(
        (found) => found.size,
        () => 0,
      );
      if (size > 0 && size <= MAX_INDEX_BYTES) indexes.push({ file, size });
    }
  }
  return indexes.sort((a, b) => b.size - a.size).map(({ file }) => file);
}

async function addStore(folder: string, stores: Set<string>, depth: number): Promise<void> {
  if (stores.has(folder) || depth > MAX_ALTERNATES_DEPTH) return;
  stores.add(folder);
  const list = await readFile(join(folder, 'info', 'alternates'), 'utf8').catch(() => '');
  for (const line of list.split('\n')) {
    if (line !== '' && !line.startsWith('#')) await addStore(resolve(folder, line), stores, depth + 1);
  }
}

// A damaged index costs speed here; whether objects can be read is for git to say.
async function loadIndex(file: string, hashBytes: 20 | 32): Promise<PackIndex | undefined> {
  try {
    return parsePackIndex(await readFile(file), hashBytes);
  } catch {
    return undefined;
  }
}

function toBinary(lines: OidLines, hashBytes: number): Uint8Array {
  const ids = new Uint8Array(lines.count * hashBytes);
  const { bytes, width } = lines;
  let to = 0;
  for (let line = 0; line < bytes.length; line += width) {
    for (let i = line; i < line + width - 1; i += 2)
      ids[to++] = (hexValue(bytes[i] as number) << 4) | hexValue(bytes[i + 1] as number);
  }
  return ids;
}

function hexValue(char: number): number {
  return char < 0x3a ? char - 0x30 : char - 0x57;
}
