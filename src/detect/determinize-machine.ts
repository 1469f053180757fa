import type { ByteSet } from '../regex/byte-set.ts';
import type { Machine } from './follow-machine.ts';

/** States that all follow automata have: no match is left, and RE2 decides. */
export const REJECT = 0;
export const ACCEPT = 1;

/** Bytes that every set treats alike form a class. `samples` holds one byte of each. */
export function byteClasses(sets: readonly Uint8Array[]): {
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
export type Row = ArrayLike<number>;

/** @returns undefined when it takes more than `maxStates`, unless the rest is to be accepted; no rows when everything is accepted */
export function determinize(
  machine: Machine,
  samples: readonly number[],
  maxStates: number,
  beyond?: 'accept the rest',
): readonly Row[] | undefined {
  const index = new Map<string, number>();
  const states: string[] = [];
  const rows: Uint16Array[] = [];
  let overflow = false;
  /** @param steps as text, a character a step */
  const intern = (closed: string | undefined): number => {
    if (closed === undefined) return ACCEPT;
    const known = index.get(closed);
    if (known !== undefined) return known;
    if (states.length >= maxStates) {
      overflow = true;
      return ACCEPT;
    }
    const state = states.push(closed) + 1;
    index.set(closed, state);
    return state;
  };
  if (intern(closure(machine, [machine.start])) === ACCEPT) return [];
  // Where the same steps are taken, the same state is next, whichever state they are taken in.
  const nextAfter = new Map<string, number>([['', REJECT]]);
  for (let at = 0; at < states.length; at++) {
    if (overflow && beyond === undefined) return undefined;
    const steps = stepsOf(states[at] as string);
    const sets = steps.map((step) => machine.sets[machine.reads[step] as number] as ByteSet);
    const row = new Uint16Array(samples.length);
    for (const [column, byte] of samples.entries()) {
      let taken = '';
      for (let index = 0; index < steps.length; index++)
        if ((sets[index] as ByteSet)[byte] === 1) taken += String.fromCharCode(steps[index] as number);
      let target = nextAfter.get(taken);
      if (target === undefined) {
        target = intern(
          closure(
            machine,
            stepsOf(taken).map((step) => (machine.next[step] as number[])[0] as number),
          ),
        );
        nextAfter.set(taken, target);
      }
      row[column] = target;
    }
    rows.push(row);
  }
  return rows;
}

function stepsOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

/** The reading steps reachable without reading, sorted, a character a step; undefined when acceptance is among them. */
function closure(machine: Machine, steps: readonly number[]): string | undefined {
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
  return String.fromCharCode(...reading.sort((a, b) => a - b));
}
