/** What the databases' errors mean to whoever runs the server. Errors of single statements (a name that is taken) pass as they are. */
import { LeakgateError } from '../model/errors.ts';

/** The error to throw for one that a database or its driver threw. */
export function storeError(error: unknown): unknown {
  if (error instanceof LeakgateError) return error;
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  // The driver's own errors have no code.
  if (code === undefined && typeof message === 'string' && CUT.test(message))
    return new LeakgateError('STORE_FAILED', 'the connection to PostgreSQL was cut, or could not be made in time', {
      cause: error,
    });
  if (typeof code !== 'string') return error;
  if (FULL.has(code))
    return new LeakgateError(
      'STORE_FULL',
      'there is no space left for the database; nothing of this change was kept. Make room on its disk, then try again',
      { cause: error },
    );
  const reason = Object.entries(REASONS).find(([start]) => code.startsWith(start))?.[1];
  return reason === undefined
    ? error
    : new LeakgateError('STORE_FAILED', `${reason} (${code})`, { cause: withoutAddress(error) });
}

const FULL: ReadonlySet<string> = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC', 'EDQUOT', '53100']);

const CUT =
  /^Connection terminated|^Client has encountered a connection error|^Client was closed|^timeout e(?:xpired|xceeded)/;

/** By the beginning of the code. SQLite's names, PostgreSQL's SQLSTATEs, the system's. */
const REASONS: Readonly<Record<string, string>> = {
  SQLITE_BUSY: 'another process keeps the database busy; try again; `fuser` names it',
  SQLITE_LOCKED: 'the database is busy; try again',
  SQLITE_CORRUPT: 'the database file is damaged; restore it from a backup',
  SQLITE_NOTADB: 'the file is no SQLite database, or is damaged',
  SQLITE_READONLY: 'the database cannot be written: look at the owner and the mode of the file and its folder',
  SQLITE_CANTOPEN: 'the database file cannot be opened: look at the path, and at the owner and the mode of the folder',
  SQLITE_PERM: 'the database file cannot be opened: look at its owner and mode',
  SQLITE_IOERR: 'the disk of the database failed to read or write',
  ECONNREFUSED: 'PostgreSQL does not answer there; is it running?',
  ECONNRESET: 'PostgreSQL closed the connection',
  EPIPE: 'PostgreSQL closed the connection',
  ETIMEDOUT: 'PostgreSQL does not answer in time',
  ENOTFOUND: 'the host name of the PostgreSQL URL is not known',
  EAI_AGAIN: 'the host name of the PostgreSQL URL cannot be looked up now',
  ENOENT: 'the database is not there',
  '08': 'the connection to PostgreSQL failed',
  '28': 'PostgreSQL refuses this user or password',
  '3D000': 'PostgreSQL has no database of that name; create it first',
  '42501': 'this PostgreSQL user may not do that; it needs to own its database',
  '53': 'PostgreSQL is out of a resource',
  '57P0': 'PostgreSQL is starting up or going down',
};

/** Messages of network errors hold addresses, and those of several attempts none at all. */
function withoutAddress(error: unknown): unknown {
  return error instanceof AggregateError ? error.errors[0] : error;
}
