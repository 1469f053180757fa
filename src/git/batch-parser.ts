/**
 * Parser of what `git cat-file --batch` prints. Whole histories (gigabytes) pass through here, so bytes are read straight into this
 * parser's buffer, objects are handed out as views of it, and nothing is allocated but the view and the id.
 *
 *     read into parser.space(), then parser.take(bytesRead), until the stream ends
 */
import { LeakgateError } from '../model/errors.ts';
import type { Unread } from '../model/coverage.ts';
import type { Oid } from '../model/oid.ts';

export type GitObjectType = 'blob' | 'tree' | 'commit' | 'tag';

export interface ObjectHandler {
  /** One whole object. `content` is a view into a buffer that is used again: valid only until this returns. */
  object(oid: Oid, type: GitObjectType, content: Buffer): void;
  /** An object that was asked for and not handed out, and why. */
  unread(unread: Unread): void;
}

const LF = 0x0a;
const SPACE = 0x20;
/** First capacity: holds most objects whole and stays in the processor's cache. It grows to the largest object that is let through. */
const FIRST_CAPACITY = 512 << 10;
/** Below this much free room, what is left of the buffer is moved to its start: short reads cost more than the move. */
const MIN_SPACE = 64 << 10;
/** `<64 hex> SP commit SP <20 digits>`; more without a line feed is not git's. */
const MAX_HEADER = 96;

export class BatchParser {
  /** How many answers have been dealt with whole. When git ends early, this is the index of the one it died on. */
  answered = 0;
  readonly #handler: ObjectHandler;
  readonly #hexDigits: number;
  readonly #maxBytes: number;
  #buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #start = 0;
  #end = 0;
  /** Bytes of a too large object, its line feed included, that are still to come and are thrown away. */
  #toSkip = 0;

  constructor(handler: ObjectHandler, hexDigits: number, maxBytes: number) {
    this.#handler = handler;
    this.#hexDigits = hexDigits;
    this.#maxBytes = maxBytes;
  }

  /** Whether the answer being read has been reported as too large already. */
  get skipping(): boolean {
    return this.#toSkip > 0;
  }

  /** Where the next bytes are to be written; never empty. */
  space(): Buffer {
    return this.#buffer.subarray(this.#end);
  }

  /** Takes note of `count` bytes written to `space()` and hands out every object that is complete now. */
  take(count: number): void {
    this.#end += count;
    let needed = 0;
    while (this.#start < this.#end) {
      if (this.#toSkip > 0) this.#skip();
      else if ((needed = this.#takeObject()) > 0) break;
    }
    this.#makeRoom(needed);
  }

  /** Forgets a started answer; used before the output of another git process. */
  reset(): void {
    this.#start = 0;
    this.#end = 0;
    this.#toSkip = 0;
  }

  // Returns 0 when an answer was taken, else how many bytes from #start on are needed to go on.
  #takeObject(): number {
    const buffer = this.#buffer;
    const start = this.#start;
    const typeAt = start + this.#hexDigits + 1;
    const lineEnd = findLineEnd(buffer, typeAt, Math.min(this.#end, start + MAX_HEADER));
    if (lineEnd === -1) {
      if (this.#end - start >= MAX_HEADER) throw this.#notUnderstood();
      return MAX_HEADER;
    }
    if (buffer[typeAt - 1] !== SPACE) throw this.#notUnderstood();
    const oid = buffer.toString('latin1', start, typeAt - 1) as Oid;
    const type = typeOf(buffer, typeAt);
    if (type === undefined) {
      if (buffer.toString('latin1', typeAt, lineEnd) !== 'missing') throw this.#notUnderstood();
      this.#start = lineEnd + 1;
      this.answered += 1;
      this.#handler.unread({ reason: 'missing', what: oid });
      return 0;
    }
    const size = parseSize(buffer, typeAt + type.length, lineEnd);
    if (size < 0) throw this.#notUnderstood();
    const contentEnd = lineEnd + 1 + size;
    if (size > this.#maxBytes) {
      this.#start = lineEnd + 1;
      this.#toSkip = size + 1;
      this.#handler.unread({ reason: 'too-large', what: oid, detail: `${type} of ${size} bytes` });
      return 0;
    }
    if (contentEnd >= this.#end) return contentEnd + 1 - start;
    if (buffer[contentEnd] !== LF) throw this.#notUnderstood();
    this.#start = contentEnd + 1;
    this.answered += 1;
    this.#handler.object(oid, type, buffer.subarray(lineEnd + 1, contentEnd));
    return 0;
  }

  #skip(): void {
    const count = Math.min(this.#toSkip, this.#end - this.#start);
    this.#start += count;
    this.#toSkip -= count;
    if (this.#toSkip === 0) this.answered += 1;
  }

  #makeRoom(needed: number): void {
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
    const fits = this.#start + needed <= this.#buffer.length;
    if (fits && this.#buffer.length - this.#end >= MIN_SPACE) return;
    const target =
      needed + MIN_SPACE <= this.#buffer.length
        ? this.#buffer
        : Buffer.allocUnsafeSlow(Math.max(needed + MIN_SPACE, this.#buffer.length * 2));
    this.#buffer.copy(target, 0, this.#start, this.#end);
    this.#buffer = target;
    this.#end -= this.#start;
    this.#start = 0;
  }

  #notUnderstood(): LeakgateError {
    return new LeakgateError(
      'GIT_FAILED',
      `git cat-file printed something that is not understood after ${this.answered} objects`,
    );
  }
}

function findLineEnd(buffer: Buffer, from: number, end: number): number {
  for (let i = from; i < end; i++) if (buffer[i] === LF) return i;
  return -1;
}

function typeOf(buffer: Buffer, at: number): GitObjectType | undefined {
  switch (buffer[at]) {
    case 0x62:
      return 'blob';
    case 0x63:
      return 'commit';
    case 0x74:
      return buffer[at + 1] === 0x72 ? 'tree' : 'tag';
    default:
      return undefined;
  }
}

// ` <digits>` up to `end`; -1 when it is anything else.
function parseSize(buffer: Buffer, at: number, end: number): number {
  if (buffer[at] !== SPACE || at + 1 >= end) return -1;
  let size = 0;
  for (let i = at + 1; i < end; i++) {
    const digit = (buffer[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    size = size * 10 + digit;
  }
  return size;
}
