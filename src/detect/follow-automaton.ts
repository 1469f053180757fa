/**
 * The follow check: what must stand behind a literal, as a small deterministic automaton made from the pattern's tree.
 *
 * It is a necessary condition, never a sufficient one: wherever it would grow too large, or past the first bytes, it says yes and leaves the
 * answer to RE2. Nine literal hits of ten end here, before any object is made.
 *
 * States: 0 rejects, 1 accepts, any other `s` goes on to `table[part + s + map[byte]]`, where part and map are those of the tail's automaton.
 */
import type { Node } from '../regex/syntax.ts';
import { byteClasses, determinize, type Row } from './determinize-machine.ts';
import { Layout, type AutomatonPlace } from './follow-layout.ts';
import { longestUntilAccepted, Machine } from './follow-machine.ts';

/** Longest walk. A tail that can be longer is left to RE2 at this point. */
export const LONGEST_WALK = 1024;

export interface FollowTables {
  /** Byte to class, 256 bytes for each map; bytes that an automaton does not tell apart share a class. */
  readonly maps: Uint8Array;
  readonly table: Uint16Array;
}

/** Where the walk behind a literal goes and when it ends. */
export interface FollowEntry extends AutomatonPlace {
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
    const layout = new Layout();
    const entries = this.#automata.map(({ classOf, rows, longest }) => {
      const acceptAtEnd = longest > LONGEST_WALK;
      return { ...layout.add(rows, classOf), walk: acceptAtEnd ? LONGEST_WALK : longest, acceptAtEnd };
    });
    return { tables: { maps: layout.maps(), table: layout.table() }, entries };
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

/** A tail's automaton over byte classes of its own. */
interface Automaton {
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
  return { classOf: classes.classOf, rows, longest };
}
