import { writeSync } from 'node:fs';

const STDERR = 2;
/** A pipe that is full and does not wait is tried again for so long, in milliseconds. */
const PATIENCE_MS = 1_000;
const PAUSE_MS = 10;

/**
 * Writes to standard error, which git shows to the person who pushes. A client that went away, or a pipe that is not read, is no failure: the
 * verdict does not depend on its being heard.
 */
export function printToClient(text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  const end = performance.now() + PATIENCE_MS;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(STDERR, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > end) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
