/**
 * The literal automaton: Aho and Corasick's ("Efficient string matching", 1975) over all literals of all rules, letters without case,
 * as a dense table. `next = table[state << 8 | byte]`; states from `firstOutput` on end one or more literals.
 */

export interface LiteralTables {
  readonly table: Uint16Array;
  /** States at or above this one end a literal. */
  readonly firstOutput: number;
  /** Literals that end in state `s`: `outputs[outputStart[s - firstOutput] .. outputStart[s - firstOutput + 1])`. */
  readonly outputStart: Uint32Array;
  readonly outputs: Uint32Array;
  /** Length of the longest literal: how far a lane must look back before its start. */
  readonly longest: number;
}

/** @param literals latin-1 texts with ASCII letters in lower case; several may be equal */
export function buildLiteralTables(literals: readonly string[]): LiteralTables {
  const trie = buildTrie(literals);
  const count = trie.children.length;
  const goto: Int32Array[] = [];
  const fail = new Int32Array(count);
  const order: number[] = [0];
  goto[0] = new Int32Array(256);
  for (const [byte, child] of trie.children[0] as Map<number, number>) (goto[0] as Int32Array)[byte] = child;
  // Breadth first: a state's failure state lies nearer to the root, so its row is complete already.
  for (let at = 0; at < order.length; at++) {
    const state = order[at] as number;
    for (const [byte, child] of trie.children[state] as Map<number, number>) {
      fail[child] = state === 0 ? 0 : ((goto[fail[state] as number] as Int32Array)[byte] as number);
      const row = Int32Array.from(goto[fail[child] as number] as Int32Array);
      for (const [next, grandchild] of trie.children[child] as Map<number, number>) row[next] = grandchild;
      goto[child] = row;
      (trie.ends[child] as number[]).push(...(trie.ends[fail[child] as number] as number[]));
      order.push(child);
    }
  }
  return layOut(goto, trie.ends, Math.max(0, ...literals.map((literal) => literal.length)));
}

interface Trie {
  readonly children: Map<number, number>[];
  readonly ends: number[][];
}

function buildTrie(literals: readonly string[]): Trie {
  const children: Map<number, number>[] = [new Map()];
  const ends: number[][] = [[]];
  literals.forEach((literal, index) => {
    let state = 0;
    for (let at = 0; at < literal.length; at++) {
      const byte = literal.charCodeAt(at);
      let next = (children[state] as Map<number, number>).get(byte);
      if (next === undefined) {
        next = children.push(new Map()) - 1;
        ends.push([]);
        (children[state] as Map<number, number>).set(byte, next);
      }
      state = next;
    }
    (ends[state] as number[]).push(index);
  });
  return { children, ends };
}

/** Numbers the states so that those with outputs come last, and writes the rows with upper-case letters as their lower-case twins. */
function layOut(goto: readonly Int32Array[], ends: readonly number[][], longest: number): LiteralTables {
  const states = [...goto.keys()].sort((a, b) => Number((ends[a] as number[]).length > 0) - Number((ends[b] as number[]).length > 0) || a - b);
  if (states.length > 0xffff) throw new RangeError(`the rules' literals need ${states.length} automaton states; 65535 fit`);
  const number = new Uint16Array(states.length);
  states.forEach((state, index) => {
    number[state] = index;
  });
  const table = new Uint16Array(states.length * 256);
  states.forEach((state, index) => {
    const row = goto[state] as Int32Array;
    for (let byte = 0; byte < 256; byte++) {
      const folded = byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
      table[(index << 8) | byte] = number[row[folded] as number] as number;
    }
  });
  const found = states.findIndex((state) => (ends[state] as number[]).length > 0);
  const firstOutput = found < 0 ? states.length : found;
  const outputs: number[] = [];
  const outputStart = [0];
  for (const state of states.slice(firstOutput)) {
    outputs.push(...(ends[state] as number[]));
    outputStart.push(outputs.length);
  }
  return { table, firstOutput, outputStart: Uint32Array.from(outputStart), outputs: Uint32Array.from(outputs), longest };
}
