/**
 * A pattern without the upper bounds of its long counts: `[a-z]{8,200}` becomes `([a-z]{8,})`.
 *
 * RE2 makes a piece of program for each time that a count allows, so the bounded pattern takes milliseconds to compile where the loose one takes a
 * fifth of one; a push that has a candidate waits for that. What the loose one says holds for the bounded one, too:
 *
 * - where it does not match, the bounded one does not, because everything that the bounded one takes, it takes as well;
 * - where it matches and every counted stretch is within its bound, the bounded one matches the same. RE2 takes the first of all possible matches
 *   in an order of preference; leaving out some of the others, as the bounds do, does not change which is first.
 *
 * Where a stretch is longer, the bounded pattern has to be asked.
 */
import { parsePattern, type Node } from './syntax.ts';

export interface LoosePattern {
  readonly source: string;
  /** Groups of `source`, and how long each may be for the match to hold. */
  readonly bounds: readonly { readonly group: number; readonly max: number }[];
}

/** Counts up to this are cheap as they are. */
const SHORT = 50;

interface LongCount {
  readonly group: number;
  readonly max: number;
  readonly min: number;
  readonly span: NonNullable<Extract<Node, { kind: 'repeat' }>['span']>;
}

/** `undefined` when there is nothing to loosen. @throws PatternSyntaxError */
export function loosenPattern(source: string): LoosePattern | undefined {
  const counts = longCounts(parsePattern(source));
  if (counts.length === 0) return undefined;
  let loose = '';
  let at = 0;
  for (const { min, span } of counts) {
    const lazy = source[span.end - 1] === '?' ? '?' : '';
    loose += `${source.slice(at, span.start)}(${source.slice(span.start, span.count)}{${min},}${lazy})`;
    at = span.end;
  }
  return { source: loose + source.slice(at), bounds: counts.map(({ group, max }) => ({ group, max })) };
}

/** Of single characters, in the order in which they stand. Not within a repetition: of a group in it only the last stretch is known. */
function longCounts(root: Node): readonly LongCount[] {
  const found: LongCount[] = [];
  let groups = 0;
  const walk = (node: Node, repeated: boolean): void => {
    switch (node.kind) {
      case 'repeat': {
        const { min, max, span } = node;
        const long = max > SHORT && max !== Infinity && max > min;
        if (long && !repeated && span !== undefined && node.node.kind === 'class')
          found.push({ group: ++groups, min, max, span });
        else walk(node.node, repeated || max > 1);
        return;
      }
      case 'capture':
        groups++;
        walk(node.node, repeated);
        return;
      case 'concat':
      case 'alternate':
        for (const child of node.nodes) walk(child, repeated);
        return;
      default:
    }
  };
  walk(root, false);
  return found;
}
