import { ACCEPT, byteClasses, REJECT, type Row } from './determinize-machine.ts';
import { minimize } from './minimize-rows.ts';

/** Rows over byte classes; no rows accept everything. */
export interface ClassAutomaton {
  readonly classOf: Uint8Array;
  readonly rows: readonly Row[];
}

/**
 * States that a joined automaton may have; what would be beyond them accepts. The first few bytes decide nearly always: three times as many cost
 * a fifth more table and gained nothing.
 */
const MAX_STATES = 24;

/**
 * An automaton that rejects only what all of `automata` reject: one walk of it spares a walk of each. Undefined where one of them accepts everything,
 * and so would this.
 */
export function joinAutomata(automata: readonly ClassAutomaton[]): ClassAutomaton | undefined {
  if (automata.some(({ rows }) => rows.length === 0)) return undefined;
  const { classOf, samples } = byteClasses(automata.flatMap(({ classOf }) => bitsOf(classOf)));
  const index = new Map<string, number>();
  const states: (readonly number[])[] = [];
  const intern = (targets: readonly number[]): number => {
    if (targets.includes(ACCEPT)) return ACCEPT;
    if (targets.every((target) => target === REJECT)) return REJECT;
    const key = targets.join();
    const known = index.get(key);
    if (known !== undefined) return known;
    if (states.length >= MAX_STATES) return ACCEPT;
    const state = states.push(targets) + 1;
    index.set(key, state);
    return state;
  };
  intern(automata.map(() => 2));
  const rows: Row[] = [];
  for (let at = 0; at < states.length; at++) {
    const current = states[at] as readonly number[];
    rows.push(Uint16Array.from(samples, (byte) => intern(current.map((state, i) => step(automata[i], state, byte)))));
  }
  const minimal = minimize(rows);
  return minimal.length === 0 ? undefined : { classOf, rows: minimal };
}

function step(automaton: ClassAutomaton | undefined, state: number, byte: number): number {
  if (automaton === undefined || state === REJECT) return REJECT;
  const row = automaton.rows[state - 2] as Row;
  return row[automaton.classOf[byte] as number] as number;
}

/** The classes as sets of bytes, told apart by the bits of their numbers. */
function bitsOf(classOf: Uint8Array): Uint8Array[] {
  const bits = Math.ceil(Math.log2(Math.max(...classOf) + 1));
  return Array.from({ length: bits }, (_, bit) => classOf.map((number) => (number >> bit) & 1));
}
