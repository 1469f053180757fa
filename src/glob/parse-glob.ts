import { expandBraces } from './expand-braces.ts';
import { GLOB_LIMITS, GlobSyntaxError } from './glob-limits.ts';
import { compilePiece } from './piece.ts';
import type { Piece } from './piece.ts';

/** One name of a path in a glob: `**`, or pieces with a star between each two. */
export type Segment = 'any-folders' | readonly Piece[];

/** Reads a glob into its alternatives (one unless it has braces), each a list of segments. */
export function parseGlob(glob: string): readonly (readonly Segment[])[] {
  if (glob === '') throw new GlobSyntaxError('an empty glob matches nothing; use ** for every path');
  if (glob.length > GLOB_LIMITS.length) {
    throw new GlobSyntaxError(`has ${glob.length} characters; at most ${GLOB_LIMITS.length} are allowed`);
  }
  return expandBraces(glob).map(parseAlternative);
}

function parseAlternative(glob: string): readonly Segment[] {
  if (glob.startsWith('!'))
    throw new GlobSyntaxError(
      'starts with "!", which negates elsewhere; write what should match, or \\! for the character',
    );
  if (glob.startsWith('/'))
    throw new GlobSyntaxError('starts with "/"; paths here are relative to the root of the repository');
  if (glob.endsWith('/')) throw new GlobSyntaxError(`ends with "/"; write ${glob}** for everything in that folder`);
  const names = glob.split('/');
  const segments: Segment[] = [];
  for (const name of names) {
    if (name === '**') {
      if (segments.at(-1) !== 'any-folders') segments.push('any-folders');
    } else segments.push(parseName(name));
  }
  // At the end `**` stands for at least one name: `a/**` is what is in `a`, not `a` itself.
  if (segments.at(-1) === 'any-folders') segments.splice(-1, 0, parseName('*'));
  return segments;
}

function parseName(name: string): readonly Piece[] {
  if (name === '') throw new GlobSyntaxError('has an empty name between two "/"');
  if (name === '.' || name === '..')
    throw new GlobSyntaxError(`has the name "${name}", which no path in a repository has`);
  const pieces: Piece[] = [];
  let source = '';
  let length = 0;
  for (let i = 0; i < name.length;) {
    const end = atomEnd(name, i);
    if (name[i] === '*') {
      pieces.push(compilePiece(source, length));
      source = '';
      length = 0;
    } else {
      source += name.slice(i, end);
      length += 1;
    }
    i = end;
  }
  pieces.push(compilePiece(source, length));
  if (pieces.length - 1 > GLOB_LIMITS.starsPerName) {
    throw new GlobSyntaxError(`has more than ${GLOB_LIMITS.starsPerName} stars in the name ${JSON.stringify(name)}`);
  }
  return pieces;
}

/** End of the atom that starts at `i`: a run of stars, a class, an escaped character or a plain one. Refuses what picomatch reads otherwise. */
function atomEnd(name: string, i: number): number {
  const char = name[i] as string;
  switch (char) {
    case '*':
      if (name[i + 1] === '*')
        throw new GlobSyntaxError(
          'has "**" beside other characters; as a whole name (a/**/b) it means any folders, else write *',
        );
      return i + 1;
    case '\\':
      if (i + 1 === name.length || /[0-9A-Za-z]/.test(name[i + 1] as string)) {
        throw new GlobSyntaxError('has a "\\" that escapes nothing; write / between folders');
      }
      return i + 2;
    case '[':
      return classEnd(name, i);
    case '(':
    case ')':
    case '|':
    case '"':
      throw new GlobSyntaxError(
        `has a plain ${char}, which matchers read in different ways; write \\${char} for the character`,
      );
    case ']':
      throw new GlobSyntaxError('has a "]" without "["; write \\] for the character');
    case '+':
      if (name[i - 1] === ']')
        throw new GlobSyntaxError('has "+" behind a class, which repeats elsewhere; write \\+ for the character');
      return i + 1;
    default:
      return i + 1;
  }
}

function classEnd(name: string, start: number): number {
  const end = name.indexOf(']', start + 1);
  if (end < 0) throw new GlobSyntaxError('has a "[" without "]" in the same name; write \\[ for the character');
  const body = name.slice(start + 1, end).replace(/^[!^]/, '');
  if (!/^[^[\]\\^!"]+$/.test(body)) {
    throw new GlobSyntaxError(`has the class [${body}]; a class holds plain characters and ranges, as in [a-z0-9_]`);
  }
  for (let i = 1; i < body.length - 1; i++) {
    if (body[i] === '-' && (body[i - 1] as string) > (body[i + 1] as string)) {
      throw new GlobSyntaxError(`has the range ${body.slice(i - 1, i + 2)}, whose ends are the wrong way round`);
    }
  }
  return end + 1;
}
