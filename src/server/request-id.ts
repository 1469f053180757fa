import { randomBytes } from 'node:crypto';

const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 24 * 60;

/**
 * Makes request ids as Bitbucket writes them: `@<process>x<minute of the day>x<count>x0`. They go into the log and back to the client
 * (`X-AREQUESTID`); one that a client sends is never taken over.
 */
export function createRequestIds(now: () => number): () => string {
  const process = randomBytes(4).toString('hex').slice(0, 6).toUpperCase();
  let count = 0;
  return () => {
    count += 1;
    return `@${process}x${Math.floor(now() / MINUTE_MS) % MINUTES_PER_DAY}x${count}x0`;
  };
}
