import type { Readable } from 'node:stream';
import type { Finding } from '../model/finding.ts';
import { createContentScanner } from './content-scanner.ts';
import { addUnread, tooManyFindings } from './coverage-tally.ts';
import { toFindings, type ScanContext } from './scan-context.ts';
import { scanStream, type Fill } from './scan-stream.ts';
import type { ScanTarget } from './scan-target.ts';

/** Path of findings where standard input was given no name. */
export const STDIN_NAME = 'stdin';

/** Scans a stream to its end, however long it is. */
export async function scanStdin(
  target: Extract<ScanTarget, { kind: 'stdin' }>,
  context: ScanContext,
): Promise<Finding[]> {
  const { settings, stop, tally, judge, progress } = context;
  const path = target.name ?? STDIN_NAME;
  const { fill, close } = readFrom(target.stream, stop.signal, (bytes) => progress.add(0, bytes));
  try {
    const found = await scanStream(fill, createContentScanner(settings), {
      kind: 'stdin',
      object: 0,
      maxFindings: settings.maxFindingsPerBlob,
      signal: stop.signal,
    });
    tally.bytes += found.bytes;
    const reason = stop.reason();
    if (reason !== undefined) addUnread(tally.unread, { reason, what: path, detail: `after ${found.bytes} bytes` });
    else tally.blobs += 1;
    if (found.undecoded)
      addUnread(tally.unread, {
        reason: 'too-large',
        what: path,
        detail: 'UTF-16 or UTF-32 text of this length is scanned as bytes only',
      });
    if (found.dropped > 0) addUnread(tally.unread, tooManyFindings(path, found.dropped));
    const place = target.name === undefined ? {} : { path: target.name };
    const located = found.findings.flatMap((raw) => {
      const { suppression } = judge.judge(raw, place);
      return suppression === 'not-applicable'
        ? []
        : [{ raw, path, preExisting: false, ...(suppression === undefined ? {} : { suppression }) }];
    });
    return toFindings(located, context);
  } finally {
    close();
  }
}

/** Reads a stream by request. What arrives after the signal is not waited for. */
function readFrom(
  stream: Readable,
  signal: AbortSignal,
  onBytes: (count: number) => void,
): { fill: Fill; close(): void } {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>;
  let rest: Buffer = Buffer.alloc(0);
  let ended = false;
  return {
    async fill(into) {
      let filled = 0;
      while (filled < into.length) {
        if (rest.length === 0) {
          const next = ended ? undefined : await unlessAborted(chunks.next(), signal);
          if (next === undefined || next.done === true) {
            ended = true;
            break;
          }
          rest = typeof next.value === 'string' ? Buffer.from(next.value) : next.value;
          onBytes(rest.length);
        }
        const count = rest.copy(into, filled);
        rest = rest.subarray(count);
        filled += count;
      }
      return filled;
    },
    close: () => void stream.destroy(),
  };
}

/** Undefined once the signal is aborted. No `Promise.race` with one long promise: that would hold on to everything read so far. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const abort = (): void => resolve(undefined);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
