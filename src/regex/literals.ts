/**
 * Derives from a pattern's tree the literals of which every match contains one, where in the match they stand, and what must follow them.
 *
 * A pattern is read as a sequence of parts. A run of neighbouring parts that together spell only a few strings (`gh`, `[pousr]`, `_`) gives the
 * literals; where no run will do, the branches of an alternation or the body of a repetition are searched in the same way.
 * Among several covers the rarest one wins. Keywords in a rule choose among the covers, and are refused when no cover proves them.
 */
import { members, otherCase } from './byte-set.ts';
import { lengthOfAll, type Length } from './length.ts';
import { parsePattern, type Node } from './syntax.ts';

/** One literal, and where it stands in a match. */
export interface DerivedLiteral {
  /** Bytes as latin-1 text, ASCII letters in lower case. */
  readonly text: string;
  /** At each place the one byte that must stand there, or undefined where either case of the letter will do. */
  readonly exact: readonly (number | undefined)[];
  /** Bytes between the start of the match and the literal. */
  readonly before: Length;
  /** What precedes it from the start of the match. */
  readonly head: readonly Node[];
  /** What follows it up to the end of the match. */
  readonly tail: readonly Node[];
}

export type LiteralPlan =
  | {
      readonly kind: 'literals';
      readonly literals: readonly DerivedLiteral[];
      /** Length of a whole match. */
      readonly length: Length;
    }
  | {
      readonly kind: 'none';
      /** Why, as a sentence for the rule's author. */
      readonly reason: string;
      readonly length: Length;
    };

/** Shorter literals stand everywhere, and would call the pattern at every other line. */
export const MIN_LITERAL_BYTES = 3;
/** Longer ones are cut: they would only grow the automaton. */
export const MAX_LITERAL_BYTES = 40;
/** More strings than this for one pattern are not a literal any more. */
const MAX_LITERALS = 128;
/** A class with more members is not spelled out. */
const MAX_CLASS = 12;

/**
 * @param keywords those of the rule; empty when they are to be derived
 * @throws PatternSyntaxError when the pattern cannot be parsed
 */
export function planLiterals(source: string, keywords: readonly string[] = []): LiteralPlan {
  const root = parsePattern(source);
  const length = lengthOfAll([root]);
  const wanted = keywords.map((keyword) => lowerAscii(keyword));
  const covers = coversOf([root]);
  let best: Cover | undefined;
  for (const cover of covers) {
    if (
      wanted.length > 0 &&
      !cover.literals.every((literal) => wanted.some((keyword) => literal.text.includes(keyword)))
    )
      continue;
    if (best === undefined || cover.score > best.score) best = cover;
  }
  if (best !== undefined) return { kind: 'literals', literals: best.literals, length };
  if (wanted.length > 0 && covers.length > 0) {
    const derived = covers
      .reduce((a, b) => (b.score > a.score ? b : a))
      .literals.map((literal) => JSON.stringify(literal.text));
    return {
      kind: 'none',
      reason: `not every match contains one of the keywords ${wanted.map((word) => JSON.stringify(word)).join(', ')}; the pattern itself gives ${derived.join(', ')}`,
      length,
    };
  }
  return { kind: 'none', reason: `no literal of ${MIN_LITERAL_BYTES} or more bytes stands in every match`, length };
}

interface Cover {
  readonly literals: readonly DerivedLiteral[];
  readonly score: number;
}

/**
 * All ways to cover a sequence of nodes by literals that are long enough; of those by the same literals the best. The turns of a repetition would give
 * thousands that differ in their place alone.
 */
function coversOf(sequence: readonly Node[]): Cover[] {
  const nodes = flatten(sequence);
  const covers = runCovers(nodes);
  nodes.forEach((node, index) => {
    const inner = innerCovers(node);
    if (inner.length === 0) return;
    const head = nodes.slice(0, index);
    const lead = lengthOfAll(head);
    const tail = nodes.slice(index + 1);
    for (const cover of inner) {
      covers.push({
        score: cover.score + placeBonus(lead) - placeBonus({ min: 0, max: 0 }),
        literals: cover.literals.map((literal) => ({
          ...literal,
          before: { min: lead.min + literal.before.min, max: lead.max + literal.before.max },
          head: [...head, ...literal.head],
          tail: [...literal.tail, ...tail],
        })),
      });
    }
  });
  return bestOfEach(covers);
}

/** The first of those with the highest score, for each set of literals, in the order given. */
function bestOfEach(covers: readonly Cover[]): Cover[] {
  if (covers.length < 2) return [...covers];
  const best = new Map<string, Cover>();
  for (const cover of covers) {
    const key = cover.literals.map(({ text }) => text).join('\n');
    const known = best.get(key);
    if (known === undefined || cover.score > known.score) best.set(key, cover);
  }
  const kept = new Set(best.values());
  return covers.filter((cover) => kept.has(cover));
}

/** Runs of neighbouring nodes that spell a small set of strings. */
function runCovers(nodes: readonly Node[]): Cover[] {
  const spelled = nodes.map(spell);
  const covers: Cover[] = [];
  for (let from = 0; from < nodes.length; from++) {
    if (spelled[from] === undefined || nodes[from]?.kind === 'assert') continue;
    let strings: Spelled[] = [[]];
    let best: Cover | undefined;
    for (let to = from; to < nodes.length; to++) {
      const next = spelled[to];
      if (next === undefined) break;
      const product = cross(strings, next);
      if (product === undefined) break;
      strings = product;
      const shortest = Math.min(...strings.map((string) => string.length));
      if (shortest < MIN_LITERAL_BYTES) continue;
      const head = nodes.slice(0, from);
      const before = lengthOfAll(head);
      const tail = nodes.slice(to + 1);
      const score = rarity(strings) + placeBonus(before);
      if (best === undefined || score > best.score)
        best = { score, literals: strings.map((string) => toLiteral(string, head, tail)) };
      if (shortest >= MAX_LITERAL_BYTES) break;
    }
    if (best !== undefined) covers.push(best);
  }
  return covers;
}

/** Covers inside one node: every branch of an alternation, the first turn of a repetition. */
function innerCovers(node: Node): Cover[] {
  if (node.kind === 'repeat' && node.min >= 1) {
    const rest: Node[] =
      node.max > 1 ? [{ kind: 'repeat', node: node.node, min: node.min - 1, max: node.max - 1 }] : [];
    return coversOf([node.node, ...rest]);
  }
  if (node.kind !== 'alternate') return [];
  const literals: DerivedLiteral[] = [];
  let score = Infinity;
  for (const branch of node.nodes) {
    const covers = coversOf([branch]);
    if (covers.length === 0) return [];
    const best = covers.reduce((a, b) => (b.score > a.score ? b : a));
    literals.push(...best.literals);
    score = Math.min(score, best.score);
  }
  return literals.length > MAX_LITERALS ? [] : [{ literals, score }];
}

/** Unwraps groups and nested sequences, whose boundaries mean nothing here. */
function flatten(sequence: readonly Node[]): Node[] {
  return sequence.flatMap((node) => {
    if (node.kind === 'capture') return flatten([node.node]);
    if (node.kind === 'concat') return flatten(node.nodes);
    if (node.kind === 'empty') return [];
    if (node.kind === 'repeat' && node.min === 1 && node.max === 1) return flatten([node.node]);
    return [node];
  });
}

/** A byte of a literal: which bytes may stand there. One member, or the two cases of a letter. */
interface Letter {
  readonly folded: number;
  readonly exact: number | undefined;
}
type Spelled = readonly Letter[];

/** The strings a node can match, when they are few. */
function spell(node: Node): Spelled[] | undefined {
  switch (node.kind) {
    case 'empty':
    case 'assert':
      return [[]];
    case 'class':
      return spellClass(members(node.set));
    case 'capture':
      return spell(node.node);
    case 'concat': {
      let strings: Spelled[] | undefined = [[]];
      for (const part of node.nodes) {
        const next = spell(part);
        strings = next === undefined || strings === undefined ? undefined : cross(strings, next);
        if (strings === undefined) return undefined;
      }
      return strings;
    }
    case 'alternate': {
      const strings: Spelled[] = [];
      for (const branch of node.nodes) {
        const next = spell(branch);
        if (next === undefined) return undefined;
        strings.push(...next);
        if (strings.length > MAX_LITERALS) return undefined;
      }
      return strings;
    }
    case 'repeat': {
      if (node.max > 4) return undefined;
      const body = spell(node.node);
      if (body === undefined) return undefined;
      const strings: Spelled[] = [];
      let turn: Spelled[] | undefined = [[]];
      for (let count = 0; count <= node.max; count++) {
        if (count >= node.min) strings.push(...turn);
        turn = cross(turn, body);
        if (turn === undefined || strings.length > MAX_LITERALS) return undefined;
      }
      return strings;
    }
    default:
      return node satisfies never;
  }
}

function spellClass(bytes: readonly number[]): Spelled[] | undefined {
  const letters = new Map<number, Letter>();
  for (const byte of bytes) {
    const folded = lowerByte(byte);
    const twin = isAsciiLetter(byte) ? otherCase(byte) : undefined;
    const anyCase = twin !== undefined && bytes.includes(twin);
    letters.set(anyCase ? folded : byte, { folded, exact: isAsciiLetter(byte) && !anyCase ? byte : undefined });
    if (letters.size > MAX_CLASS) return undefined;
  }
  return letters.size === 0 ? undefined : [...letters.values()].map((letter) => [letter]);
}

function cross(left: readonly Spelled[], right: readonly Spelled[]): Spelled[] | undefined {
  if (left.length * right.length > MAX_LITERALS) return undefined;
  return left.flatMap((head) => right.map((tail) => [...head, ...tail]));
}

function toLiteral(string: Spelled, head: readonly Node[], tail: readonly Node[]): DerivedLiteral {
  const kept = string.slice(0, MAX_LITERAL_BYTES);
  const cut: Node[] = string.slice(MAX_LITERAL_BYTES).map(letterNode);
  return {
    text: String.fromCharCode(...kept.map((letter) => letter.folded)),
    exact: kept.map((letter) => letter.exact),
    before: lengthOfAll(head),
    head,
    tail: [...cut, ...tail],
  };
}

function letterNode(letter: Letter): Node {
  const set = new Uint8Array(256);
  set[letter.exact ?? letter.folded] = 1;
  if (letter.exact === undefined && isAsciiLetter(letter.folded)) set[letter.folded - 32] = 1;
  return { kind: 'class', set };
}

/**
 * How seldom the strings stand in ordinary text, by their worst member. Letters say little, digits and punctuation more, and each byte past the
 * sixth hardly helps; many strings cost table space. Only the order of the results matters.
 */
function rarity(strings: readonly Spelled[]): number {
  let worst = Infinity;
  for (const string of strings) {
    let bits = 0;
    for (const [index, letter] of string.slice(0, 16).entries()) {
      const weight = isAsciiLetter(letter.folded)
        ? letter.exact !== undefined && letter.exact < 0x60
          ? 1.6
          : 1
        : letter.folded === 0x20
          ? 0.5
          : 1.4;
      bits += index < 6 ? weight : weight / 4;
    }
    worst = Math.min(worst, bits);
  }
  return worst - Math.log2(strings.length) / 2;
}

/** A literal at a fixed distance from the match's start lets the matcher run at one place instead of searching a window. */
function placeBonus(before: Length): number {
  return before.min === before.max ? 2 : before.max === Infinity ? -3 : 0;
}

function isAsciiLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

function lowerByte(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (char) => char.toLowerCase());
}
