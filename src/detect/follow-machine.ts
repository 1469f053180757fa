/** The tail of a pattern as an automaton with choices, which determinize-machine.ts turns into rows. What of the tail is looked at is decided here. */
import { emptySet, union, type ByteSet } from '../regex/byte-set.ts';
import { lengthOf } from '../regex/length.ts';
import type { Node } from '../regex/syntax.ts';

/** So many bytes that must be there are looked at; RE2 sees the rest. */
const DEPTH = 40;
/** A part that may be repeated more often than this beyond what is required is taken as repeatable without end: a count costs a state each turn. */
const MAX_COUNTED = 4;
/** Steps of the automaton with choices from which it is made. */
const MAX_STEPS = 6000;
/** The step that accepts: the first one that a machine makes. */
const ACCEPT_STEP = 0;
const NO_BYTE: ByteSet = emptySet();
const LINE_FEED: ByteSet = emptySet();
LINE_FEED[0x0a] = 1;

/** Thompson's automaton with choices: each step either reads a byte of a set or forks. */
export class Machine {
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
  readonly #ends: boolean;

  /** @param ends whether `$` and `\z` hold at the end of the content (or line) only: not in a window that is cut */
  constructor(tail: readonly Node[], reading: 'exact' | 'loose', ends: boolean) {
    this.#reading = reading;
    this.#ends = ends;
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
        return after;
      case 'assert':
        return this.#ends ? this.#assert(node.what, after) : after;
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

  /** The walk itself accepts where the content ends (`FollowEntry.ends`), so all that is said here is which byte may stand at an end: none, or a line feed. */
  #assert(what: Extract<Node, { kind: 'assert' }>['what'], after: number): number {
    if (what === 'text-end') return this.#step(this.#set(NO_BYTE), [after]);
    return what === 'line-end' ? this.#step(this.#set(LINE_FEED), [ACCEPT_STEP]) : after;
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
export function longestUntilAccepted(tail: readonly Node[], ends: boolean): number {
  let left = DEPTH;
  // One more than any match, to see that it is over.
  let sum = ends ? 1 : 0;
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

/** Whether the end of a text or line is asserted anywhere in the node. */
export function hasEnd(node: Node): boolean {
  switch (node.kind) {
    case 'assert':
      return node.what === 'text-end' || node.what === 'line-end';
    case 'concat':
    case 'alternate':
      return node.nodes.some(hasEnd);
    case 'capture':
    case 'repeat':
      return hasEnd(node.node);
    default:
      return false;
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
