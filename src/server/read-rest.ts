/**
 * Reads what is left of a request's body before it is answered.
 *
 * A refusal (too large, no right, unknown type) is known before the body was read. Closing the connection then, as 413 and every client that said
 * `Connection: close` ask for, makes the kernel reset it: the client, still writing, sees a broken pipe and never the answer. RFC 9112, section 9.6.
 */
import type { IncomingMessage } from 'node:http';

/** What a client may go on sending until it is answered all the same, in milliseconds. nginx waits as long between two reads of its lingering close. */
const PATIENCE_MS = 5000;

/** Resolves when there is nothing left to read, when the client is gone, or when it has been given time enough. Nothing is kept. */
export function readRest(request: IncomingMessage, patience = PATIENCE_MS): Promise<void> {
  if (!hasBody(request) || request.readableEnded || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      request.off('end', done).off('close', done).off('error', done);
      resolve();
    };
    const timer = setTimeout(done, patience);
    request.on('end', done).on('close', done).on('error', done);
    request.unpipe();
    request.resume();
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
