/**
 * The follow check: what must stand behind a literal, as a small deterministic automaton made from the pattern's tree.
 *
 * It is a necessary condition, never a sufficient one: wherever it would grow too large, or past the first bytes, it says yes and leaves the
 * answer to RE2. Nine literal hits of ten end here, before any object is made.
 *
 * States of all rules share one table. 0 rejects, 1 accepts; any other state `s` goes on to `table[s * width + classOf[byte]]`.
 */
import { emptySet, union, type ByteSet } from '../regex/byte-set.ts';
import { lengthOf } from '../regex/length.ts';
import type { Node } from '../regex/syntax.ts';

export const REJECT = 0;
export const ACCEPT = 1;

/** So many bytes that must be there are looked at; RE2 sees the rest. */
const DEPTH = 40;
/** A part that may be repeated more often than this beyond what is required is taken as repeatable without end: a count costs a state each turn. */
const MAX_COUNTED = 4;
/** Longest walk. A tail that can be longer is left to RE2 at this point. */
export const LONGEST_WALK = 1024;
/** States of one follow automaton. One that would need more is made again from a looser reading of the tail, and further states accept. */
const MAX_STATES = 32;
/** Steps of the automaton with choices from which it is made. */
const MAX_STEPS = 6000;
/** The step that accepts: the first one that a machine makes. */
const ACCEPT_STEP = 0;

export interface FollowTables {
  /** Byte to class; bytes that no rule tells apart share one. */
  readonly classOf: Uint8Array;
  readonly width: number;
  readonly table: Uint16Array;
}

/** Where the walk behind a literal starts and when it ends. */
export interface FollowEntry {
  readonly start: number;
  /** Most bytes to walk. */
  readonly walk: number;
  /** What a walk of that many bytes means: true where the tail may be longer, so that RE2 decides; else no match is left. */
  readonly acceptAtEnd: boolean;
}

/** Gathers the tails of all rules, then lays out one table for them. */
export class FollowBuilder {
  readonly #automata: Automaton[] = [];
  readonly #known = new Map<string, number>();
  readonly #nodeIds = new WeakMap<Node, number>();
  #nextId = 0;

  /** @returns the index of the tail's entry in what `build` returns; equal tails share one */
  add(tail: readonly Node[]): number {
    const key = tail.map((node) => this.#idOf(node)).join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const index = this.#automata.push(makeAutomaton(tail)) - 1;
    this.#known.set(key, index);
    return index;
  }

  build(): { readonly tables: FollowTables; readonly entries: readonly FollowEntry[] } {
    const { classOf, width, samples } = byteClasses(this.#automata.flatMap((automaton) => automaton.sets));
    const layout = new Layout(width);
    const entries = this.#automata.map((automaton) => {
      const columns = Uint8Array.from(samples, (byte) => automaton.classOf[byte] as number);
      const rows = automaton.rows.map((row) => widen(row, columns));
      const acceptAtEnd = automaton.longest > LONGEST_WALK;
      return { start: layout.add(rows), walk: acceptAtEnd ? LONGEST_WALK : automaton.longest, acceptAtEnd };
    });
    return { tables: { classOf, width, table: layout.table() }, entries };
  }

  #idOf(node: Node): number {
    let id = this.#nodeIds.get(node);
    if (id === undefined) {
      id = this.#nextId++;
      this.#nodeIds.set(node, id);
    }
    return id;
  }
}

/** A row over the classes that all automata share, from one over an automaton's own. */
function widen(row: Row, columns: Uint8Array): Uint16Array {
  const wide = new Uint16Array(columns.length);
  for (let column = 0; column < columns.length; column++) wide[column] = row[columns[column] as number] as number;
  return wide;
}

/** A tail's automaton over byte classes of its own. */
interface Automaton {
  readonly sets: readonly ByteSet[];
  readonly classOf: Uint8Array;
  readonly rows: readonly Row[];
  /** Most bytes of a match that are read before it is accepted; whoever has read more is no match. */
  readonly longest: number;
}

function makeAutomaton(tail: readonly Node[]): Automaton {
  const longest = longestUntilAccepted(tail);
  let machine = new Machine(tail, 'exact');
  let classes = byteClasses(machine.sets);
  let rows = determinize(machine, classes.samples);
  if (rows === undefined) {
    machine = new Machine(tail, 'loose');
    classes = byteClasses(machine.sets);
    rows = determinize(machine, classes.samples, 'accept the rest') ?? [];
  }
  return { sets: machine.sets, classOf: classes.classOf, rows, longest };
}

/** Thompson's automaton with choices: each step either reads a byte of a set or forks. */
class Machine {
  readonly sets: Uint8Array[] = [];
  readonly #setIndex = new Map<ByteSet, number>();
  /** Set to read at a step, or -1 for a fork, -2 for accept. */
  readonly reads: number[] = [];
  readonly next: number[][] = [];
  readonly start: number;
  /** For walks over the steps: a step is reached when it bears the number of the walk. */
  readonly reached: number[] = [];
  marks = 0;
  readonly #reading: 'exact' | 'loose';

  constructor(tail: readonly Node[], reading: 'exact' | 'loose') {
    this.#reading = reading;
    this.#step(-2, []);
    this.start = this.#sequence(tail, ACCEPT_STEP, DEPTH);
  }

  #step(read: number, next: number[]): number {
    this.reads.push(read);
    this.next.push(next);
    return this.reads.length - 1;
  }

  /**
   * Builds back to front; `budget` is how many bytes may still be looked at. Nodes past the budget, or past the step limit, count as accepted.
   */
  #sequence(nodes: readonly Node[], accept: number, budget: number): number {
    // How far into the sequence the budget reaches, by the fewest bytes each node takes.
    let left = budget;
    let count = 0;
    while (count < nodes.length && left > 0) {
      left -= shortest(nodes[count] as Node);
      count++;
    }
    // Parts beyond the budget are not looked at: whoever gets there is accepted, whatever follows the sequence.
    let at = count < nodes.length ? ACCEPT_STEP : accept;
    for (let index = count - 1; index >= 0; index--) at = this.#node(nodes[index] as Node, at);
    return at;
  }

  #node(node: Node, after: number): number {
    if (this.reads.length > MAX_STEPS) return ACCEPT_STEP;
    switch (node.kind) {
      case 'empty':
      case 'assert':
        return after;
      case 'class':
        return this.#step(this.#set(node.set), [after]);
      case 'capture':
        return this.#node(node.node, after);
      case 'concat':
        return this.#sequence(node.nodes, after, DEPTH);
      case 'alternate':
        return this.#step(
          -1,
          node.nodes.map((branch) => this.#node(branch, after)),
        );
      case 'repeat':
        return this.#repeat(node.node, node.min, node.max, after);
      default:
        return node satisfies never;
    }
  }

  #repeat(body: Node, min: number, max: number, after: number): number {
    let at = after;
    if (this.#reading === 'loose' && min === 0 && max > 0 && !isSingle(body)) {
      // An optional part with structure of its own multiplies the states of what may come after it: any mixture of its bytes passes instead.
      const loop = this.#step(-1, [after]);
      (this.next[loop] as number[]).push(this.#step(this.#set(bytesOf(body)), [loop]));
      return loop;
    }
    if (max - min > MAX_COUNTED) {
      const loop = this.#step(-1, [after]);
      (this.next[loop] as number[]).push(this.#node(body, loop));
      at = loop;
    } else {
      for (let turn = min; turn < max; turn++) at = this.#step(-1, [after, this.#node(body, at)]);
    }
    const required = Math.min(min, DEPTH);
    if (required < min) at = ACCEPT_STEP;
    for (let turn = 0; turn < required; turn++) at = this.#node(body, at);
    return at;
  }

  #set(set: ByteSet): number {
    // The turns of a repetition share one set object.
    let index = this.#setIndex.get(set);
    if (index === undefined) {
      index = this.sets.push(set) - 1;
      this.#setIndex.set(set, index);
    }
    return index;
  }
}

/**
 * Bytes a match may take until the machine accepts it, which is when the parts looked at are through: a long or endless count at the end is cut
 * at DEPTH turns. Without this bound a walk through a loop would go on to its limit at every literal of a line that repeats one.
 */
function longestUntilAccepted(tail: readonly Node[]): number {
  let left = DEPTH;
  let sum = 0;
  for (const node of tail) {
    if (left <= 0) break;
    const inner = node.kind === 'capture' ? node.node : node;
    sum += inner.kind === 'repeat' && inner.min > DEPTH ? DEPTH * lengthOf(inner.node).max : lengthOf(inner).max;
    left -= shortest(inner);
  }
  return sum;
}

function shortest(node: Node): number {
  switch (node.kind) {
    case 'class':
      return 1;
    case 'capture':
      return shortest(node.node);
    case 'concat':
      return node.nodes.reduce((sum, part) => sum + shortest(part), 0);
    case 'alternate':
      return Math.min(...node.nodes.map(shortest));
    case 'repeat':
      return node.min * shortest(node.node);
    default:
      return 0;
  }
}

function isSingle(node: Node): boolean {
  return node.kind === 'class' || (node.kind === 'capture' && isSingle(node.node));
}

/** Every byte that can stand anywhere in a match of the node. */
function bytesOf(node: Node): ByteSet {
  const set = emptySet();
  const open: Node[] = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.kind === 'class') union(set, next.set);
    else if (next.kind === 'concat' || next.kind === 'alternate') open.push(...next.nodes);
    else if (next.kind === 'capture' || next.kind === 'repeat') open.push(next.node);
  }
  return set;
}

/** Bytes that every set treats alike form a class. `samples` holds one byte of each. */
function byteClasses(sets: readonly Uint8Array[]): {
  readonly classOf: Uint8Array;
  readonly width: number;
  readonly samples: readonly number[];
} {
  const distinct = [...new Map(sets.map((set) => [Buffer.from(set).toString('latin1'), set])).values()];
  let signature = Array.from({ length: 256 }, () => 0);
  for (const set of distinct) {
    const renumbered = new Map<number, number>();
    signature = signature.map((old, byte) => {
      const key = old * 2 + (set[byte] as number);
      if (!renumbered.has(key)) renumbered.set(key, renumbered.size);
      return renumbered.get(key) as number;
    });
  }
  const samples: number[] = [];
  signature.forEach((number, byte) => {
    samples[number] ??= byte;
  });
  return { classOf: Uint8Array.from(signature), width: samples.length, samples };
}

/** One row of an automaton: next state for each byte class; 0 and 1 as above, others are indexes + 2 into the rows. */
type Row = ArrayLike<number>;

/** @returns undefined when it takes more than MAX_STATES, unless the rest is to be accepted; no rows when everything is accepted */
function determinize(
  machine: Machine,
  samples: readonly number[],
  beyond?: 'accept the rest',
): readonly Row[] | undefined {
  const index = new Map<string, number>();
  const states: number[][] = [];
  const rows: number[][] = [];
  let overflow = false;
  const intern = (steps: number[]): number => {
    const closed = closure(machine, steps);
    if (closed === undefined) return ACCEPT;
    if (closed.length === 0) return REJECT;
    const key = closed.join();
    const known = index.get(key);
    if (known !== undefined) return known;
    if (states.length >= MAX_STATES) {
      overflow = true;
      return ACCEPT;
    }
    const state = states.push(closed) + 1;
    index.set(key, state);
    return state;
  };
  const start = intern([machine.start]);
  if (start === ACCEPT) return [];
  for (let at = 0; at < states.length; at++) {
    if (overflow && beyond === undefined) return undefined;
    const steps = states[at] as number[];
    const sets = steps.map((step) => machine.sets[machine.reads[step] as number] as ByteSet);
    const seen = new Map<string, number>();
    const row: number[] = [];
    for (const byte of samples) {
      const taken: number[] = [];
      for (let index = 0; index < steps.length; index++)
        if ((sets[index] as ByteSet)[byte] === 1) taken.push(steps[index] as number);
      const key = taken.length === 1 ? String(taken[0]) : taken.join();
      let target = seen.get(key);
      if (target === undefined) {
        target =
          taken.length === 0 ? REJECT : intern(taken.map((step) => (machine.next[step] as number[])[0] as number));
        seen.set(key, target);
      }
      row.push(target);
    }
    rows.push(row);
  }
  return rows;
}

/** The reading steps reachable without reading, sorted; undefined when acceptance is among them. */
function closure(machine: Machine, steps: readonly number[]): number[] | undefined {
  const mark = ++machine.marks;
  const open = [...steps];
  const reading: number[] = [];
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    if (machine.reached[step] === mark) continue;
    machine.reached[step] = mark;
    const read = machine.reads[step] as number;
    if (read === -2) return undefined;
    if (read >= 0) reading.push(step);
    else open.push(...(machine.next[step] as number[]));
  }
  return reading.sort((a, b) => a - b);
}

/** Puts rows into the shared table, once each: automata that end alike share their ends. */
class Layout {
  readonly #width: number;
  readonly #rows: Uint16Array[] = [];
  readonly #index = new Map<string, number>();

  constructor(width: number) {
    this.#width = width;
    this.#rows.push(new Uint16Array(width).fill(REJECT), new Uint16Array(width).fill(ACCEPT));
  }

  /** @returns the start state in the shared table */
  add(rows: readonly Uint16Array[]): number {
    if (rows.length === 0) return ACCEPT;
    const placed = new Int32Array(rows.length + 2).fill(-1);
    placed[REJECT] = REJECT;
    placed[ACCEPT] = ACCEPT;
    // Rows that reach only placed rows are shared; what is left after that lies on a cycle and gets rows of its own.
    let waiting = [...rows.keys()].reverse();
    for (let before = -1; before !== waiting.length;) {
      before = waiting.length;
      waiting = waiting.filter((at) => {
        const row = rows[at] as Uint16Array;
        if (!row.every((target) => placed[target] !== -1)) return true;
        placed[at + 2] = this.#intern(row.map((target) => placed[target] as number));
        return false;
      });
    }
    for (const at of waiting) placed[at + 2] = this.#rows.push(new Uint16Array(0)) - 1;
    for (const at of waiting)
      this.#rows[placed[at + 2] as number] = (rows[at] as Uint16Array).map((target) => placed[target] as number);
    return placed[2] as number;
  }

  #intern(row: Uint16Array): number {
    const key = Buffer.from(row.buffer, row.byteOffset, row.byteLength).toString('latin1');
    const known = this.#index.get(key);
    if (known !== undefined) return known;
    const state = this.#rows.push(row) - 1;
    this.#index.set(key, state);
    return state;
  }

  table(): Uint16Array {
    if (this.#rows.length > 0xffff) throw new RangeError(`follow automata need ${this.#rows.length} states; 65535 fit`);
    const table = new Uint16Array(this.#rows.length * this.#width);
    this.#rows.forEach((row, state) => table.set(row, state * this.#width));
    return table;
  }
}
