import type { Writable } from 'node:stream';
import { LeakgateError } from '../model/errors.ts';

/** Characters that are gathered before a write: small enough to keep memory flat, large enough to make few system calls. */
const CHUNK_CHARACTERS = 65_536;

/** Errors that mean "nobody reads any more". */
const READER_GONE = new Set(['EPIPE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']);

/** Writes pieces one after another, each chunk only when the one before it has left; does not end the stream. */
export async function writePieces(pieces: Iterable<string>, out: Writable): Promise<void> {
  // a failed write also raises `error` on the stream, after its callback: without a listener that would end the process
  const ignore = (): void => {};
  out.on('error', ignore);
  for (const chunk of toChunks(pieces)) {
    const failure = await write(out, chunk);
    if (failure === undefined) continue;
    if (READER_GONE.has(failure.code ?? '')) return;
    throw new LeakgateError('OUTPUT_FAILED', `the report could not be written: ${failure.message}`, { cause: failure });
  }
  out.off('error', ignore);
}

/** Joins pieces to chunks worth writing. */
export function* toChunks(pieces: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

function write(out: Writable, chunk: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    out.write(chunk, (error) => resolve(error ?? undefined));
  });
}
