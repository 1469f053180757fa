/** Raw commits, tags and trees as data. Pure functions; malformed objects (anyone can push one) give what could be understood, never a throw. */
import { bytesToText } from '../model/escape.ts';
import { isOid, type Oid } from '../model/oid.ts';

export interface Identity {
  readonly name: string;
  readonly email: string;
  /** ISO 8601 in the person's own time zone; absent when it is not a date. */
  readonly date?: string;
}

export interface Commit {
  readonly tree?: Oid;
  readonly parents: readonly Oid[];
  readonly author?: Identity;
  readonly committer?: Identity;
  /** Byte offset of the message; the length of the object when there is none. */
  readonly messageAt: number;
}

export interface Tag {
  readonly object?: Oid;
  readonly type?: string;
  readonly name?: string;
  readonly tagger?: Identity;
  readonly messageAt: number;
}

export interface TreeEntry {
  readonly mode: number;
  readonly name: Buffer;
  readonly oid: Oid;
}

const LF = 0x0a;
const SPACE = 0x20;

export function parseCommit(content: Buffer): Commit {
  const { headers, messageAt } = parseHeaders(content);
  const tree = first(headers, 'tree');
  const author = identity(first(headers, 'author'));
  const committer = identity(first(headers, 'committer'));
  return {
    ...(tree !== undefined && isOid(tree) ? { tree } : {}),
    parents: headers.flatMap(([key, value]) => (key === 'parent' && isOid(value) ? [value] : [])),
    ...(author === undefined ? {} : { author }),
    ...(committer === undefined ? {} : { committer }),
    messageAt,
  };
}

export function parseTag(content: Buffer): Tag {
  const { headers, messageAt } = parseHeaders(content);
  const object = first(headers, 'object');
  const type = first(headers, 'type');
  const name = first(headers, 'tag');
  const tagger = identity(first(headers, 'tagger'));
  return {
    ...(object !== undefined && isOid(object) ? { object } : {}),
    ...(type === undefined ? {} : { type }),
    ...(name === undefined ? {} : { name }),
    ...(tagger === undefined ? {} : { tagger }),
    messageAt,
  };
}

/** Entries of a tree, as views. Ends at the first one that is cut short. */
export function parseTree(content: Buffer, hashBytes: 20 | 32): TreeEntry[] {
  const entries: TreeEntry[] = [];
  forEachTreeEntry(content, hashBytes, (mode, nameAt, nameEnd) => {
    const oid = content.toString('hex', nameEnd + 1, nameEnd + 1 + hashBytes) as Oid;
    entries.push({ mode, name: content.subarray(nameAt, nameEnd), oid });
  });
  return entries;
}

/** Visits the entries of a tree without allocating: the name is `content[nameAt, nameEnd)`, the binary id follows its NUL. Returns how many bytes were understood. */
export function forEachTreeEntry(
  content: Uint8Array,
  hashBytes: 20 | 32,
  visit: (mode: number, nameAt: number, nameEnd: number) => void,
): number {
  let at = 0;
  while (at < content.length) {
    let mode = 0;
    let i = at;
    for (; i < content.length && content[i] !== SPACE; i++) mode = mode * 8 + ((content[i] as number) - 0x30);
    const nameAt = i + 1;
    const nameEnd = content.indexOf(0, nameAt);
    if (nameEnd === -1 || nameEnd + 1 + hashBytes > content.length) return at;
    visit(mode, nameAt, nameEnd);
    at = nameEnd + 1 + hashBytes;
  }
  return at;
}

// `key SP value LF` lines up to an empty one; a line that starts with a space goes on with the value before it (signatures, merged tags).
function parseHeaders(content: Buffer): { headers: [string, string][]; messageAt: number } {
  const headers: [string, string][] = [];
  let at = 0;
  while (at < content.length && content[at] !== LF) {
    let end = content.indexOf(LF, at);
    if (end === -1) end = content.length;
    if (content[at] !== SPACE) {
      const space = content.indexOf(SPACE, at);
      if (space !== -1 && space < end)
        headers.push([content.toString('latin1', at, space), bytesToText(content.subarray(space + 1, end))]);
    }
    at = end + 1;
  }
  return { headers, messageAt: Math.min(at + 1, content.length) };
}

function first(headers: readonly [string, string][], key: string): string | undefined {
  return headers.find(([name]) => name === key)?.[1];
}

// `Name <email> seconds +hhmm`. The name may hold anything but `<` and the email anything but `>`.
function identity(text: string | undefined): Identity | undefined {
  const match = /^([^<]*)<([^>]*)>(?: (-?\d{1,15}) ([+-]\d{4}))?/.exec(text ?? '');
  if (match === null) return undefined;
  const [, name = '', email = '', seconds, zone] = match;
  const date = seconds === undefined ? undefined : isoDate(Number(seconds), zone ?? '+0000');
  return { name: name.trim(), email: email.trim(), ...(date === undefined ? {} : { date }) };
}

function isoDate(seconds: number, zone: string): string | undefined {
  const minutes = (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5)));
  const local = new Date((seconds + minutes * 60) * 1000);
  if (Number.isNaN(local.getTime())) return undefined;
  return `${local.toISOString().slice(0, -5)}${zone.slice(0, 3)}:${zone.slice(3)}`;
}
