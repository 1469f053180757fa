import { ACCEPT, REJECT, type Row } from './determinize-machine.ts';

/** Smaller numbers are no places but the states REJECT and ACCEPT. */
const FIRST_PLACE = 2;

/** Whether the places of so many rows can be told in 16 bits. */
export function fits(rows: number, width: number): boolean {
  return FIRST_PLACE + rows * width <= 0xffff;
}

/** Where an automaton lies. */
export interface AutomatonPlace {
  /** Its rows begin at `table[part + FIRST_PLACE]`. 0 for one that accepts everything. */
  readonly part: number;
  /** Which of the maps from byte to class its rows are for. */
  readonly map: number;
}

/**
 * Puts automata into one table, each with rows as wide as it tells bytes apart. An element of the table is the place of the next state's row in its
 * own automaton, so that a step is one addition and one lookup: `state = table[part + state + map[byte]]`.
 */
export class Layout {
  readonly #parts: Uint16Array[] = [new Uint16Array(FIRST_PLACE + 1)];
  readonly #maps: Uint8Array[] = [];
  readonly #knownParts = new Map<string, number>();
  readonly #knownMaps = new Map<string, number>();
  #length = FIRST_PLACE + 1;

  /** @param classOf byte to column of the rows */
  add(rows: readonly Row[], classOf: Uint8Array): AutomatonPlace {
    if (rows.length === 0) return { part: 0, map: 0 };
    return { part: this.#place(rows) - FIRST_PLACE, map: this.#mapOf(classOf) };
  }

  /** Equal automata share their rows. */
  #place(rows: readonly Row[]): number {
    const width = (rows[0] as Row).length;
    const placeOf = (state: number): number =>
      state === REJECT || state === ACCEPT ? state : FIRST_PLACE + (state - FIRST_PLACE) * width;
    const part = new Uint16Array(rows.length * width);
    rows.forEach((row, index) => part.set(Array.from(row, placeOf), index * width));
    const key = `${width} ${Buffer.from(part.buffer).toString('latin1')}`;
    const known = this.#knownParts.get(key);
    if (known !== undefined) return known;
    const at = this.#length;
    this.#knownParts.set(key, at);
    this.#parts.push(part);
    this.#length += part.length;
    return at;
  }

  #mapOf(classOf: Uint8Array): number {
    const key = Buffer.from(classOf).toString('latin1');
    const known = this.#knownMaps.get(key) ?? this.#maps.push(classOf) - 1;
    this.#knownMaps.set(key, known);
    return known;
  }

  table(): Uint16Array {
    const table = new Uint16Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      table.set(part, at);
      at += part.length;
    }
    return table;
  }

  maps(): Uint8Array {
    return Buffer.concat(this.#maps);
  }
}
