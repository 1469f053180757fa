/**
 * Patterns as people write them for other scanners, Bitbucket's (RE2/J) and Soteri's (java.util.regex), brought to the syntax and the bytes of ours.
 *
 * Both look at one line at a time, without its line break, or at a path. Ours searches whole contents, so a line pattern is rewritten until no part
 * of it can match a line break and its anchors mean those of a line. What has no equal in RE2 is refused by name: nothing is left out silently.
 */
import { foreignClass, foreignEscape } from './foreign-class.ts';
import { SECRET_GROUP } from './pattern.ts';
import { PatternSyntaxError } from './syntax.ts';

/** `re2`: as Bitbucket takes it. `java`: as Soteri does. */
export type ForeignDialect = 're2' | 'java';

export interface ForeignPattern {
  readonly source: string;
  readonly dialect: ForeignDialect;
  /** What it is searched in. */
  readonly unit: 'line' | 'path';
}

/**
 * The same pattern for our engine; its secret is the whole match, as it is there. Whether RE2 takes the result is not checked.
 * @throws PatternSyntaxError naming a construct that RE2 does not have
 */
export function translatePattern(pattern: ForeignPattern): string {
  const { body, endsLine } = new Translation(pattern).run();
  if (pattern.unit === 'path') return body;
  // A carriage return before the line's end is part of the break. Where it can be told apart, it stays out of the secret.
  return endsLine ? `(?m:(?<${SECRET_GROUP}>${body})\\r?$)` : `(?m:${body})`;
}

class Translation {
  readonly #source: string;
  readonly #java: boolean;
  readonly #line: boolean;
  #at = 0;
  #out: string[] = [];
  #depth = 0;
  #alternation = false;

  constructor({ source, dialect, unit }: ForeignPattern) {
    this.#source = source;
    this.#java = dialect === 'java';
    this.#line = unit === 'line';
  }

  run(): { readonly body: string; readonly endsLine: boolean } {
    while (this.#at < this.#source.length) {
      this.#step();
      this.#refusePossessive();
    }
    const endsLine = this.#out.at(-1) === LINE_END && this.#depth === 0 && !this.#alternation;
    return { body: (endsLine ? this.#out.slice(0, -1) : this.#out).join(''), endsLine };
  }

  #step(): void {
    const rest = this.#source.slice(this.#at);
    const char = rest[0] as string;
    if (rest.startsWith('\\Q')) return this.#quoted();
    if (char === '\\') return this.#escape();
    if (char === '[') {
      const { text, length } = foreignClass(rest, { at: this.#at, java: this.#java, line: this.#line });
      return this.#emit(text, length);
    }
    if (char === '(') return this.#open(rest);
    // What surrounds the pattern in the end must not be what it closes.
    if (char === ')' && --this.#depth < 0)
      throw new PatternSyntaxError(`unmatched ) at character ${this.#at + 1}`, this.#at);
    if (char === '|' && this.#depth === 0) this.#alternation = true;
    if (char === '.' && this.#line) return this.#emit('[^\\n\\r]', 1);
    if (char === '$' && this.#line) return this.#emit(LINE_END, 1);
    const point = rest.codePointAt(0) as number;
    this.#emit(point >= 0x20 && point < 0x80 ? char : this.#literal(point), point > 0xffff ? 2 : 1);
  }

  #escape(): void {
    const escape = foreignEscape(this.#source.slice(this.#at), { at: this.#at, java: this.#java, line: this.#line });
    if (escape.kind === 'point') {
      this.#emit(this.#literal(escape.point), escape.length);
    } else if (escape.kind === 'anchor' && this.#line) {
      this.#emit(escape.end ? LINE_END : '^', escape.length);
    } else {
      this.#emit(escape.text, escape.length);
    }
  }

  /** `\Q…\E`: text taken as it stands. */
  #quoted(): void {
    const found = this.#source.indexOf('\\E', this.#at + 2);
    const end = found < 0 ? this.#source.length : found;
    for (const char of this.#source.slice(this.#at + 2, end)) {
      this.#out.push(this.#literal(char.codePointAt(0) as number));
    }
    this.#at = found < 0 ? end : end + 2;
  }

  #literal(point: number): string {
    // A line has no line break in it.
    if (this.#line && (point === 10 || point === 13)) return NOTHING;
    return point < 0x80 ? asciiLiteral(point) : utf8Group(point);
  }

  #open(rest: string): void {
    this.#depth++;
    const refused = REFUSED_GROUPS.find(({ start }) => rest.startsWith(start));
    if (refused !== undefined) this.#refuse(`${refused.name} ${refused.start}…)`);
    // Names mean nothing here, and one called `secret` would mean too much.
    const named = /^\(\?P?<\w+>/.exec(rest);
    if (named !== null) return this.#emit('(', named[0].length);
    const flags = /^\(\?([A-Za-z]*)(?:-([A-Za-z]*))?([:)])/.exec(rest);
    if (flags === null) return this.#emit('(', 1);
    const [all, on = '', off = '', close = ''] = flags;
    if (this.#java && /[xU]/.test(on))
      this.#refuse(`the flag ${all.includes('x') ? 'x (comments)' : 'U (Unicode classes)'}`);
    // m and s say where lines end, which is settled; d and u are Java's own and change nothing on one line of ASCII.
    const settled = this.#line ? (this.#java ? /[msdu]/g : /[ms]/g) : this.#java ? /[du]/g : /(?!)/g;
    const left = `${on.replace(settled, '')}${off.replace(settled, '') === '' ? '' : `-${off.replace(settled, '')}`}`;
    if (close === ')') this.#depth--;
    this.#emit(left === '' ? (close === ')' ? '' : '(?:') : `(?${left}${close}`, all.length);
  }

  #refusePossessive(): void {
    const found = /^(?:[*+?]|\{\d+(?:,\d*)?\})\+/.exec(this.#source.slice(this.#at));
    if (found !== null) this.#refuse(`possessive repetition ${found[0]}`);
  }

  #refuse(construct: string): never {
    throw new PatternSyntaxError(
      `${construct} at character ${this.#at + 1} is not supported: RE2 has no such thing`,
      this.#at,
    );
  }

  #emit(text: string, length: number): void {
    if (text !== '') this.#out.push(text);
    this.#at += length;
  }
}

/** A class that no byte is in. */
const NOTHING = '[^\\x00-\\xff]';
const LINE_END = '(?:\\r?$)';

const REFUSED_GROUPS: readonly { readonly start: string; readonly name: string }[] = [
  { start: '(?=', name: 'lookahead' },
  { start: '(?!', name: 'negative lookahead' },
  { start: '(?<=', name: 'lookbehind' },
  { start: '(?<!', name: 'negative lookbehind' },
  { start: '(?>', name: 'atomic group' },
  { start: '(?P=', name: 'backreference' },
  { start: '(?(', name: 'conditional' },
  { start: '(?#', name: 'comment' },
];

function asciiLiteral(point: number): string {
  const char = String.fromCharCode(point);
  return /[A-Za-z0-9_ ]/.test(char) ? char : `\\x${point.toString(16).padStart(2, '0')}`;
}

/** A character outside of ASCII as the bytes that UTF-8 writes for it. */
function utf8Group(point: number): string {
  const bytes = [...Buffer.from(String.fromCodePoint(point), 'utf8')];
  return `(?:${bytes.map((byte) => `\\x${byte.toString(16)}`).join('')})`;
}
