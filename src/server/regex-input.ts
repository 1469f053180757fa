/**
 * Regular expressions that come in through the interfaces. All of them run on RE2, whichever engine their author had in mind: what RE2 does not
 * have is refused where it is sent in, by name, and not met in the middle of a scan.
 */
import { translatePattern } from '../regex/foreign-syntax.ts';
import type { ForeignPattern } from '../regex/foreign-syntax.ts';
import { compilePattern } from '../regex/pattern.ts';
import { HttpError } from './http-error.ts';
import { storedPatternProblem } from './usable-pattern.ts';

/** Longest one in characters: longer ones nobody can review. */
export const MAX_REGEX_LENGTH = 2000;

/** What is wrong with a regular expression, as the rest of a sentence that starts with its field; `undefined` when nothing is. */
export function regexProblem(pattern: ForeignPattern): string | undefined {
  const { source } = pattern;
  if (source.length > MAX_REGEX_LENGTH)
    return `has ${source.length} characters; at most ${MAX_REGEX_LENGTH} are allowed`;
  if (/[\0\p{Cs}]/u.test(source)) return 'has a character that cannot be stored; write \\x00 for a zero byte';
  try {
    compilePattern(translatePattern(pattern));
    const problem = storedPatternProblem(pattern);
    return problem === undefined ? undefined : `cannot be used: ${problem}`;
  } catch (error) {
    // The engine counts characters of the translation.
    const message = (error as Error).message.replace(/ \(at character \d+ of the pattern\)$/, '');
    const glob = source.startsWith('*')
      ? ' (this is a regular expression: for the file name pattern *.pem write \\.pem$)'
      : '';
    return `is not a valid regular expression: ${message}${glob}`;
  }
}

/** The problem as what the client is told; none: an empty list. */
export function checkRegex(field: string, pattern: ForeignPattern): HttpError[] {
  const problem = regexProblem(pattern);
  return problem === undefined ? [] : [new HttpError(400, `${field} ${problem}.`, { context: field })];
}
