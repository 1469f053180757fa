import type { Segment } from './parse-glob.ts';
import type { Piece } from './piece.ts';

/** Counts piece comparisons, the unit in which the cost of matching is bounded. */
export interface StepCount {
  steps: number;
}

/**
 * Whether the names of a path match the segments of a glob.
 *
 * Between two `**` lies a fixed number of names, and between two stars a fixed number of characters. So the leftmost place for such
 * a group is as good as any later one, and when a group fails only the last `**` (or star) before it has to give way.
 * Each segment therefore meets each name at most once: at most `segments * (path length + 3 * names)` comparisons of pieces.
 */
export function matchSegments(segments: readonly Segment[], names: readonly string[], count?: StepCount): boolean {
  let segment = 0;
  let name = 0;
  let restart = -1;
  let restartName = 0;
  while (name < names.length) {
    const current = segments[segment];
    if (current === 'any-folders') {
      restart = ++segment;
      restartName = name;
    } else if (current !== undefined && matchName(current, names[name] as string, count)) {
      segment++;
      name++;
    } else if (restart >= 0) {
      segment = restart;
      name = ++restartName;
    } else return false;
  }
  while (segments[segment] === 'any-folders') segment++;
  return segment === segments.length;
}

function matchName(pieces: readonly Piece[], name: string, count: StepCount | undefined): boolean {
  const head = pieces[0] as Piece;
  const tail = pieces[pieces.length - 1] as Piece;
  if (count) count.steps++;
  if (pieces.length === 1) return name.length === head.length && head.matches(name, 0);
  if (name.length < head.length + tail.length || !head.matches(name, 0)) return false;
  const end = name.length - tail.length;
  if (count) count.steps++;
  if (!tail.matches(name, end)) return false;
  let from = head.length;
  for (let i = 1; i < pieces.length - 1; i++) {
    const piece = pieces[i] as Piece;
    for (;;) {
      if (count) count.steps++;
      if (from + piece.length > end) return false;
      if (piece.matches(name, from)) break;
      from++;
    }
    from += piece.length;
  }
  return true;
}
