/**
 * The follow check: what must stand behind a literal, as a small deterministic automaton made from the pattern's tree.
 *
 * It is a necessary condition, never a sufficient one: wherever it would grow too large, past the first bytes, or at an end of the content that
 * the pattern may ask for, it says yes and leaves the answer to RE2. Nine literal hits of ten end here, before any object is made.
 *
 * States: 0 rejects, 1 accepts, any other `s` goes on to `table[part + s + map[byte]]`, where part and map are those of the tail's automaton.
 */
import type { Node } from '../regex/syntax.ts';
import { byteClasses, determinize, type Row } from './determinize-machine.ts';
import { joinAutomata } from './join-automata.ts';
import { fits, Layout, type AutomatonPlace } from './follow-layout.ts';
import { hasEnd, longestUntilAccepted, Machine } from './follow-machine.ts';
import { minimize } from './minimize-rows.ts';

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
  /** Whether an end of the content is what the tail may ask for: then a walk that comes to it leaves the answer to RE2. */
  readonly ends: boolean;
}

/** Gathers the tails of all rules, then lays out one table for them. */
export class FollowBuilder {
  readonly #automata: Automaton[] = [];
  readonly #known = new Map<string, number>();
  readonly #nodeIds = new WeakMap<Node, number>();
  #nextId = 0;

  /**
   * @param cut matches may be cut at the rule's `maxLength`, which then counts as an end of the content
   * @returns the index of the tail's entry in what `build` returns; equal tails share one
   */
  add(tail: readonly Node[], cut: boolean): number {
    const ends = !cut && tail.some(hasEnd);
    const key = `${ends ? '$ ' : ''}${tail.map((node) => this.#idOf(node)).join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const index = this.#automata.push(makeAutomaton(tail, ends)) - 1;
    this.#known.set(key, index);
    return index;
  }

  /** @returns the index of an entry that says no only where those of all `tails` do; undefined where that would say nothing */
  addGate(tails: readonly number[]): number | undefined {
    const distinct = [...new Set(tails)].sort((a, b) => a - b);
    if (distinct.length < 2) return undefined;
    const key = `gate ${distinct.join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const automata = distinct.map((index) => this.#automata[index] as Automaton);
    const joined = joinAutomata(automata);
    if (joined === undefined) return undefined;
    const longest = Math.max(...automata.map((automaton) => automaton.longest));
    const ends = automata.some((automaton) => automaton.ends);
    const index = this.#automata.push({ ...joined, longest, ends }) - 1;
    this.#known.set(key, index);
    return index;
  }

  build(): { readonly tables: FollowTables; readonly entries: readonly FollowEntry[] } {
    const layout = new Layout();
    const entries = this.#automata.map(({ classOf, rows, longest, ends }) => {
      const acceptAtEnd = longest > LONGEST_WALK;
      return { ...layout.add(rows, classOf), walk: acceptAtEnd ? LONGEST_WALK : longest, acceptAtEnd, ends };
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
  /** Minimized. */
  readonly rows: readonly Row[];
  /** Most bytes of a match that are read before it is accepted; whoever has read more is no match. */
  readonly longest: number;
  readonly ends: boolean;
}

/**
 * Made exactly where that takes no more than EXACT_STATES, and not too many when they are minimized; else from a looser reading of the tail, whose
 * states beyond LOOSE_STATES accept. With 32 for both, RE2 is asked four times as often on real histories. Of the rules left over one would need 1,043
 * states, which costs half as much table again and 0.2 s of compiling; the others have a gap of any text in their middle, and no number would do.
 */
const EXACT_STATES = 600;
const LOOSE_STATES = 255;

function makeAutomaton(tail: readonly Node[], ends: boolean): Automaton {
  const longest = longestUntilAccepted(tail, ends);
  return { ...(readTail(tail, 'exact', ends) ?? readTail(tail, 'loose', ends) ?? ACCEPT_ALL), longest, ends };
}

const ACCEPT_ALL = { classOf: new Uint8Array(256), rows: [] };

function readTail(
  tail: readonly Node[],
  reading: 'exact' | 'loose',
  ends: boolean,
): Pick<Automaton, 'classOf' | 'rows'> | undefined {
  const machine = new Machine(tail, reading, ends);
  const { classOf, samples, width } = byteClasses(machine.sets);
  const rows =
    reading === 'exact'
      ? determinize(machine, samples, EXACT_STATES)
      : determinize(machine, samples, LOOSE_STATES, 'accept the rest');
  if (rows === undefined) return undefined;
  const minimal = minimize(rows);
  return fits(minimal.length, width) ? { classOf, rows: minimal } : undefined;
}
