import { createRequire } from 'node:module';
import type picomatch from 'picomatch';
import type { PicomatchOptions } from 'picomatch';

/** How picomatch is asked to read a glob: the language of glob.ts. Also what the tests hold our matcher against. */
export const PICOMATCH_OPTIONS = {
  dot: true,
  fastpaths: false,
  literalBrackets: false,
  noextglob: true,
  nonegate: true,
  posix: true,
  strictSlashes: true,
} as const satisfies PicomatchOptions;

/** A part of a name without a star; it matches runs of exactly `length` UTF-16 code units. */
export interface Piece {
  readonly length: number;
  /** Whether the name has it at this index. */
  matches(name: string, index: number): boolean;
}

const load = createRequire(import.meta.url);
// Loaded at the first glob that needs it: a push should not wait for what few policies use.
let makeRe: typeof picomatch.makeRe | undefined;

/** Compiles characters, `?` and classes. `length` is how many characters it stands for. */
export function compilePiece(source: string, length: number): Piece {
  if (!/[?[\\]/.test(source)) {
    return { length, matches: (name, index) => name.startsWith(source, index) };
  }
  // No star in `source`: the expression has one atom a character and nothing to backtrack over.
  makeRe ??= (load('picomatch') as typeof picomatch).makeRe;
  const expression = makeRe(source, PICOMATCH_OPTIONS);
  return { length, matches: (name, index) => expression.test(name.slice(index, index + length)) };
}
