// The search for literals and the check of what follows them. Pointers are addresses in this module's memory; `configure` sets those of the tables once.

/** Stands for "either case will do" instead of a place in the spelling. The same number stands in ../literal-automaton.ts. */
const ANY_CASE: u32 = 0xffffffff;

/** What a walk behind a literal says: no; no, but by bytes beyond `NEAR` or by the end of the content; perhaps. */
const NO: u32 = 0;
const NO_FAR: u32 = 1;
const YES: u32 = 2;

// Parts of a number of `checks`, as in ../compile-ruleset.ts.
const ACCEPT_AT_END: u32 = 0x80000000;
const END_IS_ENOUGH: u32 = 0x40000000;
const LONGEST: u32 = 0x3fffffff;

/** A walk that says no within so many bytes says so of every text that goes on like this for so long. */
export const NEAR: u32 = 64;

/** Where the host puts the first two tables (../find-candidates.ts): addresses the compiler knows cost the loop nothing. */
const LETTERS: usize = 64; // u8 × 256: byte class for the literal automaton, doubled where that fits
const TABLE: usize = 320; // u16 rows of 1 << shift

let outputStart: usize; // u32
let outputs: usize; // u32: literals
let literals: usize; // u32 × 4: spelling or ANY_CASE, length, first entry, entry count
let spelling: usize; // u8
let checks: usize; // u32 × 4 per entry: part of the follow table; most bytes to walk, bit 31: accept a walk of that length, bit 30: accept the end of the content; set of bytes before; map
let gates: usize; // the same per literal: says no where all its entries do
let precedingSets: usize; // u8 × 256 per set
let followMaps: usize; // u8 × 256 per map: byte class for an automaton
let followTable: usize; // u16: parts
let shift: u32;
let firstOutput: u32;
let out: usize; // u32 × 2: entry, start
let outCapacity: u32;
let count: u32;

/** Where to note places that must be looked at again, one bit per address from `noted` on; 0 for nowhere. */
let notes: usize = 0;
let noted: usize = 0;

export function configure(
  c: usize,
  d: usize,
  e: usize,
  f: usize,
  g: usize,
  h: usize,
  i: usize,
  j: usize,
  l: usize,
  s: u32,
  k: u32,
  o: usize,
  n: u32,
): void {
  outputStart = c;
  outputs = d;
  literals = e;
  spelling = f;
  checks = g;
  gates = h;
  precedingSets = i;
  followMaps = j;
  followTable = l;
  shift = s;
  firstOutput = k;
  out = o;
  outCapacity = n;
}

export function noteAt(bits: usize, first: usize): void {
  notes = bits;
  noted = first;
}

export function clearCandidates(): void {
  count = 0;
}

/** Those beyond the capacity are counted and not written. */
export function candidateCount(): u32 {
  return count;
}

// With `bits` known when this is compiled, a step is three loads, a shift and an or. Only the class of a byte that does not fit doubled is shifted too.
// @ts-ignore: decorator
@inline
function step(state: u32, p: usize, bits: u32): u32 {
  const letter: u32 = load<u8>(<usize>load<u8>(p), LETTERS);
  return load<u16>((state << (bits + 1)) | (bits < 8 ? letter : letter << 1), TABLE);
}

/**
 * Finds the literals that end in [from, to) of the `size` bytes at `data` and are followed as they must be; adds entry and start of each, in no
 * order.
 *
 * Four cursors run through four quarters in one loop. Each lookup waits for the one before it; four independent chains keep the processor busy
 * meanwhile. Each cursor starts early by `back`, the longest literal less one, so that none is lost on a border.
 */
export function search(data: usize, size: u32, from: u32, to: u32, back: u32): void {
  if (shift == 6) searchRows(data, size, from, to, back, 6);
  else if (shift == 7) searchRows(data, size, from, to, back, 7);
  else searchRows(data, size, from, to, back, 8);
}

// @ts-ignore: decorator
@inline
function searchRows(data: usize, size: u32, from: u32, to: u32, back: u32, bits: u32): void {
  const ending = firstOutput;
  const length = to - from;
  const first = data + from;
  let last: u32;
  let p: usize;
  if (length >= 64) {
    const quarter: usize = length >>> 2;
    let s0 = before(data, first, back);
    let s1 = before(data, first + quarter, back);
    let s2 = before(data, first + 2 * quarter, back);
    let s3 = before(data, first + 3 * quarter, back);
    const end = first + quarter;
    const two = quarter + quarter;
    const three = two + quarter;
    p = first;
    while (p < end) {
      // No call in here: the compiler would keep the cursors in memory for its sake. One branch for the four: literals are rare, and `ending` is
      // a power of two; were it not, the branch would be taken too often and never too seldom.
      do {
        s0 = step(s0, p, bits);
        s1 = step(s1, p + quarter, bits);
        s2 = step(s2, p + two, bits);
        s3 = step(s3, p + three, bits);
        p++;
      } while ((s0 | s1 | s2 | s3) < ending && p < end);
      const at = p - 1;
      if (s0 >= ending) hit(data, size, s0, at);
      if (s1 >= ending) hit(data, size, s1, at + quarter);
      if (s2 >= ending) hit(data, size, s2, at + two);
      if (s3 >= ending) hit(data, size, s3, at + three);
    }
    last = s3;
    p = first + 4 * quarter;
  } else {
    last = before(data, first, back);
    p = first;
  }
  for (const end = data + to; p < end; p++) {
    last = step(last, p, bits);
    if (last >= ending) hit(data, size, last, p);
  }
}

/** The state a cursor has at `p`; literals that end before it are another's. */
function before(data: usize, p: usize, back: u32): u32 {
  return run(0, p - data > back ? p - back : data, p);
}

/** The state after the bytes [p, end). */
export function run(state: u32, p: usize, end: usize): u32 {
  if (shift == 6) for (; p < end; p++) state = step(state, p, 6);
  else if (shift == 7) for (; p < end; p++) state = step(state, p, 7);
  else for (; p < end; p++) state = step(state, p, 8);
  return state;
}

/** `p` is the last byte of the literals that `state` ends, if it ends any. */
export function hit(data: usize, size: u32, state: u32, p: usize): void {
  if (state < firstOutput) return;
  const o = outputStart + ((state - firstOutput) << 2);
  const end = load<u32>(o, 4);
  let note = false;
  for (let output = load<u32>(o); output < end; output++) {
    const number = load<u32>(outputs + (output << 2));
    const l = literals + (number << 4);
    const start = <u32>(p + 1 - data) - load<u32>(l, 4);
    if (!spells(data + start, l)) continue;
    const gate = follow(data, size, <u32>(p + 1 - data), gates + (number << 4));
    if (gate == NO_FAR || (gate == YES && entries(data, size, start, l))) note = true;
  }
  if (note && notes != 0) {
    const at = p - noted;
    const byte = notes + (at >>> 3);
    store<u8>(byte, load<u8>(byte) | <u8>((<u32>1) << <u32>(at & 7)));
  }
}

function spells(p: usize, l: usize): bool {
  const place = load<u32>(l);
  if (place == ANY_CASE) return true;
  const end = p + load<u32>(l, 4);
  for (let s = spelling + place; p < end; p++, s++) {
    const byte = load<u8>(s);
    if (byte != 0 && byte != load<u8>(p)) return false;
  }
  return true;
}

/** @returns whether a candidate was found, or could be where the same bytes stand before other ones */
function entries(data: usize, size: u32, start: u32, l: usize): bool {
  const behind = start + load<u32>(l, 4);
  let entry = load<u32>(l, 8);
  let note = false;
  for (const end = entry + load<u32>(l, 12); entry < end; entry++) {
    const check = checks + (entry << 4);
    if (start > 0 && load<u8>(precedingSets + (load<u32>(check, 8) << 8) + load<u8>(data + start - 1)) == 0) continue;
    const answer = follow(data, size, behind, check);
    if (answer == NO) continue;
    note = true;
    if (answer != YES) continue;
    if (count < outCapacity) {
      const o = out + (count << 3);
      store<u32>(o, entry);
      store<u32>(o, start, 4);
    }
    count++;
  }
  return note;
}

function follow(data: usize, size: u32, at: u32, f: usize): u32 {
  const part = load<u32>(f);
  if (part == 0) return YES;
  const table = followTable + (part << 1);
  const classes = followMaps + (load<u32>(f, 12) << 8);
  let state: u32 = 2;
  const walk = load<u32>(f, 4);
  const longest = walk & LONGEST;
  const first = data + at;
  const limit = data + min(size, at + longest);
  let p = first;
  for (; state > 1 && p < limit; p++) {
    state = load<u16>(table + ((state + load<u8>(classes + load<u8>(p))) << 1));
  }
  if (state == 1) return YES;
  const ended = at + longest > size;
  if (state > 1) {
    if (ended ? walk & END_IS_ENOUGH : walk & ACCEPT_AT_END) return YES;
    // Where more bytes follow, the same walk may go on.
    if (ended) return NO_FAR;
  }
  return p - first <= NEAR ? NO : NO_FAR;
}
