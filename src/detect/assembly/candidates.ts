// AssemblyScript, compiled to WebAssembly by `npm run wasm`; the result is kept in ../candidates-wasm.ts, and a test holds the two together.
//
// The hot loop of the matcher: literals are found and what follows them is checked, nothing else. See ../find-candidates.ts for what it is part of.
// Pointers are addresses in this module's memory; `configure` sets those of the tables once.

/** Stands for "either case will do" instead of a place in the spelling. The same number stands in ../literal-automaton.ts. */
const ANY_CASE: u32 = 0xffffffff;

let letterOf: usize; // u8 × 256: byte class for the literal automaton
let literalTable: usize; // u16 rows of 1 << shift
let outputStart: usize; // u32
let outputs: usize; // u32: literals
let literals: usize; // u32 × 4: spelling or ANY_CASE, length, first entry, entry count
let spelling: usize; // u8
let checks: usize; // u32 × 3 per entry: start state; most bytes to walk, bit 31: accept a walk of that length; set of bytes before
let precedingSets: usize; // u8 × 256 per set
let classOf: usize; // u8 × 256: byte class for the follow automata
let followTable: usize; // u16 rows of `width`
let shift: u32;
let firstOutput: u32;
let width: u32;
let out: usize; // u32 × 2: entry, start
let outCapacity: u32;
let count: u32;

export function configure(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  e: usize,
  f: usize,
  g: usize,
  h: usize,
  i: usize,
  j: usize,
  s: u32,
  k: u32,
  w: u32,
  o: usize,
  n: u32,
): void {
  letterOf = a;
  literalTable = b;
  outputStart = c;
  outputs = d;
  literals = e;
  spelling = f;
  checks = g;
  precedingSets = h;
  classOf = i;
  followTable = j;
  shift = s;
  firstOutput = k;
  width = w;
  out = o;
  outCapacity = n;
}

// The tables come as arguments: locals stay in registers, globals would be read again at every byte.
// @ts-ignore: decorator
@inline
function step(state: u32, p: usize, table: usize, letters: usize, bits: u32): u32 {
  return load<u16>(table + (((state << bits) | load<u8>(letters + load<u8>(p))) << 1));
}

/**
 * Finds the literals that end in [from, to) of the `size` bytes at `data` and are followed as they must be; writes entry and start of each, in no
 * order. Returns how many there are; those beyond the capacity are counted and not written.
 *
 * Four cursors run through four quarters in one loop. Each lookup waits for the one before it; four independent chains keep the processor busy
 * meanwhile. Each cursor starts early by `back`, the longest literal less one, so that none is lost on a border.
 */
export function find(data: usize, size: u32, from: u32, to: u32, back: u32): u32 {
  const table = literalTable;
  const letters = letterOf;
  const bits = shift;
  const ending = firstOutput;
  count = 0;
  const length = to - from;
  const first = data + from;
  let last: u32;
  let p: usize;
  if (length >= 256) {
    const quarter: usize = length >>> 2;
    let s0 = before(data, first, back);
    let s1 = before(data, first + quarter, back);
    let s2 = before(data, first + 2 * quarter, back);
    let s3 = before(data, first + 3 * quarter, back);
    const end = first + quarter;
    p = first;
    while (p < end) {
      // No call in here: the compiler would keep the cursors in memory for its sake. One branch for the four: literals are rare.
      do {
        s0 = step(s0, p, table, letters, bits);
        s1 = step(s1, p + quarter, table, letters, bits);
        s2 = step(s2, p + 2 * quarter, table, letters, bits);
        s3 = step(s3, p + 3 * quarter, table, letters, bits);
        p++;
      } while (
        !(i32(s0 >= ending) | i32(s1 >= ending) | i32(s2 >= ending) | i32(s3 >= ending)) &&
        p < end
      );
      const at = p - 1;
      if (s0 >= ending) hit(data, size, s0, at);
      if (s1 >= ending) hit(data, size, s1, at + quarter);
      if (s2 >= ending) hit(data, size, s2, at + 2 * quarter);
      if (s3 >= ending) hit(data, size, s3, at + 3 * quarter);
    }
    last = s3;
    p = first + 4 * quarter;
  } else {
    last = before(data, first, back);
    p = first;
  }
  for (const end = data + to; p < end; p++) {
    last = step(last, p, table, letters, bits);
    if (last >= ending) hit(data, size, last, p);
  }
  return count;
}

/** The state a cursor has at `p`; literals that end before it are another's. */
function before(data: usize, p: usize, back: u32): u32 {
  const table = literalTable;
  const letters = letterOf;
  const bits = shift;
  let state: u32 = 0;
  for (let q = p - data > back ? p - back : data; q < p; q++) state = step(state, q, table, letters, bits);
  return state;
}

/** `p` is the last byte of the literals that `state` ends. */
function hit(data: usize, size: u32, state: u32, p: usize): void {
  const o = outputStart + ((state - firstOutput) << 2);
  const end = load<u32>(o, 4);
  for (let output = load<u32>(o); output < end; output++) {
    const l = literals + (load<u32>(outputs + (output << 2)) << 4);
    const start = <u32>(p + 1 - data) - load<u32>(l, 4);
    if (spells(data + start, l)) entries(data, size, start, l);
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

function entries(data: usize, size: u32, start: u32, l: usize): void {
  const behind = start + load<u32>(l, 4);
  let entry = load<u32>(l, 8);
  for (const end = entry + load<u32>(l, 12); entry < end; entry++) {
    const check = checks + entry * 12;
    if (start > 0 && load<u8>(precedingSets + (load<u32>(check, 8) << 8) + load<u8>(data + start - 1)) == 0) continue;
    if (!follow(data, size, behind, check)) continue;
    if (count < outCapacity) {
      const o = out + (count << 3);
      store<u32>(o, entry);
      store<u32>(o, start, 4);
    }
    count++;
  }
}

function follow(data: usize, size: u32, at: u32, f: usize): bool {
  const table = followTable;
  const classes = classOf;
  const columns = width;
  let state = load<u32>(f);
  const walk = load<u32>(f, 4);
  const longest = walk & 0x7fffffff;
  const limit = data + min(size, at + longest);
  for (let p = data + at; state > 1 && p < limit; p++) {
    state = load<u16>(table + ((state * columns + load<u8>(classes + load<u8>(p))) << 1));
  }
  if (state <= 1) return state == 1;
  return walk >>> 31 == 1 && at + longest <= size;
}
