/**
 * The hot loop: literals found, follow sets checked, nothing else. No object is made and no call leaves this file for a byte that is no hit.
 *
 * Four cursors run through four quarters of the content in one loop. The automaton waits for memory at every byte, each lookup depending on the one
 * before; four independent chains keep the processor busy meanwhile. Each cursor but the first starts early by the longest literal, so that none is
 * lost on a border.
 */
import { ENTRY, type CompiledRuleset } from './compile-ruleset.ts';
import { ACCEPT, DEPTH, REJECT } from './follow-automaton.ts';

/** Below this, setting up four cursors costs more than it gains. */
const FOUR_LANES_BYTES = 512;
/** Longest walk of a follow automaton; a loop in one may run further, and RE2 decides then. */
const MAX_WALK = 2 * DEPTH;

/** Literal hits that passed the follow check, in no order. Reused from call to call. */
export interface Candidates {
  /** Row of the ruleset's entries, and first byte of the literal. */
  entry: Int32Array;
  at: Int32Array;
  count: number;
}

export type FindCandidates = (content: Uint8Array, from: number, to: number, into: Candidates) => void;

export function createCandidates(): Candidates {
  return { entry: new Int32Array(1024), at: new Int32Array(1024), count: 0 };
}

/**
 * Makes the search for one ruleset. The function it returns finds every literal that *ends* in `content[from, to)`; the follow check may read
 * beyond `to`, to the end of the content.
 */
export function createFindCandidates(ruleset: CompiledRuleset): FindCandidates {
  const { table, firstOutput, outputStart, outputs, longest } = ruleset.literals;
  const { classOf, width, table: followTable } = ruleset.follow;
  const { entries, exact } = ruleset;

  /** `end` is the last byte of a literal that leads to `state`. */
  function hit(content: Uint8Array, state: number, end: number, into: Candidates): void {
    const stop = outputStart[state - firstOutput + 1] as number;
    for (let output = outputStart[state - firstOutput] as number; output < stop; output++) {
      const entry = outputs[output] as number;
      const row = entry * ENTRY.columns;
      const start = end + 1 - (entries[row + ENTRY.length] as number);
      if (!follows(content, entries[row + ENTRY.follow] as number, end + 1)) continue;
      const exactStart = entries[row + ENTRY.exactStart] as number;
      if (exactStart >= 0 && !sameCase(content, start, end, exactStart)) continue;
      if (into.count === into.at.length) grow(into);
      into.entry[into.count] = entry;
      into.at[into.count++] = start;
    }
  }

  function follows(content: Uint8Array, start: number, at: number): boolean {
    let state = start;
    const stop = Math.min(content.length, at + MAX_WALK);
    for (let index = at; state > ACCEPT && index < stop; index++) {
      state = followTable[state * width + (classOf[content[index] as number] as number)] as number;
    }
    if (state <= ACCEPT) return state !== REJECT;
    return stop < content.length || stop - at >= MAX_WALK;
  }

  function sameCase(content: Uint8Array, start: number, end: number, exactStart: number): boolean {
    for (let at = start, index = exactStart; at <= end; at++, index++) {
      const byte = exact[index] as number;
      if (byte !== 0 && content[at] !== byte) return false;
    }
    return true;
  }

  return (content, from, to, into) => {
    const warmUp = longest - 1;
    const length = to - from;
    let s3 = 0;
    let tail = from;
    if (length >= FOUR_LANES_BYTES) {
      const quarter = length >>> 2;
      const a1 = from + quarter;
      const a2 = a1 + quarter;
      const a3 = a2 + quarter;
      let s0 = runSilently(content, Math.max(0, from - warmUp), from);
      let s1 = runSilently(content, Math.max(0, a1 - warmUp), a1);
      let s2 = runSilently(content, Math.max(0, a2 - warmUp), a2);
      s3 = runSilently(content, Math.max(0, a3 - warmUp), a3);
      for (let i = 0; i < quarter; i++) {
        s0 = table[(s0 << 8) | (content[from + i] as number)] as number;
        s1 = table[(s1 << 8) | (content[a1 + i] as number)] as number;
        s2 = table[(s2 << 8) | (content[a2 + i] as number)] as number;
        s3 = table[(s3 << 8) | (content[a3 + i] as number)] as number;
        if (s0 >= firstOutput) hit(content, s0, from + i, into);
        if (s1 >= firstOutput) hit(content, s1, a1 + i, into);
        if (s2 >= firstOutput) hit(content, s2, a2 + i, into);
        if (s3 >= firstOutput) hit(content, s3, a3 + i, into);
      }
      tail = a3 + quarter;
    } else {
      s3 = runSilently(content, Math.max(0, from - warmUp), from);
    }
    for (let i = tail; i < to; i++) {
      s3 = table[(s3 << 8) | (content[i] as number)] as number;
      if (s3 >= firstOutput) hit(content, s3, i, into);
    }
  };

  /** The state after `content[from, to)`, hits passed over: they belong to whoever scans those bytes. */
  function runSilently(content: Uint8Array, from: number, to: number): number {
    let state = 0;
    for (let i = from; i < to; i++) state = table[(state << 8) | (content[i] as number)] as number;
    return state;
  }
}

function grow(candidates: Candidates): void {
  const entry = new Int32Array(candidates.entry.length * 2);
  const at = new Int32Array(entry.length);
  entry.set(candidates.entry);
  at.set(candidates.at);
  candidates.entry = entry;
  candidates.at = at;
}
