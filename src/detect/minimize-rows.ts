import { ACCEPT, REJECT, type Row } from './determinize-machine.ts';

/**
 * The smallest automaton that answers the same: states from which every text leads to the same answer become one (Moore's partition refinement).
 * Its states are numbered as they are first reached, so automata that answer the same over the same classes come out equal.
 */
export function minimize(rows: readonly Row[]): readonly Row[] {
  if (rows.length === 0) return rows;
  let groups = groupByDistance(rows);
  for (let count = 0; ;) {
    const refined = refine(rows, groups);
    groups = refined.groups;
    if (refined.count === count) break;
    count = refined.count;
  }
  return quotient(rows, groups);
}

/** A first partition that leaves little to refine: states whose shortest accepted texts differ in length are different. */
function groupByDistance(rows: readonly Row[]): Int32Array {
  const sources: number[][] = Array.from({ length: rows.length + 2 }, () => []);
  rows.forEach((row, index) => {
    for (let column = 0; column < row.length; column++) (sources[row[column] as number] as number[]).push(index + 2);
  });
  const groups = new Int32Array(rows.length + 2).fill(-1);
  groups[REJECT] = REJECT;
  groups[ACCEPT] = ACCEPT;
  let near: readonly number[] = [ACCEPT];
  for (let distance = 2; near.length > 0; distance++) {
    const next: number[] = [];
    for (const target of near)
      for (const source of sources[target] as number[])
        if (groups[source] === -1) {
          groups[source] = distance;
          next.push(source);
        }
    near = next;
  }
  return groups;
}

/** Splits each group by the groups its members lead to. */
function refine(rows: readonly Row[], groups: Int32Array): { readonly groups: Int32Array<ArrayBuffer>; count: number } {
  const known = new Map<string, number>();
  const refined = new Int32Array(groups.length);
  refined[ACCEPT] = ACCEPT;
  rows.forEach((row, index) => {
    let key = String.fromCharCode((groups[index + 2] as number) + 1);
    for (let column = 0; column < row.length; column++)
      key += String.fromCharCode((groups[row[column] as number] as number) + 1);
    let group = known.get(key);
    if (group === undefined) known.set(key, (group = known.size + 2));
    refined[index + 2] = group;
  });
  return { groups: refined, count: known.size };
}

/** One row for each group, in the order in which the groups are first reached from the start, the first row. */
function quotient(rows: readonly Row[], groups: Int32Array): Row[] {
  const numbers = new Map<number, number>([
    [REJECT, REJECT],
    [ACCEPT, ACCEPT],
  ]);
  const order: Row[] = [];
  const numberOf = (state: number): number => {
    const group = groups[state] as number;
    let number = numbers.get(group);
    if (number === undefined) {
      number = order.push(rows[state - 2] as Row) + 1;
      numbers.set(group, number);
    }
    return number;
  };
  numberOf(2);
  const result: Row[] = [];
  for (let at = 0; at < order.length; at++) result.push(Uint16Array.from(order[at] as Row, numberOf));
  return result;
}
