import { parsePattern, type Assertion, type Node } from './syntax.ts';

/**
 * A pattern without the assertions (`$`, `\z`, `\b`) that ask what follows a match: `key=[a-z]+(?:;|$)` becomes `key=[a-z]+(?:;|(?:))`. It matches
 * wherever `source` does when it sees less of what follows.
 * @returns `undefined` when there are none
 * @throws PatternSyntaxError
 */
export function ignoreWhatFollows(source: string): string | undefined {
  const { assertions } = endOf(parsePattern(source));
  if (assertions.length === 0) return undefined;
  let rest = '';
  let at = 0;
  for (const { start, end } of assertions.toSorted((a, b) => a.start - b.start)) {
    // In place of one something has to stand that can be repeated.
    rest += `${source.slice(at, start)}(?:)`;
    at = end;
  }
  return rest + source.slice(at);
}

interface End {
  /** Those that can be reached from the end without a character in between. */
  readonly assertions: readonly Assertion[];
  /** The node can match nothing, so what comes before it may be the end. */
  readonly mayBeEmpty: boolean;
}

function endOf(node: Node): End {
  switch (node.kind) {
    case 'empty':
      return { assertions: [], mayBeEmpty: true };
    case 'assert': {
      const asks = node.what !== 'text-start' && node.what !== 'line-start';
      return { assertions: asks ? [node] : [], mayBeEmpty: true };
    }
    case 'class':
      return { assertions: [], mayBeEmpty: false };
    case 'capture':
      return endOf(node.node);
    case 'repeat': {
      const end = endOf(node.node);
      return { ...end, mayBeEmpty: end.mayBeEmpty || node.min === 0 };
    }
    case 'alternate': {
      const ends = node.nodes.map(endOf);
      return {
        assertions: ends.flatMap((end) => end.assertions),
        mayBeEmpty: ends.some((end) => end.mayBeEmpty),
      };
    }
    case 'concat': {
      const assertions: Assertion[] = [];
      for (const part of node.nodes.toReversed()) {
        const end = endOf(part);
        assertions.push(...end.assertions);
        if (!end.mayBeEmpty) return { assertions, mayBeEmpty: false };
      }
      return { assertions, mayBeEmpty: true };
    }
    default:
      return node satisfies never;
  }
}
