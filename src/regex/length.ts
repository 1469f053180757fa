import type { Node } from './syntax.ts';

/** Fewest and most bytes a node can match; `max` is Infinity where nothing bounds it. */
export interface Length {
  readonly min: number;
  readonly max: number;
}

export function lengthOf(node: Node): Length {
  switch (node.kind) {
    case 'empty':
    case 'assert':
      return { min: 0, max: 0 };
    case 'class':
      return { min: 1, max: 1 };
    case 'capture':
      return lengthOf(node.node);
    case 'concat':
      return lengthOfAll(node.nodes);
    case 'alternate': {
      const lengths = node.nodes.map(lengthOf);
      return {
        min: Math.min(...lengths.map((length) => length.min)),
        max: Math.max(...lengths.map((length) => length.max)),
      };
    }
    case 'repeat': {
      const { min, max } = lengthOf(node.node);
      return { min: min * node.min, max: max === 0 || node.max === 0 ? 0 : max * node.max };
    }
    default:
      return node satisfies never;
  }
}

/** Length of nodes one after another. */
export function lengthOfAll(nodes: readonly Node[]): Length {
  let min = 0;
  let max = 0;
  for (const node of nodes) {
    const length = lengthOf(node);
    min += length.min;
    max += length.max;
  }
  return { min, max };
}
