import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** Different texts of statements the server has; beyond it the one unused for longest goes. */
const STATEMENTS = 500;
/** Longer ones insert many rows at once and are seldom seen twice. */
const LONGEST = 10_000;

/**
 * Keeps prepared statements: Kysely prepares each query anew, which takes SQLite longer than most of them take to run. One connection runs one
 * statement at a time, to its end, so none is asked for while it is in use.
 */
export function withStatementCache(file: SqliteDatabase): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    prepare(text) {
      if (text.length > LONGEST) return file.prepare(text);
      const statement = prepared.get(text) ?? file.prepare(text);
      // Last used last.
      prepared.delete(text);
      prepared.set(text, statement);
      for (const oldest of prepared.keys()) {
        if (prepared.size <= STATEMENTS) break;
        prepared.delete(oldest);
      }
      return statement;
    },
    close: () => file.close(),
  };
}
