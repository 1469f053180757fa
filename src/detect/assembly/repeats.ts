// Text that was searched before is recognised and not searched again. See ../repeats.ts for the idea and for why nothing is lost.

import { candidateCount, clearCandidates, hit, NEAR, noteAt, run, search } from './literal-search';

/** Bytes of an anchor: the start of a line, or of a piece, by which text is found again. Anchors are looked up so far apart at least. */
const ANCHOR: u32 = 32;
/** Known text so long need not be compared with what stands elsewhere. */
const SURE: usize = 1024;
/** A kept piece gets an anchor so often at least where there are lines; text that was unknown has more of them. */
const SPARSE: u32 = 1024;

let notes: usize; // bits: places of the piece to be looked at again wherever its text returns
let pending: usize; // u32 × 3: anchors looked up in vain: slot, tag, offset in the piece
let ring: usize; // kept pieces
let ringEnd: usize;
let ringNotes: usize; // bits, the same for the ring
let slots: usize; // u32 × 2 per anchor, by hash: tag, address in the ring
let slotBits: u32;
let gain: u32;
let keepShare: u32;

let next: usize; // where the next kept piece goes
let fresh: u32; // bytes of this piece that were searched
let pendingCount: u32;
let tag: u32; // of the slot that `slotOf` gave last

export function configureRepeats(
  data: usize,
  a: usize,
  b: usize,
  c: usize,
  size: u32,
  d: usize,
  e: usize,
  bits: u32,
  bytes: u32,
  share: u32,
): void {
  notes = a;
  pending = b;
  ring = c;
  ringEnd = c + size;
  ringNotes = d;
  slots = e;
  slotBits = bits;
  gain = bytes;
  keepShare = share;
  next = c;
  noteAt(a, data);
  // Nothing is known of a ring that holds nothing, and it can be compared with like any other.
  memory.fill(d, 0xff, size >>> 3);
  for (let slot = e, end = e + (8 << bits); slot < end; slot += 8) store<u32>(slot, <u32>c, 4);
}

/** Finds what `find` finds, and remembers the piece. */
export function findAgain(data: usize, size: u32, from: u32, to: u32, back: u32): u32 {
  clearCandidates();
  memory.fill(notes, 0, ((size + 63) >>> 6) << 3);
  fresh = to - from;
  pendingCount = 0;
  const end = data + to;
  let done = data + from;
  let at = done;
  // Where the old text goes on behind the last stretch that was the same: what follows an edit is often found there.
  let expected = ring;
  while (at + ANCHOR <= end) {
    const slot = slotOf(at);
    const left = data + size - at;
    let known = expected;
    let length = same(at, known, min(ringEnd - known, left));
    if (length < SURE && load<u32>(slot) == tag) {
      const other = <usize>load<u32>(slot, 4);
      const longer = same(at, other, min(ringEnd - other, left));
      if (longer > length) {
        known = other;
        length = longer;
      }
    }
    // Of the text that is the same, the first bytes may end literals, and the last ones begin walks, that are not all in it.
    const first = at + back + 1;
    const behind = min(at + length - NEAR, end);
    if (length >= back + 1 + NEAR + gain && behind > first) {
      search(data, size, <u32>(done - data), <u32>(first - data), back);
      lookAgain(data, size, first, behind, at - known, back);
      fresh -= <u32>(behind - first);
      done = behind;
      const after = known + length;
      expected = min(nextAnchor(after, min(ringEnd, after + SPARSE)), ringEnd);
    } else {
      const p = pending + pendingCount++ * 12;
      store<u32>(p, slot);
      store<u32>(p, tag, 4);
      store<u32>(p, <u32>(at - data), 8);
    }
    at = nextAnchor(at + max(<usize>ANCHOR, length), end);
  }
  search(data, size, <u32>(done - data), to, back);
  if (fresh > size / keepShare) keep(data, size, from, to, back);
  return candidateCount();
}

/** Looks at the noted places of [first, behind), whose text stands `distance` lower in the ring. */
function lookAgain(data: usize, size: u32, first: usize, behind: usize, distance: usize, back: u32): void {
  const base = ring + distance;
  const last = behind - base;
  let state: u32 = 0;
  let ran = first - back - 1;
  for (let p = first - base; p < last; p++) {
    // The notes from p on, of 64 at once.
    const word = load<u64>(ringNotes + ((p >>> 6) << 3)) >> (p & 63);
    if (word == 0) {
      p |= 63;
      continue;
    }
    p += <usize>ctz(word);
    if (p >= last) break;
    const q = p + base;
    if (q - ran > back) {
      ran = q - back;
      state = 0;
    }
    state = run(state, ran, q + 1);
    ran = q + 1;
    hit(data, size, state, q);
  }
}

/** Puts the piece into the ring, over the oldest ones. */
function keep(data: usize, size: u32, from: u32, to: u32, back: u32): void {
  const room = (size + 63) & ~63;
  if (next + room > ringEnd) next = ring;
  const place = next;
  next += room;
  memory.copy(place, data, size);
  memory.copy(ringNotes + ((place - ring) >>> 3), notes, room >>> 3);
  // Where other text stands next to a place than did when it was searched, it must be looked at again.
  note(max(ring, place - NEAR), place + max(from, back + 1));
  note(place + to, min(ringEnd, place + room + back + 1));
  for (let p = pending, end = pending + pendingCount * 12; p < end; p += 12) {
    const slot = <usize>load<u32>(p);
    store<u32>(slot, load<u32>(p, 4));
    store<u32>(slot, <u32>place + load<u32>(p, 8), 4);
  }
  for (let p = place + from, end = place + to; p + ANCHOR <= end; p = nextAnchor(p + SPARSE, end)) {
    const slot = slotOf(p);
    store<u32>(slot, tag);
    store<u32>(slot, <u32>p, 4);
  }
}

/** Notes the places [p, end) of the ring. */
function note(p: usize, end: usize): void {
  for (let at = p - ring, last = end - ring; at < last; at++) {
    const byte = ringNotes + (at >>> 3);
    store<u8>(byte, load<u8>(byte) | <u8>((<u32>1) << <u32>(at & 7)));
  }
}

/** The slot of the anchor at `p`; sets `tag`. */
// @ts-ignore: decorator
@inline
function slotOf(p: usize): usize {
  let hash = load<u64>(p) * 0x9e3779b97f4a7c15;
  hash = (rotl(hash, 29) + load<u64>(p, 8)) * 0xbf58476d1ce4e5b9;
  hash = (rotl(hash, 31) + load<u64>(p, 16)) * 0x94d049bb133111eb;
  hash = (rotl(hash, 30) + load<u64>(p, 24)) * 0xd6e8feb86659fd93;
  tag = <u32>(hash >> 8);
  return slots + (<usize>(hash >> (64 - slotBits)) << 3);
}

/** The first place behind a line feed at `p - 1` or later, of one line in four: which, the bytes around the line feed decide. */
function nextAnchor(p: usize, end: usize): usize {
  const lf = i8x16.splat(10);
  const zero = i8x16.splat(0);
  const low = i8x16.splat(3);
  for (; p + ANCHOR <= end; p += 16) {
    const sum = i8x16.add(i8x16.add(v128.load(p - 3), v128.load(p - 7)), v128.load(p, 11));
    const chosen = v128.and(i8x16.eq(v128.load(p - 1), lf), i8x16.eq(v128.and(sum, low), zero));
    const found = i8x16.bitmask(chosen);
    if (found != 0) return p + ctz(found);
  }
  return end;
}

/** How many bytes at `a` and `b` are the same, `most` at most. */
function same(a: usize, b: usize, most: usize): usize {
  let n: usize = 0;
  for (; n + 16 <= most; n += 16) {
    const equal = i8x16.bitmask(i8x16.eq(v128.load(a + n), v128.load(b + n)));
    if (equal != 0xffff) return n + ctz(~equal);
  }
  while (n < most && load<u8>(a + n) == load<u8>(b + n)) n++;
  return n;
}
