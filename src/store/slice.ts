/** What lists share: the part that is asked for, and the search for a text in a name. Both databases answer alike. */
import { sql } from 'kysely';
import type { Expression, SqlBool } from 'kysely';

/** Part of a list. Lists give one row more than `limit` when there is a next part, so that nobody has to count. */
export interface Slice {
  readonly start: number;
  readonly limit: number;
}

/** Everything, for lists that are short by nature. */
export const ALL: Slice = { start: 0, limit: 2 ** 31 };

/** Letters beyond ASCII of a search that are compared without regard to case; a search for more different ones is no word any more. */
const MAX_LETTERS = 64;

/**
 * Whether a column contains a text, capital or small. What `lower` does beyond ASCII differs between the databases and with their locale, so those
 * letters of the text that have two forms are made small in the column one by one.
 */
export function contains(column: Expression<string>, text: string): Expression<SqlBool> {
  const letters = new Map<string, string>();
  const small = Array.from(lower(text), (letter) => {
    const pair = caseOf(letter);
    if (pair === undefined || (!letters.has(pair.small) && letters.size >= MAX_LETTERS)) return letter;
    letters.set(pair.small, pair.capital);
    return pair.small;
  }).join('');
  let folded = sql<string>`lower(${column})`;
  for (const [letter, capital] of letters) folded = sql<string>`replace(${folded}, ${capital}, ${letter})`;
  const pattern = `%${small.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
  return sql<SqlBool>`${folded} like ${pattern} escape '\\'`;
}

/** Both forms of a letter beyond ASCII, if each is the other's: ß has none. */
function caseOf(letter: string): { readonly small: string; readonly capital: string } | undefined {
  const [small, capital] = [letter.toLowerCase(), letter.toUpperCase()];
  const isPair = small !== capital && small.toUpperCase() === capital && capital.toLowerCase() === small;
  // Others become another letter when they change: the Kelvin sign a k.
  return isPair && letter > '\u007f' && [small, capital].includes(letter) ? { small, capital } : undefined;
}

/** A name without regard to case, as the databases' own `lower` has it. */
export function lower(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
