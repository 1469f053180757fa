/**
 * Typed access to one map of a file that a person wrote. Every field that is not what was asked for becomes a problem with its
 * place and remedy, and reading goes on, so that one run shows everything there is to mend:
 *
 *     const reader = new MapReader(node, { file, subject: 'acme-token', problems });
 *     const name = reader.text('name');
 *     const blocking = reader.flag('blocking') ?? true;
 *     reader.finish(); // keys that nobody asked for are unknown keys
 */
import type { Problem } from '../model/errors.ts';
import { didYouMean } from './nearest-name.ts';
import { describeNode } from './yaml-node.ts';
import type { YamlEntry, YamlMap, YamlNode, YamlPlace } from './yaml-node.ts';

export interface ReadContext {
  readonly file: string;
  /** What problems are about: a rule id, a section of the file. */
  readonly subject: string;
  /** Problems are appended here. */
  readonly problems: Problem[];
}

/** A value together with its place, for checks that come after reading. */
export interface Placed<T> extends YamlPlace {
  readonly value: T;
}

export class MapReader {
  readonly #map: YamlMap;
  readonly #context: ReadContext;
  readonly #entries: ReadonlyMap<string, YamlEntry>;
  readonly #asked = new Set<string>();

  constructor(map: YamlMap, context: ReadContext) {
    this.#map = map;
    this.#context = context;
    this.#entries = new Map(map.entries.map((entry) => [entry.key, entry]));
  }

  /** Whether the key is written at all, with whatever value. */
  has(key: string): boolean {
    return this.#entry(key) !== undefined;
  }

  /** The value as parsed; for fields with a shape of their own. */
  node(key: string): YamlNode | undefined {
    return this.#entry(key)?.value;
  }

  /** Non-empty text. */
  text(key: string): string | undefined {
    const entry = this.#entry(key);
    return entry && this.#textOf(entry.value, `"${key}"`);
  }

  /** As `text`; its absence is a problem. */
  requiredText(key: string): string | undefined {
    if (!this.has(key)) this.problem(this.#map, `the key "${key}" is missing`);
    return this.text(key);
  }

  number(key: string, { min, max }: { readonly min: number; readonly max: number }): number | undefined {
    const value = this.#scalar(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && value >= min && value <= max) return value;
    return this.#bad(key, `must be a number from ${min} to ${max}`);
  }

  wholeNumber(key: string, range: { readonly min: number; readonly max: number }): number | undefined {
    const value = this.number(key, range);
    if (value === undefined || Number.isInteger(value)) return value;
    return this.#bad(key, 'must be a whole number');
  }

  flag(key: string): boolean | undefined {
    const value = this.#scalar(key);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.#bad(key, 'must be true or false');
  }

  /** One of a fixed set of words. */
  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.#scalar(key);
    if (value === undefined) return undefined;
    const choice = choices.find((candidate) => candidate === value);
    if (choice !== undefined) return choice;
    return this.#bad(
      key,
      `must be one of ${choices.join(', ')}`,
      typeof value === 'string' ? didYouMean(value, choices) : '',
    );
  }

  /** A list of non-empty texts; `undefined` when the key is absent. A single text stands for a list of one. */
  texts(key: string): readonly Placed<string>[] | undefined {
    const entry = this.#entry(key);
    if (entry === undefined) return undefined;
    const { value } = entry;
    const items = value.kind === 'sequence' ? value.items : [value];
    const placed: Placed<string>[] = [];
    for (const item of items) {
      const text = this.#textOf(item, value.kind === 'sequence' ? `each item of "${key}"` : `"${key}"`);
      if (text !== undefined) placed.push({ value: text, line: item.line, column: item.column });
    }
    return placed;
  }

  /** A list of maps; `undefined` when the key is absent. */
  maps(key: string): readonly YamlMap[] | undefined {
    const node = this.node(key);
    if (node === undefined) return undefined;
    if (node.kind !== 'sequence') return this.#bad(key, 'must be a list') ?? [];
    const maps: YamlMap[] = [];
    for (const item of node.items) {
      if (item.kind === 'map') maps.push(item);
      else this.problem(item, `each item of "${key}" must be a map of keys, not ${describeNode(item)}`);
    }
    return maps;
  }

  /** A map under a key. */
  map(key: string): YamlMap | undefined {
    const node = this.node(key);
    if (node === undefined || node.kind === 'map') return node;
    return this.#bad(key, 'must be a map of keys');
  }

  /** Reports every key that was never asked for, with the nearest one that was. */
  finish(): void {
    const known = [...this.#asked];
    for (const entry of this.#map.entries) {
      if (this.#asked.has(entry.key)) continue;
      const near = didYouMean(entry.key, known);
      const all = near === '' ? `; known keys: ${known.join(', ')}` : near;
      this.problem(entry, `unknown key ${JSON.stringify(shorten(entry.key))}${all}`);
    }
  }

  /** Adds a problem about a place in this map. */
  problem(place: YamlPlace, message: string, level: Problem['level'] = 'error'): void {
    const { file, subject, problems } = this.#context;
    problems.push({ file, line: place.line, column: place.column, subject, message, level });
  }

  /** Where the key's value is written, or the map itself. */
  placeOf(key: string): YamlPlace {
    return this.#entries.get(key)?.value ?? this.#map;
  }

  #entry(key: string): YamlEntry | undefined {
    this.#asked.add(key);
    return this.#entries.get(key);
  }

  #scalar(key: string): string | number | boolean | null | undefined {
    const node = this.node(key);
    if (node === undefined || node.kind === 'scalar') return node?.value;
    return null;
  }

  #textOf(node: YamlNode, what: string): string | undefined {
    if (node.kind === 'scalar' && typeof node.value === 'string' && node.value !== '') return node.value;
    const remedy = node.kind === 'scalar' && node.value !== null && node.value !== '' ? '; put it in quotes' : '';
    this.problem(node, `${what} must be text, not ${describeNode(node)}${remedy}`);
    return undefined;
  }

  #bad(key: string, rule: string, hint = ''): undefined {
    const node = this.node(key) as YamlNode;
    this.problem(node, `"${key}" ${rule}, not ${describeNode(node)}${hint}`);
    return undefined;
  }
}

function shorten(key: string): string {
  return key.length > 60 ? `${key.slice(0, 60)}…` : key;
}
