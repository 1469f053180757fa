/**
 * The objects of a scan, as rev-list printed them: one line each, `<id>` for a commit and `<id> <path>` for everything else, each
 * object after the commit that brings it in. The lines are kept as they came, in shared memory, with the offset of each: a
 * history of millions of objects costs its own listing and nothing per object, and workers read the same copy.
 */
import type { Oid } from '../model/oid.ts';
import { LeakgateError } from '../model/errors.ts';

/** Plain data that crosses threads; the functions below read it. Objects go by their number, in the order of the listing. */
export interface ObjectListing {
  /** Lines with their LF. */
  readonly bytes: Uint8Array;
  /** Offset of each line, and one more: the length of `bytes` in use. */
  readonly starts: Uint32Array;
  readonly count: number;
  /** 40 or 64. */
  readonly idLength: number;
  /** Objects from this number on were not reached from any ref: they have neither commit nor path. */
  readonly reached: number;
}

const LF = 0x0a;
const QUESTION_MARK = 0x3f;
const MOST_BYTES = 2 ** 32 - 1;
/** `Buffer.indexOf` takes and returns no offset over 2 GiB. */
const SEARCHED_AT_ONCE = 2 ** 30;

/** Collects a listing from pieces of rev-list's output, cut anywhere. */
export class ListingBuilder {
  readonly #idLength: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #reachedSize: number | undefined;

  constructor(idLength: number) {
    this.#idLength = idLength;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > MOST_BYTES)
      throw new LeakgateError(
        'GIT_FAILED',
        'the list of objects is longer than 4 GiB; scan in parts (by branch or range)',
      );
  }

  /** Adds objects that no ref reaches. Nothing may be added with `add` afterwards. */
  addUnreached(oids: readonly Oid[]): void {
    this.#reachedSize ??= this.#size;
    if (oids.length > 0) this.add(Buffer.from(oids.map((oid) => `${oid} \n`).join(''), 'latin1'));
  }

  /** The listing, and the ids rev-list printed as missing (`?<id>`). */
  build(): { readonly listing: ObjectListing; readonly missing: readonly string[] } {
    const bytes = new Uint8Array(new SharedArrayBuffer(this.#size));
    let filled = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, filled);
      filled += chunk.length;
    }
    const reachedSize = this.#reachedSize ?? this.#size;
    const missing: string[] = [];
    let starts = new Uint32Array(1024);
    let count = 0;
    let reached = 0;
    let used = 0;
    const whole = bufferOf(bytes);
    let view = whole;
    let viewAt = 0;
    for (let start = 0, end = 0; start < filled; start = end + 1) {
      if (start - viewAt > SEARCHED_AT_ONCE) view = whole.subarray((viewAt = start));
      const lineEnd = view.indexOf(LF, start - viewAt + this.#idLength);
      if (lineEnd < 0) throw new LeakgateError('GIT_FAILED', 'git rev-list stopped in the middle of a line');
      end = viewAt + lineEnd;
      if (bytes[start] === QUESTION_MARK) {
        missing.push(whole.toString('latin1', start + 1, start + 1 + this.#idLength));
        continue;
      }
      if (count + 1 >= starts.length) starts = grown(starts);
      starts[count++] = start;
      if (start < reachedSize) reached = count;
      used = end + 1;
    }
    starts[count] = used;
    const shared = new Uint32Array(new SharedArrayBuffer((count + 1) * 4));
    shared.set(starts.subarray(0, count + 1));
    return { listing: { bytes, starts: shared, count, idLength: this.#idLength, reached }, missing };
  }
}

export function oidOf(listing: ObjectListing, object: number): Oid {
  const start = listing.starts[object] as number;
  return bufferOf(listing.bytes).toString('latin1', start, start + listing.idLength) as Oid;
}

/** Whether the line is a commit's. Tags, trees and blobs have a space after their id. */
export function isCommit(listing: ObjectListing, object: number): boolean {
  return listing.bytes[(listing.starts[object] as number) + listing.idLength] === LF;
}

/**
 * What rev-list printed beside the id: the path of a tree or blob where it was first seen, cut at a newline; empty for a root
 * tree; the name of a tag. A view, not a copy.
 */
export function nameOf(listing: ObjectListing, object: number): Buffer {
  const start = (listing.starts[object] as number) + listing.idLength + 1;
  // Searched from the line on: `indexOf` takes no offset over 2 GiB.
  const line = bufferOf(listing.bytes).subarray(start - 1);
  return line.subarray(1, Math.max(1, line.indexOf(LF)));
}

/** The commit that brings the object in, itself for a commit; undefined where no commit precedes it. */
export function commitOf(listing: ObjectListing, object: number): number | undefined {
  if (object >= listing.reached) return undefined;
  let commits = commitsOf.get(listing);
  if (commits === undefined) commitsOf.set(listing, (commits = findCommits(listing)));
  let low = 0;
  let high = commits.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((commits[middle] as number) <= object) low = middle + 1;
    else high = middle;
  }
  return commits[low - 1];
}

/** Made when it is first asked for: a commit may bring a million objects, and a clean history never asks. */
const commitsOf = new WeakMap<ObjectListing, Uint32Array>();

function findCommits(listing: ObjectListing): Uint32Array {
  let commits = new Uint32Array(1024);
  let count = 0;
  for (let object = 0; object < listing.reached; object++) {
    if (!isCommit(listing, object)) continue;
    if (count === commits.length) commits = grown(commits);
    commits[count++] = object;
  }
  return commits.subarray(0, count);
}

/** Copies ids, one a line, of the objects in `order[from, to)`: what `git cat-file --batch` reads. */
export function idLines(listing: ObjectListing, order: Uint32Array, from: number, to: number): Buffer {
  const { bytes, starts, idLength } = listing;
  const lines = Buffer.allocUnsafeSlow((to - from) * (idLength + 1));
  let at = 0;
  for (let position = from; position < to; position++) {
    const start = starts[order[position] as number] as number;
    for (let i = 0; i < idLength; i++) lines[at + i] = bytes[start + i] as number;
    lines[at + idLength] = LF;
    at += idLength + 1;
  }
  return lines;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function grown(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
