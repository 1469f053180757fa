/**
 * Globs on paths, safe to take from a repository. A subset of picomatch's language with the same meaning:
 *
 *     compileGlob('src/*.{js,ts}')('src/b.ts')   // true
 *
 * - `?` one character, `*` any run of characters, `[a-z]` / `[!a-z]` one of a class: all within one folder or file name
 * - `**` as a whole segment: any number of folders; at the end: everything below, at least one name
 * - `{a,b}` either; `\*` the character itself
 * - hidden names (`.github`) are names like any other, case counts, and a pattern is held against the whole path
 *
 * picomatch alone would turn a glob into a backtracking RegExp, which `*a*a*a*b` keeps busy for minutes. Here picomatch translates
 * only the pieces between stars, which have no repetition; stars are matched by a loop whose steps grow with glob length times path length.
 */
import { GlobSyntaxError } from './glob-limits.ts';
import { matchSegments } from './match-segments.ts';
import { parseGlob } from './parse-glob.ts';

/**
 * Compiles a glob. The path given to the result has `/` between names and none at either end.
 * @throws Error that says what is wrong, exactly when `globProblem` finds something.
 */
export function compileGlob(glob: string): (path: string) => boolean {
  const alternatives = parseGlob(glob);
  return (path) => {
    const names = path.split('/');
    return alternatives.some((segments) => matchSegments(segments, names));
  };
}

/** What is wrong with a glob and how to write it instead; `undefined` when it is fine. */
export function globProblem(glob: string): string | undefined {
  try {
    parseGlob(glob);
    return undefined;
  } catch (error) {
    if (error instanceof GlobSyntaxError) return error.message;
    throw error;
  }
}
