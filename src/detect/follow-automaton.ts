/**
 * The follow check: what must stand behind a literal, as a small deterministic automaton made from the pattern's tree.
 *
 * It is a necessary condition, never a sufficient one: wherever it would grow too large, or past the first bytes, it says yes and leaves the
 * answer to RE2. Nine literal hits of ten end here, before any object is made.
 *
 * States of all rules share one table. 0 rejects, 1 accepts; any other state `s` goes on to `table[s * width + classOf[byte]]`.
 */
import type { ByteSet } from '../regex/byte-set.ts';
import type { Node } from '../regex/syntax.ts';
import { byteClasses, determinize, type Row } from './determinize-machine.ts';
import { Layout } from './follow-layout.ts';
import { longestUntilAccepted, Machine } from './follow-machine.ts';

/** Longest walk. A tail that can be longer is left to RE2 at this point. */
export const LONGEST_WALK = 1024;

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
