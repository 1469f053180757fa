/**
 * A compiled ruleset, and whatever else its user wants beside it, as the bytes of one file. Compiling takes longer than a push may wait; reading
 * this back is one read, one small JSON text, and views of the rest. Each rule is a JSON text among the tables, parsed when it is first looked at: a
 * push looks at those few whose literals occur in it.
 *
 *     'LGRC' version │ key │ checksum │ length of JSON │ JSON │ tables, each aligned to 8 bytes
 *
 * The key says what the ruleset was made from. A file for another key, of another version, cut short or damaged reads as `undefined`: a
 * cache is never a reason to fail, and never a reason to scan with less.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Rule } from '../model/rule.ts';
import type { CompiledRuleset } from './compile-ruleset.ts';

const MAGIC = Buffer.from('LGRC', 'latin1');
/** Of this layout. What the ruleset's own tables mean is the key's business: it has to contain the version of Leakgate. */
const VERSION = 9;
/** The key is kept as its SHA-256, the checksum is a CRC-32. */
const AT = { version: 4, key: 8, checksum: 40, jsonLength: 44, json: 48 } as const;
const ALIGNMENT = 8;

const TABLE_TYPES = { Uint8Array, Uint16Array, Uint32Array, Int8Array, Int16Array, Int32Array, Float64Array } as const;
type TableType = keyof typeof TABLE_TYPES;
type Table = InstanceType<(typeof TABLE_TYPES)[TableType]>;

/** Where a table lies behind the JSON; stands in the JSON in its place. */
interface TablePlace {
  readonly table: TableType;
  readonly at: number;
  readonly length: number;
}

/** @param extra plain JSON data to keep beside the ruleset */
export function serialiseRuleset(key: string, ruleset: CompiledRuleset, extra: unknown): Uint8Array {
  const tables: Table[] = [];
  let end = 0;
  const place = (table: Table): TablePlace => {
    const at = end;
    tables.push(table);
    end = align(at + table.byteLength);
    return { table: typeOf(table), at, length: table.length };
  };
  const { rules, ...compiled } = ruleset;
  const written = { rules: mapTables(writeRules(rules), place), compiled: mapTables(compiled, place), extra };
  const json = Buffer.from(JSON.stringify(written), 'utf8');
  const tablesAt = align(AT.json + json.length);
  const bytes = Buffer.alloc(tablesAt + end);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(VERSION, AT.version);
  hashOf(Buffer.from(key, 'utf8')).copy(bytes, AT.key);
  bytes.writeUInt32LE(json.length, AT.jsonLength);
  json.copy(bytes, AT.json);
  let at = tablesAt;
  for (const table of tables) {
    bytes.set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength), at);
    at = align(at + table.byteLength);
  }
  bytes.writeUInt32LE(checksumOf(bytes), AT.checksum);
  return bytes;
}

/** What was serialised under this very key; `undefined` for anything else. The tables are views of `bytes` where they can be. */
export function deserialiseRuleset(key: string, bytes: Uint8Array): Deserialised | undefined {
  return hasLayout(bytes) && isFor(key, bytes) ? deserialiseAnyRuleset(bytes) : undefined;
}

export interface Deserialised {
  readonly ruleset: CompiledRuleset;
  readonly extra: unknown;
}

/** Whether bytes of a ruleset were serialised under this key. */
export function isFor(key: string, bytes: Uint8Array): boolean {
  return hashOf(Buffer.from(key, 'utf8')).equals(bytes.subarray(AT.key, AT.checksum));
}

/** As `deserialiseRuleset`, before the key is known: whoever uses it must ask `isFor`. */
export function deserialiseAnyRuleset(bytes: Uint8Array): Deserialised | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!hasLayout(buffer) || !isWhole(buffer)) return undefined;
  const jsonEnd = AT.json + buffer.readUInt32LE(AT.jsonLength);
  const { rules, compiled, extra } = JSON.parse(buffer.toString('utf8', AT.json, jsonEnd)) as Record<string, unknown>;
  const tablesAt = align(jsonEnd);
  const ruleset = {
    rules: readRules(fillTables(rules, buffer, tablesAt) as RuleTexts),
    ...(fillTables(compiled, buffer, tablesAt) as Omit<CompiledRuleset, 'rules'>),
  };
  return { ruleset, extra };
}

/** The rules alone, whatever the key: for whoever has to compile them again. `undefined` for bytes that are cut short, damaged or something else. */
export function deserialiseRules(bytes: Uint8Array): CompiledRuleset['rules'] | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!hasLayout(buffer) || !isWhole(buffer)) return undefined;
  const jsonEnd = AT.json + buffer.readUInt32LE(AT.jsonLength);
  const { rules } = JSON.parse(buffer.toString('utf8', AT.json, jsonEnd)) as { rules: unknown };
  return readRules(fillTables(rules, buffer, align(jsonEnd)) as RuleTexts);
}

/** One JSON text after the other, and where each ends. */
interface RuleTexts {
  readonly texts: Uint8Array;
  readonly ends: Uint32Array;
}

function writeRules(rules: readonly Rule[]): RuleTexts {
  const texts = rules.map((rule) => Buffer.from(JSON.stringify(rule), 'utf8'));
  let end = 0;
  return { texts: Buffer.concat(texts), ends: Uint32Array.from(texts, (text) => (end += text.length)) };
}

/** An array whose elements are parsed when they are asked for. It reads like any other; for another thread it has to be copied, `[...rules]`. */
function readRules({ texts, ends }: RuleTexts): readonly Rule[] {
  const json = Buffer.from(texts.buffer, texts.byteOffset, texts.byteLength);
  const parsed = Array.from<Rule | undefined>({ length: ends.length });
  const read = (index: number): Rule =>
    (parsed[index] ??= JSON.parse(json.toString('utf8', ends[index - 1] ?? 0, ends[index])) as Rule);
  return new Proxy(parsed as readonly Rule[], {
    get: (target, key) =>
      typeof key === 'string' && Number(key) in target ? read(Number(key)) : Reflect.get(target, key),
  });
}

function hasLayout(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (
    buffer.length >= AT.json &&
    buffer.subarray(0, AT.version).equals(MAGIC) &&
    buffer.readUInt32LE(AT.version) === VERSION
  );
}

function isWhole(buffer: Buffer): boolean {
  return buffer.readUInt32LE(AT.checksum) === checksumOf(buffer);
}

/** Which of the types a table is read back as; a Buffer is bytes. One that is not known here would be lost without a word, and rules with it. */
function typeOf(table: ArrayBufferView): TableType {
  const type = (Object.keys(TABLE_TYPES) as TableType[]).find((name) => table instanceof TABLE_TYPES[name]);
  if (type === undefined) throw new TypeError(`tables of type ${table.constructor.name} cannot be kept`);
  return type;
}

/** A copy of plain data in which every table is replaced by its place. */
function mapTables(value: unknown, place: (table: Table) => TablePlace): unknown {
  if (ArrayBuffer.isView(value)) return place(value as Table);
  if (Array.isArray(value)) return value.map((item) => mapTables(item, place));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapTables(item, place)]));
}

function fillTables(value: unknown, bytes: Buffer, tablesAt: number): unknown {
  if (Array.isArray(value)) return value.map((item) => fillTables(item, bytes, tablesAt));
  if (typeof value !== 'object' || value === null) return value;
  if ('table' in value && typeof value.table === 'string' && value.table in TABLE_TYPES)
    return tableAt(value as TablePlace, bytes, tablesAt);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fillTables(item, bytes, tablesAt)]));
}

function tableAt({ table, at, length }: TablePlace, bytes: Buffer, tablesAt: number): Table {
  const Type = TABLE_TYPES[table];
  const offset = bytes.byteOffset + tablesAt + at;
  if (offset % Type.BYTES_PER_ELEMENT === 0) return new Type(bytes.buffer as ArrayBuffer, offset, length);
  const from = tablesAt + at;
  const copy = new Uint8Array(bytes.subarray(from, from + length * Type.BYTES_PER_ELEMENT));
  return new Type(copy.buffer, 0, length);
}

/** Over everything behind it. Against disks and half-written files; who may write the file at all is for its reader to look at. */
function checksumOf(bytes: Buffer): number {
  return crc32(bytes.subarray(AT.jsonLength));
}

function hashOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function align(offset: number): number {
  return (offset + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}
