/**
 * Finds candidates: places where a literal of a rule stands, in the right case, between bytes that may precede and follow it. The work is done by a small
 * WebAssembly module (assembly/candidates.ts); this file gives it its tables and hands it content piece by piece.
 */
import { CANDIDATES_WASM } from './candidates-wasm.ts';
import { CHECK_COLUMNS, type CompiledRuleset } from './compile-ruleset.ts';
import { LONGEST_WALK } from './follow-automaton.ts';
import type { LiteralTables } from './literal-automaton.ts';
import { layOutRepeats, type RepeatSizes } from './repeats.ts';

/** What passed: an entry of the ruleset and the first byte of its literal, in no order. Reused from call to call. */
export interface Candidates {
  entry: Int32Array;
  at: Int32Array;
  count: number;
}

/** Finds all literals that end in `content[from, to)`; what follows them is read to the end of the content. */
export type FindCandidates = (content: Uint8Array, from: number, to: number, into: Candidates) => void;

export function createCandidates(): Candidates {
  return { entry: new Int32Array(256), at: new Int32Array(256), count: 0 };
}

/** Content is copied into the module in pieces that stay in the processor's second-level cache beside the tables. */
const PIECE_BYTES = 256 * 1024;
/** Candidates the module can hand over at once; a piece that has more is searched again in halves. */
const OUT_CAPACITY = 16_384;
const WASM_PAGE = 65_536;
/** Where the module expects the classes of bytes, doubled where that fits, and the literal automaton: the same numbers as in assembly/literal-search.ts. */
const LETTERS_AT = 64;
const TABLE_AT = 320;

interface Module {
  configure(...numbers: number[]): void;
  find(data: number, size: number, from: number, to: number, back: number): number;
  configureRepeats(...numbers: number[]): void;
  findAgain(data: number, size: number, from: number, to: number, back: number): number;
}

/** @param repeats remember text, for contents that repeat each other; what is found is the same */
export function createFindCandidates(ruleset: CompiledRuleset, repeats?: RepeatSizes): FindCandidates {
  const { literals, follow, checks, gates, precedingSets } = ruleset;
  const entryCount = checks.length / CHECK_COLUMNS;
  const back = Math.max(0, literals.longest - 1);
  const tables = [
    literals.outputStart,
    literals.outputs,
    literals.literals,
    literals.spelling,
    checks,
    gates,
    precedingSets,
    follow.maps,
    follow.table,
  ];
  const { addresses, end } = layOut(tables, endOfLiterals(literals));
  // A piece of one byte ends at most every entry once, so halving always gets there.
  const capacity = Math.max(OUT_CAPACITY, entryCount);
  const data = align(end + capacity * 8);
  const pieceBytes = repeats?.pieceBytes ?? PIECE_BYTES;
  const largest = align(back + 1 + pieceBytes + LONGEST_WALK);
  const remembered = repeats === undefined ? undefined : layOutRepeats(repeats, data, data + largest, largest);
  const memory = new runtime.Memory({ initial: Math.ceil((remembered?.end ?? data + largest) / WASM_PAGE) });
  for (const [index, table] of tables.entries()) {
    new Uint8Array(memory.buffer, addresses[index], table.byteLength).set(
      new Uint8Array(table.buffer, table.byteOffset, table.byteLength),
    );
  }
  putLiterals(memory.buffer, literals);
  const module = new runtime.Instance(compiled(), { env: { memory } }).exports as Module;
  module.configure(...addresses, literals.shift, literals.firstOutput, end, capacity);
  if (remembered !== undefined) module.configureRepeats(...remembered.settings);
  const search = remembered === undefined ? module.find : module.findAgain;
  const bytes = new Uint8Array(memory.buffer);
  const results = new Uint32Array(memory.buffer, end, capacity * 2);

  function searchPiece(content: Uint8Array, from: number, to: number, into: Candidates): void {
    // One byte more than the longest literal: what stands before it decides, too.
    const base = Math.max(0, from - back - 1);
    const size = Math.min(content.length, to + LONGEST_WALK) - base;
    bytes.set(size === content.length ? content : content.subarray(base, base + size), data);
    const count = search(data, size, from - base, to - base, back);
    take(count, base, size, from - base, to - base, into);
  }

  /** Hands over what the search of the loaded bytes found; when there was no room for it, they are searched again in halves. */
  function take(count: number, base: number, size: number, from: number, to: number, into: Candidates): void {
    if (count > capacity) {
      const middle = (from + to) >>> 1;
      take(module.find(data, size, from, middle, back), base, size, from, middle, into);
      take(module.find(data, size, middle, to, back), base, size, middle, to, into);
      return;
    }
    while (into.at.length < into.count + count) grow(into);
    for (let index = 0; index < count; index++) {
      into.entry[into.count] = results[2 * index] as number;
      into.at[into.count++] = base + (results[2 * index + 1] as number);
    }
  }

  return (content, from, to, into) => {
    if (entryCount === 0) return;
    for (let at = from; at < to; at += pieceBytes) searchPiece(content, at, Math.min(to, at + pieceBytes), into);
  };
}

/** Each row at the place that follows from the number of its state. */
function putLiterals(memory: ArrayBuffer, { classOf, table, shift, firstOutput, outputStart }: LiteralTables): void {
  const silent = table.length - ((outputStart.length - 1) << shift);
  new Uint8Array(memory, LETTERS_AT, classOf.length).set(shift < 8 ? classOf.map((letter) => letter * 2) : classOf);
  new Uint16Array(memory, TABLE_AT, silent).set(table.subarray(0, silent));
  new Uint16Array(memory, TABLE_AT + (firstOutput << shift) * 2, table.length - silent).set(table.subarray(silent));
}

function endOfLiterals({ shift, firstOutput, outputStart }: LiteralTables): number {
  return TABLE_AT + ((firstOutput + outputStart.length - 1) << shift) * 2;
}

// The part of the WebAssembly interface used here; Node's own types leave it to the DOM's.
interface WebAssemblyRuntime {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
}
const runtime = (globalThis as unknown as { readonly WebAssembly: WebAssemblyRuntime }).WebAssembly;

let wasm: object | undefined;

function compiled(): object {
  wasm ??= new runtime.Module(Buffer.from(CANDIDATES_WASM, 'base64'));
  return wasm;
}

function layOut(
  tables: readonly { readonly byteLength: number }[],
  start: number,
): {
  readonly addresses: number[];
  readonly end: number;
} {
  let end = align(start);
  const addresses = tables.map((table) => {
    const address = end;
    end = align(end + table.byteLength);
    return address;
  });
  return { addresses, end };
}

function align(address: number): number {
  return (address + 63) & ~63;
}

function grow(candidates: Candidates): void {
  const entry = new Int32Array(candidates.entry.length * 2);
  const at = new Int32Array(entry.length);
  entry.set(candidates.entry);
  at.set(candidates.at);
  candidates.entry = entry;
  candidates.at = at;
}
