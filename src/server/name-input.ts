import { HttpError } from './http-error.ts';

/** Longest name in characters. */
const MAX_NAME_LENGTH = 255;

/** What is wrong with a name that a client gives to something; none: an empty list. It is trimmed already. */
export function checkName(field: string, name: string): HttpError[] {
  const problem =
    name === ''
      ? `${field} is required.`
      : name.length > MAX_NAME_LENGTH
        ? `${field} has ${name.length} characters; at most ${MAX_NAME_LENGTH} are allowed.`
        : /[\p{Cc}\p{Cs}]/u.test(name)
          ? `${field} must not contain control characters.`
          : undefined;
  return problem === undefined ? [] : [new HttpError(400, problem, { context: field })];
}
