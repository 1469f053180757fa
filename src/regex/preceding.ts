import { emptySet, negate, rangeSet, union, type ByteSet } from './byte-set.ts';
import type { Node } from './syntax.ts';

const WORD = rangeSet(0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a);
const LINE_END = rangeSet(0x0a, 0x0a);

/**
 * The bytes of which one must stand right before a literal, given what precedes it in the pattern; undefined when any may. The start of the
 * content is for the caller to let through.
 * @param first the literal's first byte
 */
export function precedingBytes(head: readonly Node[], first: number): ByteSet | undefined {
  const set = emptySet();
  // Whatever ends the head may be the byte before; parts that can be empty let the one before them be it as well.
  for (let at = head.length - 1; at >= 0; at--) {
    const node = head[at] as Node;
    if (node.kind === 'assert') {
      const asserted = assertedBefore(node.what, first);
      if (asserted !== undefined && at === head.length - 1) return asserted;
      continue;
    }
    const last = lastBytes(node);
    union(set, last.bytes);
    if (!last.mayBeEmpty) return set;
  }
  return undefined;
}

/** What an assertion directly before the literal says of the byte before it. */
function assertedBefore(what: Extract<Node, { kind: 'assert' }>['what'], first: number): ByteSet | undefined {
  switch (what) {
    case 'word':
      return WORD[first] === 1 ? negate(WORD) : WORD;
    case 'not-word':
      return WORD[first] === 1 ? WORD : negate(WORD);
    case 'line-start':
      return LINE_END;
    case 'text-start':
      return emptySet();
    case 'line-end':
    case 'text-end':
      return undefined;
    default:
      return what satisfies never;
  }
}

/** The bytes a match of the node can end with. */
function lastBytes(node: Node): { readonly bytes: ByteSet; readonly mayBeEmpty: boolean } {
  switch (node.kind) {
    case 'empty':
      return { bytes: emptySet(), mayBeEmpty: true };
    case 'assert':
      // Taken as empty: it can only forbid, and this is a superset.
      return { bytes: emptySet(), mayBeEmpty: true };
    case 'class':
      return { bytes: node.set, mayBeEmpty: false };
    case 'capture':
      return lastBytes(node.node);
    case 'repeat': {
      const body = lastBytes(node.node);
      return { bytes: body.bytes, mayBeEmpty: body.mayBeEmpty || node.min === 0 };
    }
    case 'alternate':
    case 'concat': {
      const bytes = emptySet();
      let mayBeEmpty = node.kind === 'concat';
      for (const part of node.kind === 'concat' ? [...node.nodes].reverse() : node.nodes) {
        const last = lastBytes(part);
        union(bytes, last.bytes);
        if (node.kind === 'alternate') mayBeEmpty ||= last.mayBeEmpty;
        else if (!last.mayBeEmpty) return { bytes, mayBeEmpty: false };
      }
      return { bytes, mayBeEmpty };
    }
    default:
      return node satisfies never;
  }
}
