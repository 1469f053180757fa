/**
 * The literal automaton: Aho and Corasick's ("Efficient string matching", 1975) over all literals of all rules, letters without case, as a table:
 * `next = row of state[classOf[byte]]`. States from `firstOutput` on end one or more literals.
 *
 * Bytes that no literal tells apart share a class, so a row is 64 numbers instead of 256 and the rows in use stay in the processor's cache.
 */

/** A literal of the rules; its uses by them are entries `firstEntry` to `firstEntry + entryCount - 1`. */
export interface Literal {
  /** Latin-1, ASCII letters in lower case. */
  readonly text: string;
  /** At each place the one byte that must stand there, or undefined where either case will do. */
  readonly exact: readonly (number | undefined)[];
  readonly firstEntry: number;
  readonly entryCount: number;
}

export interface LiteralTables {
  readonly classOf: Uint8Array;
  readonly shift: number;
  /** Rows of the states that end no literal, then of those that do. */
  readonly table: Uint16Array;
  /** States from this one on end a literal; there may be numbers before it that no state has. */
  readonly firstOutput: number;
  /** Literals that end in state `s`: `outputs[outputStart[s - firstOutput] .. outputStart[s - firstOutput + 1])`. */
  readonly outputStart: Uint32Array;
  readonly outputs: Uint32Array;
  /** Rows of four: place in `spelling`, or ANY_CASE; length; first entry; entry count. */
  readonly literals: Uint32Array;
  /** The bytes of literals that are particular about case, 0 where either case will do. */
  readonly spelling: Uint8Array;
  /** Length of the longest literal: how far a cursor must look back before its start. */
  readonly longest: number;
}

const MAX_STATES = 2 ** 16;
/** The module has a loop of its own for rows of 64, 128 and 256 numbers. */
const MIN_SHIFT = 6;

/** Stands for the place in `spelling` of a literal whose case does not matter. The same number stands in assembly/candidates.ts. */
const ANY_CASE = 0xffff_ffff;

export function buildLiteralTables(literals: readonly Literal[]): LiteralTables {
  const trie = buildTrie(literals.map((literal) => literal.text));
  const { rows, ends } = connect(trie);
  const rowsOfLiterals: number[] = [];
  const spelling: number[] = [];
  for (const { text, exact, firstEntry, entryCount } of literals) {
    const particular = exact.some((byte) => byte !== undefined);
    rowsOfLiterals.push(particular ? spelling.length : ANY_CASE, text.length, firstEntry, entryCount);
    if (particular) spelling.push(...exact.map((byte) => byte ?? 0));
  }
  return {
    ...layOut(rows, ends, trie.classOf, trie.classes),
    literals: Uint32Array.from(rowsOfLiterals),
    spelling: Uint8Array.from(spelling),
    longest: Math.max(0, ...literals.map((literal) => literal.text.length)),
  };
}

interface Trie {
  /** 0 for bytes in no literal. */
  readonly classOf: Uint8Array;
  readonly classes: number;
  /** By state: byte class to child. */
  readonly children: Map<number, number>[];
  /** By state: the texts that end there. */
  readonly ends: number[][];
}

function buildTrie(texts: readonly string[]): Trie {
  const classOf = new Uint8Array(256);
  let classes = 1;
  const children: Map<number, number>[] = [new Map()];
  const ends: number[][] = [[]];
  texts.forEach((text, index) => {
    let state = 0;
    for (let at = 0; at < text.length; at++) {
      const byte = text.charCodeAt(at);
      if (classOf[byte] === 0) {
        classOf[byte] = classes++;
        if (byte >= 0x61 && byte <= 0x7a) classOf[byte - 32] = classes - 1;
      }
      const letter = classOf[byte] as number;
      let next = (children[state] as Map<number, number>).get(letter);
      if (next === undefined) {
        next = children.push(new Map()) - 1;
        ends.push([]);
        (children[state] as Map<number, number>).set(letter, next);
      }
      state = next;
    }
    (ends[state] as number[]).push(index);
  });
  return { classOf, classes, children, ends };
}

/** Follows failures, breadth first, so that each state knows where every byte leads and all texts that end in it. */
function connect(trie: Trie): { readonly rows: readonly Uint16Array[]; readonly ends: readonly (readonly number[])[] } {
  const count = trie.children.length;
  if (count > MAX_STATES) throw new RangeError(`the rules' literals need ${count} automaton states; ${MAX_STATES} fit`);
  const rows: Uint16Array[] = [new Uint16Array(trie.classes)];
  const ends = trie.ends.map((texts) => [...texts]);
  const fail = new Uint16Array(count);
  const order = [0];
  for (const [letter, child] of trie.children[0] as Map<number, number>) (rows[0] as Uint16Array)[letter] = child;
  for (let at = 0; at < order.length; at++) {
    const state = order[at] as number;
    for (const [letter, child] of trie.children[state] as Map<number, number>) {
      const back = state === 0 ? 0 : ((rows[fail[state] as number] as Uint16Array)[letter] as number);
      fail[child] = back;
      const row = Uint16Array.from(rows[back] as Uint16Array);
      for (const [next, grandchild] of trie.children[child] as Map<number, number>) row[next] = grandchild;
      rows[child] = row;
      (ends[child] as number[]).push(...(ends[back] as number[]));
      order.push(child);
    }
  }
  return { rows, ends };
}

type Layout = Pick<LiteralTables, 'classOf' | 'shift' | 'table' | 'firstOutput' | 'outputStart' | 'outputs'>;

/**
 * The number of the first state that ends a literal. A power of two, so that one look at four states or-ed together says whether any of them
 * does; where that leaves too few numbers, the look is only the first of two.
 */
function firstOutputFor(silent: number, ending: number): number {
  const power = 2 ** Math.ceil(Math.log2(silent));
  return power + ending <= MAX_STATES ? power : silent;
}

/** Numbers the states so that those that end a literal come last. */
function layOut(
  rows: readonly Uint16Array[],
  ends: readonly (readonly number[])[],
  classOf: Uint8Array,
  classes: number,
): Layout {
  const silent = rows.flatMap((_, state) => ((ends[state] as number[]).length === 0 ? [state] : []));
  const ending = rows.flatMap((_, state) => ((ends[state] as number[]).length > 0 ? [state] : []));
  const numbers = new Uint16Array(rows.length);
  const firstOutput = firstOutputFor(silent.length, ending.length);
  silent.forEach((state, index) => (numbers[state] = index));
  ending.forEach((state, index) => (numbers[state] = firstOutput + index));
  const shift = Math.max(MIN_SHIFT, Math.ceil(Math.log2(classes)));
  const table = new Uint16Array(rows.length << shift);
  [...silent, ...ending].forEach((state, index) => {
    (rows[state] as Uint16Array).forEach((target, letter) => {
      table[(index << shift) | letter] = numbers[target] as number;
    });
  });
  const outputs: number[] = [];
  const outputStart = [0];
  for (const state of ending) {
    outputs.push(...(ends[state] as number[]));
    outputStart.push(outputs.length);
  }
  return {
    classOf,
    shift,
    table,
    firstOutput,
    outputStart: Uint32Array.from(outputStart),
    outputs: Uint32Array.from(outputs),
  };
}
