/**
 * The server's log: JSON, one line an event, on stderr. It holds no credentials, no cookies and no bodies, and of errors what helps to find the
 * cause: databases put values into the details of theirs.
 */
import { pino, stdTimeFunctions, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { maskTokens } from './mask-tokens.ts';

/** @param stream where it goes; default: stderr. @param more of pino's options */
export function createLog(stream?: DestinationStream, level = 'info', more: LoggerOptions = {}): Logger {
  const options = {
    ...more,
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    redact: {
      paths: ['authorization', 'cookie', 'password', 'secret', 'token', 'body', 'headers'].flatMap((name) => [
        name,
        `*.${name}`,
        `*.*.${name}`,
      ]),
      censor: '[not logged]',
    },
  };
  return pino(options, stream ?? pino.destination({ dest: 2, sync: false }));
}

/** Type, code, message and where; nothing else that hangs on an error. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: maskTokens(String(error)) };
  const { code } = error as { readonly code?: unknown };
  return {
    type: error.name,
    message: maskTokens(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: maskTokens(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
