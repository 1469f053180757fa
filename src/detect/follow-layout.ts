import { ACCEPT, REJECT } from './determinize-machine.ts';

/** Puts rows into the shared table, once each: automata that end alike share their ends. */
export class Layout {
  readonly #width: number;
  readonly #rows: Uint16Array[] = [];
  readonly #index = new Map<string, number>();

  constructor(width: number) {
    this.#width = width;
    this.#rows.push(new Uint16Array(width).fill(REJECT), new Uint16Array(width).fill(ACCEPT));
  }

  /** @returns the start state in the shared table */
  add(rows: readonly Uint16Array[]): number {
    if (rows.length === 0) return ACCEPT;
    const placed = new Int32Array(rows.length + 2).fill(-1);
    placed[REJECT] = REJECT;
    placed[ACCEPT] = ACCEPT;
    // Rows that reach only placed rows are shared; what is left after that lies on a cycle and gets rows of its own.
    let waiting = [...rows.keys()].reverse();
    for (let before = -1; before !== waiting.length;) {
      before = waiting.length;
      waiting = waiting.filter((at) => {
        const row = rows[at] as Uint16Array;
        if (!row.every((target) => placed[target] !== -1)) return true;
        placed[at + 2] = this.#intern(row.map((target) => placed[target] as number));
        return false;
      });
    }
    for (const at of waiting) placed[at + 2] = this.#rows.push(new Uint16Array(0)) - 1;
    for (const at of waiting)
      this.#rows[placed[at + 2] as number] = (rows[at] as Uint16Array).map((target) => placed[target] as number);
    return placed[2] as number;
  }

  #intern(row: Uint16Array): number {
    const key = Buffer.from(row.buffer, row.byteOffset, row.byteLength).toString('latin1');
    const known = this.#index.get(key);
    if (known !== undefined) return known;
    const state = this.#rows.push(row) - 1;
    this.#index.set(key, state);
    return state;
  }

  table(): Uint16Array {
    if (this.#rows.length > 0xffff) throw new RangeError(`follow automata need ${this.#rows.length} states; 65535 fit`);
    const table = new Uint16Array(this.#rows.length * this.#width);
    this.#rows.forEach((row, state) => table.set(row, state * this.#width));
    return table;
  }
}
