/**
 * Parses RE2's pattern syntax into a tree, so that literals, lengths and what may follow are derived from structure and never guessed from text.
 *
 * The tree is exact for bytes: a class is the set of bytes it accepts in a latin-1 view. Source of the grammar: RE2's `doc/syntax.txt` and its parser
 * in Perl mode, which is what both engines run. Anything only one engine takes (look-around, back-references) is refused.
 */
import { addFolded, addRange, emptySet, negate, rangeSet, union, type ByteSet } from './byte-set.ts';
import { perlClass, posixClass, unicodeClass } from './named-classes.ts';

export type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'class'; readonly set: ByteSet }
  | {
      readonly kind: 'assert';
      readonly what: 'text-start' | 'text-end' | 'line-start' | 'line-end' | 'word' | 'not-word';
      /** Where it stands in the pattern. */
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: 'concat'; readonly nodes: readonly Node[] }
  | { readonly kind: 'alternate'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number; readonly span?: Span }
  | { readonly kind: 'capture'; readonly node: Node; readonly name?: string };

export type Assertion = Extract<Node, { kind: 'assert' }>;

/** Where something repeated stands in the pattern, its count (`{2,5}?`) and its end. */
interface Span {
  readonly start: number;
  readonly count: number;
  readonly end: number;
}

/** A pattern outside RE2's syntax; `index` counts characters of the pattern from 0. */
export class PatternSyntaxError extends Error {
  readonly index: number;

  constructor(message: string, index: number) {
    super(message);
    this.name = 'PatternSyntaxError';
    this.index = index;
  }
}

/** @throws PatternSyntaxError */
export function parsePattern(source: string): Node {
  return new Parser(source).parse();
}

/** Refuses what only one of the two engines understands. @throws PatternSyntaxError */
export function assertWithinSubset(source: string): void {
  parsePattern(source);
}

interface Flags {
  readonly fold: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
}

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/** RE2 refuses larger counts, also as the product of nested ones. */
const MAX_REPEAT = 1000;
const MAX_DEPTH = 200;

class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Node {
    const node = this.#alternation({ fold: false, multiline: false, dotAll: false });
    if (this.#at < this.#source.length) this.#fail('unexpected )');
    return node;
  }

  #alternation(flags: Flags): Node {
    if (++this.#depth > MAX_DEPTH) this.#fail('groups are nested too deeply');
    const branches: Node[] = [];
    let current = flags;
    let items: Node[] = [];
    for (;;) {
      const char = this.#source[this.#at];
      if (char === undefined || char === ')') break;
      if (char === '|') {
        this.#at++;
        branches.push(concat(items));
        items = [];
        continue;
      }
      if (char === '(') {
        const next = this.#group(current);
        if ('flags' in next) current = next.flags;
        else items.push(this.#quantified(next.node));
        continue;
      }
      if (this.#source.startsWith('\\Q', this.#at)) {
        this.#quoted(items, current);
        continue;
      }
      const start = this.#at;
      items.push(this.#quantified(this.#atom(current), start));
    }
    this.#depth--;
    branches.push(concat(items));
    return branches.length === 1 ? (branches[0] as Node) : { kind: 'alternate', nodes: branches };
  }

  /** A parenthesis: a group, or flags that hold to the end of the enclosing one. */
  #group(flags: Flags): { readonly node: Node } | { readonly flags: Flags } {
    const open = this.#at;
    this.#at++;
    if (this.#source[this.#at] !== '?') return { node: { kind: 'capture', node: this.#groupBody(flags, open) } };
    this.#at++;
    const named = /^P?<(?![=!])/.exec(this.#source.slice(this.#at, this.#at + 3));
    if (named !== null) {
      this.#at += named[0].length;
      const name = /^\w+(?=>)/.exec(this.#source.slice(this.#at))?.[0];
      if (name === undefined) this.#fail('bad name of a group');
      this.#at += name.length + 1;
      return { node: { kind: 'capture', node: this.#groupBody(flags, open), name } };
    }
    const written = /^([imsU]*)(?:-([imsU]*))?([:)])/.exec(this.#source.slice(this.#at));
    if (written === null || (written[0] === ')' && written[1] === '')) {
      this.#fail('look-around, back-references and other Perl extensions are not part of RE2');
    }
    this.#at += written[0].length;
    const on = written[1] ?? '';
    const off = written[2] ?? '';
    const pick = (flag: string, was: boolean): boolean => (off.includes(flag) ? false : on.includes(flag) || was);
    const inner = {
      fold: pick('i', flags.fold),
      multiline: pick('m', flags.multiline),
      dotAll: pick('s', flags.dotAll),
    };
    if (written[3] === ')') return { flags: inner };
    return { node: this.#groupBody(inner, open) };
  }

  #groupBody(flags: Flags, open: number): Node {
    const node = this.#alternation(flags);
    if (this.#source[this.#at] !== ')') this.#fail('missing )', open);
    this.#at++;
    return node;
  }

  /** `\Q…\E`: text taken as it stands. */
  #quoted(items: Node[], flags: Flags): void {
    this.#at += 2;
    const end = this.#source.indexOf('\\E', this.#at);
    const stop = end < 0 ? this.#source.length : end;
    while (this.#at < stop) items.push(this.#literal(this.#codePoint(), flags));
    if (end >= 0) this.#at += 2;
    const last = items.pop();
    if (last !== undefined) items.push(this.#quantified(last));
  }

  /** @param start where `node` stands, when it is a single character or class written as such */
  #quantified(node: Node, start?: number): Node {
    let result = node;
    let applied = 0;
    const count = this.#at;
    for (;;) {
      const rest = this.#source.slice(this.#at, this.#at + 12);
      const found = /^(?:([*+?])|\{(\d+)(,(\d*))?\})(\??)/.exec(rest);
      if (found === null) return result;
      const min = found[1] === undefined ? Number(found[2]) : found[1] === '+' ? 1 : 0;
      const max =
        found[1] !== undefined
          ? found[1] === '?'
            ? 1
            : Infinity
          : found[3] === undefined
            ? min
            : found[4] === ''
              ? Infinity
              : Number(found[4]);
      if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT))
        this.#fail(`repetition count above ${MAX_REPEAT}`);
      if (max < min) this.#fail('repetition with its bounds reversed');
      if (applied++ > 0) this.#fail('repetition of a repetition');
      this.#at += found[0].length;
      const span = start === undefined ? {} : { span: { start, count, end: this.#at } };
      result = { kind: 'repeat', node: result, min, max, ...span };
    }
  }

  #atom(flags: Flags): Node {
    const char = this.#source[this.#at] as string;
    switch (char) {
      case '*':
      case '+':
      case '?':
        return this.#fail(`nothing to repeat before ${char}`);
      case '[':
        return { kind: 'class', set: this.#class(flags) };
      case '.':
        this.#at++;
        return { kind: 'class', set: flags.dotAll ? rangeSet(0, 255) : rangeSet(0, 9, 11, 255) };
      case '^':
        return this.#assertion(flags.multiline ? 'line-start' : 'text-start', 1);
      case '$':
        return this.#assertion(flags.multiline ? 'line-end' : 'text-end', 1);
      case '\\':
        return this.#escape(flags);
      default:
        return this.#literal(this.#codePoint(), flags);
    }
  }

  #assertion(what: Assertion['what'], length: number): Assertion {
    const start = this.#at;
    this.#at += length;
    return { kind: 'assert', what, start, end: this.#at };
  }

  #escape(flags: Flags): Node {
    const char = this.#source[this.#at + 1];
    if (char === undefined) this.#fail('a backslash at the end');
    const assertion = ({ A: 'text-start', z: 'text-end', b: 'word', B: 'not-word' } as const)[char];
    if (assertion !== undefined) return this.#assertion(assertion, 2);
    if (char === 'C') this.#fail('\\C is not supported: patterns already see single bytes');
    const shorthand = this.#shorthand(flags);
    if (shorthand !== undefined) return { kind: 'class', set: shorthand };
    return this.#literal(this.#escapedPoint(), flags);
  }

  /** `\d \w \s \pL` and their negations, inside or outside a class. */
  #shorthand(flags: Flags): ByteSet | undefined {
    const char = this.#source[this.#at + 1] ?? '';
    const perl = perlClass(char);
    if (perl !== undefined) {
      this.#at += 2;
      return perl;
    }
    if (char !== 'p' && char !== 'P') return undefined;
    const found = /^\\[pP](?:\{(\^?)([^}]+)\}|([A-Z]))/.exec(this.#source.slice(this.#at));
    if (found === null) this.#fail('bad Unicode class');
    this.#at += found[0].length;
    const name = found[2] ?? found[3] ?? '';
    const set = unicodeClass(name, flags.fold) ?? this.#fail(`unknown Unicode class ${name}`);
    return (char === 'P') !== (found[1] === '^') ? negate(set) : set;
  }

  /** A backslash escape that stands for one character. */
  #escapedPoint(): number {
    const rest = this.#source.slice(this.#at);
    const hex = /^\\x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))/.exec(rest);
    if (hex !== null) {
      this.#at += hex[0].length;
      return Number.parseInt(hex[1] ?? hex[2] ?? '', 16);
    }
    const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
    if (octal !== null) {
      this.#at += octal[0].length;
      return Number.parseInt(octal[1] as string, 8);
    }
    const char = rest[1] as string;
    const simple = SIMPLE_ESCAPES[char];
    if (simple !== undefined) {
      this.#at += 2;
      return simple;
    }
    if (/[A-Za-z0-9]/.test(char)) this.#fail(`unknown escape \\${char}`);
    this.#at++;
    return this.#codePoint();
  }

  #class(flags: Flags): ByteSet {
    const open = this.#at;
    this.#at++;
    const negated = this.#source[this.#at] === '^';
    if (negated) this.#at++;
    const set = emptySet();
    for (let first = true; ; first = false) {
      const char = this.#source[this.#at];
      if (char === undefined) this.#fail('missing ]', open);
      if (char === ']' && !first) break;
      const posix = /^\[:(\^?)(\w+):\]/.exec(this.#source.slice(this.#at, this.#at + 16));
      if (posix !== null) {
        const named = posixClass(posix[2] as string, flags.fold) ?? this.#fail(`unknown class [:${posix[2]}:]`);
        union(set, posix[1] === '^' ? negate(named) : named);
        this.#at += posix[0].length;
        continue;
      }
      if (char === '\\') {
        const shorthand = this.#shorthand(flags);
        if (shorthand !== undefined) {
          union(set, shorthand);
          continue;
        }
      }
      const low = this.#classPoint();
      let high = low;
      if (
        this.#source[this.#at] === '-' &&
        this.#source[this.#at + 1] !== ']' &&
        this.#source[this.#at + 1] !== undefined
      ) {
        this.#at++;
        high = this.#classPoint();
        if (high < low) this.#fail('a range with its ends reversed');
      }
      if (flags.fold) addFolded(set, low, high);
      else addRange(set, low, high);
    }
    this.#at++;
    return negated ? negate(set) : set;
  }

  #classPoint(): number {
    return this.#source[this.#at] === '\\' ? this.#escapedPoint() : this.#codePoint();
  }

  #codePoint(): number {
    const point = this.#source.codePointAt(this.#at) ?? this.#fail('unexpected end');
    this.#at += point > 0xffff ? 2 : 1;
    return point;
  }

  #literal(point: number, flags: Flags): Node {
    const set = emptySet();
    if (flags.fold) addFolded(set, point, point);
    else addRange(set, point, point);
    return { kind: 'class', set };
  }

  #fail(message: string, index = this.#at): never {
    throw new PatternSyntaxError(`${message} (at character ${index + 1} of the pattern)`, index);
  }
}

function concat(nodes: readonly Node[]): Node {
  if (nodes.length === 0) return { kind: 'empty' };
  return nodes.length === 1 ? (nodes[0] as Node) : { kind: 'concat', nodes };
}
