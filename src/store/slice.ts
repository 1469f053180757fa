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

/** Whether a column contains a text, capital or small. Letters beyond ASCII are compared as they are: that is what both databases can. */
export function contains(column: Expression<string>, text: string): Expression<SqlBool> {
  const pattern = `%${lower(text).replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
  return sql<SqlBool>`lower(${column}) like ${pattern} escape '\\'`;
}

/** A name without regard to case, as the databases' own `lower` has it. */
export function lower(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
