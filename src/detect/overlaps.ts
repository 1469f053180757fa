import { CONFIDENCES, type Rule } from '../model/rule.ts';
import type { Match } from './match.ts';

/**
 * One secret, one finding: of matches whose secrets overlap the most specific one stays. More specific is the rule of higher confidence, then the
 * longer secret, then the earlier one, then the rule that comes first. A rule that the repository's own content brought wins over no other: a pusher
 * could write one that takes a secret away from a rule that blocks. One that blocks and is locked wins over all that are not: content could excuse
 * what another found. Linear but for sorting, so dense content costs no more than its matches.
 *
 * @returns the survivors by start
 */
export function resolveOverlaps(matches: readonly Match[], rules: readonly Rule[]): Match[] {
  const byStart = [...matches].sort((a, b) => a.secretStart - b.secretStart || a.secretEnd - b.secretEnd);
  const kept: Match[] = [];
  for (let from = 0; from < byStart.length;) {
    // A cluster: secrets chained by overlap. Nothing outside it touches it.
    let to = from + 1;
    let end = (byStart[from] as Match).secretEnd;
    while (to < byStart.length && (byStart[to] as Match).secretStart < end) {
      end = Math.max(end, (byStart[to] as Match).secretEnd);
      to++;
    }
    if (to === from + 1) kept.push(byStart[from] as Match);
    else for (const match of chooseWithin(byStart.slice(from, to), rules)) kept.push(match);
    from = to;
  }
  return kept.sort((a, b) => a.start - b.start || a.rule - b.rule);
}

function chooseWithin(cluster: readonly Match[], rules: readonly Rule[]): Match[] {
  const rank = (match: Match): number => {
    const { origin, confidence, blocking, locked } = rules[match.rule] as Rule;
    const group = origin.scope === 'content' ? 1 : blocking && locked === true ? -1 : 0;
    return group * CONFIDENCES.length + CONFIDENCES.indexOf(confidence);
  };
  const bySpecificity = [...cluster].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      b.secretEnd - b.secretStart - (a.secretEnd - a.secretStart) ||
      a.secretStart - b.secretStart ||
      a.rule - b.rule,
  );
  const chosen: Match[] = [];
  for (const match of bySpecificity) {
    // `chosen` is kept by start and free of overlaps, so the only two that can touch are the neighbours.
    let low = 0;
    let high = chosen.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((chosen[middle] as Match).secretStart < match.secretStart) low = middle + 1;
      else high = middle;
    }
    const left = chosen[low - 1];
    const right = chosen[low];
    const clear =
      (left === undefined || left.secretEnd <= match.secretStart) &&
      (right === undefined || right.secretStart >= match.secretEnd);
    if (clear) chosen.splice(low, 0, match);
  }
  return chosen;
}
