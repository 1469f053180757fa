import { LeakgateError } from '../model/errors.ts';

/** Runs an insert or update; when it hurts a unique index, the error says what is taken instead of which index. */
export async function orTaken<T>(message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error)) throw new LeakgateError('NAME_TAKEN', message, { cause: error });
    throw error;
  }
}

/** SQLite's extended codes and PostgreSQL's SQLSTATE. */
function isUniqueViolation(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY' || code === '23505';
}
