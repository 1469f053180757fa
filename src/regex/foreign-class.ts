/** Escapes and classes of foreign-syntax.ts: what stands for one character, or for one of several. */
import { members } from './byte-set.ts';
import { parsePattern, PatternSyntaxError } from './syntax.ts';

export interface ForeignContext {
  /** Where the text starts in the pattern, for messages. */
  readonly at: number;
  readonly java: boolean;
  /** Whether line breaks must not match. */
  readonly line: boolean;
}

export type ForeignEscape =
  /** One character. */
  | { readonly kind: 'point'; readonly point: number; readonly length: number }
  /** A class, or an assertion, as RE2 writes it. */
  | { readonly kind: 'set' | 'assertion'; readonly text: string; readonly length: number }
  /** Start or end of all that is searched. */
  | { readonly kind: 'anchor'; readonly end: boolean; readonly text: string; readonly length: number };

/** Reads the escape that `rest` starts with. @throws PatternSyntaxError */
export function foreignEscape(rest: string, context: ForeignContext): ForeignEscape {
  const char = rest[1];
  if (char === undefined) return malformed('a backslash at the end', context.at);
  if (/[1-9]/.test(char)) return refuse(`backreference \\${char}`, context.at);
  if (char === 'k') return refuse('backreference \\k', context.at);
  const point = pointEscape(rest, context);
  if (point !== undefined) return point;
  if (char === 'A') return { kind: 'anchor', end: false, text: '\\A', length: 2 };
  if (char === 'z' || (context.java && char === 'Z')) return { kind: 'anchor', end: true, text: '\\z', length: 2 };
  if (char === 'b' || char === 'B') return { kind: 'assertion', text: `\\${char}`, length: 2 };
  const property = /^\\[pP](?:\{[^}]*\}|[A-Z])/.exec(rest);
  if (property !== null) {
    return {
      kind: 'set',
      text: withoutBreaks(javaProperty(property[0], context), context),
      length: property[0].length,
    };
  }
  if (context.java && char === 'v') return { kind: 'set', text: '[\\x0b\\f]', length: 2 };
  if (context.java && char === 's') return { kind: 'set', text: withoutBreaks('[\\s\\x0b]', context), length: 2 };
  if (/[dDwWsS]/.test(char)) return { kind: 'set', text: withoutBreaks(`\\${char}`, context), length: 2 };
  if (/[A-Za-z]/.test(char)) return refuse(`\\${char}`, context.at);
  const literal = rest.codePointAt(1) as number;
  return { kind: 'point', point: literal, length: literal > 0xffff ? 3 : 2 };
}

function pointEscape(rest: string, { java }: ForeignContext): ForeignEscape | undefined {
  const hex =
    /^\\x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))/.exec(rest) ?? (java ? /^\\u([0-9A-Fa-f]{4})/.exec(rest) : null);
  if (hex !== null) return pointOf(Number.parseInt(hex[1] ?? hex[2] ?? '', 16), hex[0]);
  const octal = (java ? /^\\0([0-3]?[0-7]{1,2})/ : /^\\(0[0-7]{0,2})/).exec(rest);
  if (octal !== null) return pointOf(Number.parseInt(octal[1] as string, 8), octal[0]);
  const control = java ? /^\\c([@-_a-z?])/.exec(rest) : null;
  if (control !== null) return pointOf((control[1] as string).toUpperCase().charCodeAt(0) ^ 0x40, control[0]);
  const simple = (java ? JAVA_CONTROLS : RE2_CONTROLS)[rest[1] as string];
  return simple === undefined ? undefined : { kind: 'point', point: simple, length: 2 };
}

const CONTROLS: Readonly<Record<string, number>> = { a: 7, t: 9, n: 10, f: 12, r: 13 };
const RE2_CONTROLS: Readonly<Record<string, number>> = { ...CONTROLS, v: 11 };
const JAVA_CONTROLS: Readonly<Record<string, number>> = { ...CONTROLS, e: 27 };

function pointOf(point: number, text: string): ForeignEscape | undefined {
  return point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)
    ? undefined
    : { kind: 'point', point, length: text.length };
}

/** Reads the class that `rest` starts with. @throws PatternSyntaxError */
export function foreignClass(
  rest: string,
  context: ForeignContext,
): { readonly text: string; readonly length: number } {
  const negated = rest[1] === '^';
  const items: string[] = [];
  /** Characters outside of ASCII: several bytes each, so they cannot stand in a class of bytes. */
  const wide: string[] = [];
  let at = negated ? 2 : 1;
  for (const start = at; at === start || rest[at] !== ']';) {
    if (at >= rest.length) malformed('a class without its ]', context.at);
    if (context.java && rest.startsWith('&&', at)) refuse('intersection of classes (&&)', context.at + at);
    if (context.java && rest[at] === '[') refuse('a class within a class', context.at + at);
    const named = /^\[:\^?\w+:\]/.exec(rest.slice(at));
    const low: ForeignEscape =
      named === null ? item(rest, at, context) : { kind: 'set', text: named[0], length: named[0].length };
    at += low.length;
    if (low.kind !== 'point') {
      // A class that was rewritten has brackets of its own, which are taken off; none of those is negated and rewritten.
      items.push(low.text.startsWith('[') && !low.text.startsWith('[:') ? low.text.slice(1, -1) : low.text);
      continue;
    }
    const high =
      rest[at] === '-' && rest[at + 1] !== ']' && at + 1 < rest.length ? item(rest, at + 1, context) : undefined;
    if (high === undefined || high.kind !== 'point') {
      if (low.point < 0x80) items.push(hex(low.point));
      else if (negated) refuse('a character outside of ASCII in a negated class', context.at);
      else wide.push([...Buffer.from(String.fromCodePoint(low.point), 'utf8')].map(hex).join(''));
      continue;
    }
    at += 1 + high.length;
    if (high.point < low.point) malformed('a range with its ends reversed', context.at + at);
    if (high.point >= 0x80) refuse('a range that ends outside of ASCII', context.at + at);
    items.push(`${hex(low.point)}-${hex(high.point)}`);
  }
  const narrow = items.length === 0 ? [] : [withoutBreaks(`[${negated ? '^' : ''}${items.join('')}]`, context)];
  return { text: wide.length === 0 ? narrow.join('') : `(?:${[...narrow, ...wide].join('|')})`, length: at + 1 };
}

function item(rest: string, at: number, context: ForeignContext): ForeignEscape {
  const inner = { ...context, at: context.at + at };
  if (rest[at] !== '\\') {
    const point = rest.codePointAt(at) as number;
    return { kind: 'point', point, length: point > 0xffff ? 2 : 1 };
  }
  if (rest.startsWith('\\Q', at)) refuse('\\Q within a class', inner.at);
  // Breaks are taken out of the whole class, once.
  const escape = foreignEscape(rest.slice(at), { ...inner, line: false });
  return escape.kind === 'point' || escape.kind === 'set'
    ? escape
    : refuse(`${rest.slice(at, at + 2)} within a class`, inner.at);
}

/** The same class without line feed and carriage return. */
function withoutBreaks(text: string, { line }: ForeignContext): string {
  if (!line) return text;
  // A negated class stays one: under (?i) its letters are folded before it is negated.
  if (text.startsWith('[^')) return `[^\\n\\r${text.slice(2)}`;
  const parsed = parsePattern(text);
  if (parsed.kind !== 'class' || (parsed.set[10] !== 1 && parsed.set[13] !== 1)) return text;
  const bytes = members(parsed.set).filter((byte) => byte !== 10 && byte !== 13);
  return bytes.length === 0 ? '[^\\x00-\\xff]' : `[${ranges(bytes)}]`;
}

function ranges(bytes: readonly number[]): string {
  const parts: string[] = [];
  let first = bytes[0] as number;
  bytes.forEach((byte, index) => {
    if (bytes[index + 1] === byte + 1) return;
    parts.push(byte === first ? hex(byte) : `${hex(first)}-${hex(byte)}`);
    first = bytes[index + 1] ?? 0;
  });
  return parts.join('');
}

/** `\p{Alpha}` and its like are Java's names of POSIX classes. */
function javaProperty(text: string, { java }: ForeignContext): string {
  const name = /^\\([pP])\{(Lower|Upper|ASCII|Alpha|Digit|Alnum|Punct|Graph|Print|Blank|Cntrl|XDigit|Space)\}$/.exec(
    text,
  );
  if (!java || name === null) return text;
  return `[[:${name[1] === 'P' ? '^' : ''}${(name[2] as string).toLowerCase()}:]]`;
}

function hex(byte: number): string {
  return /[A-Za-z0-9_]/.test(String.fromCharCode(byte))
    ? String.fromCharCode(byte)
    : `\\x${byte.toString(16).padStart(2, '0')}`;
}

function refuse(construct: string, at: number): never {
  throw new PatternSyntaxError(`${construct} at character ${at + 1} is not supported: RE2 has no such thing`, at);
}

function malformed(what: string, at: number): never {
  throw new PatternSyntaxError(`${what} (character ${at + 1})`, at);
}
