import type { Node } from './syntax.ts';

/** Whether what stands behind a match can decide about it: an assertion (`$`, `\z`, `\b`) where the pattern ends, not one in its middle. */
export function asksWhatFollows(node: Node): boolean {
  return endOf(node).asserts;
}

interface End {
  readonly asserts: boolean;
  /** The node can match nothing, so what comes before it may be the end. */
  readonly mayBeEmpty: boolean;
}

function endOf(node: Node): End {
  switch (node.kind) {
    case 'empty':
      return { asserts: false, mayBeEmpty: true };
    case 'assert':
      return { asserts: node.what !== 'text-start' && node.what !== 'line-start', mayBeEmpty: true };
    case 'class':
      return { asserts: false, mayBeEmpty: false };
    case 'capture':
      return endOf(node.node);
    case 'repeat': {
      const end = endOf(node.node);
      return { ...end, mayBeEmpty: end.mayBeEmpty || node.min === 0 };
    }
    case 'alternate': {
      const ends = node.nodes.map(endOf);
      return { asserts: ends.some((end) => end.asserts), mayBeEmpty: ends.some((end) => end.mayBeEmpty) };
    }
    case 'concat': {
      let asserts = false;
      for (const part of node.nodes.toReversed()) {
        const end = endOf(part);
        asserts ||= end.asserts;
        if (!end.mayBeEmpty) return { asserts, mayBeEmpty: false };
      }
      return { asserts, mayBeEmpty: true };
    }
    default:
      return node satisfies never;
  }
}
