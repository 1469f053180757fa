import { isAscii, isUtf8 } from 'node:buffer';

/** Where an offset is, for people: both count from 1, columns in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Turns byte offsets of one content into places that editors and reports understand. */
export interface LineIndex {
  /**
   * Line and column of a byte offset; `content.length` is a valid offset, what lies outside is clamped.
   * An offset inside a character has that character's column; an offset on a line break belongs to the line which it ends.
   */
  locate(offset: number): Position;
  /**
   * Text of the line that holds `offset`, without its line break. Of a line longer than `maxBytes` only that many bytes around
   * the offset (half before it, characters kept whole): the work is bounded by `maxBytes`, however long the line.
   */
  lineText(offset: number, maxBytes: number): string;
}

/**
 * Distance in bytes of the places that are remembered: a look-up rescans at most this much, and a content of 256 MiB costs at
 * most 16,384 of them.
 */
const BLOCK_BYTES = 16_384;

const LF = 0x0a;
const CR = 0x0d;

/** State of the count just before some byte. `units`: UTF-16 code units since `lineStart`, if the line is UTF-8. */
interface Mark {
  readonly line: number;
  readonly lineStart: number;
  readonly units: number;
}

/**
 * Index over `content`, which must not change meanwhile. Lines end with LF, CR LF or CR. A line that is valid UTF-8 counts in
 * UTF-16 code units, without a byte order mark at the beginning (editors hide it); any other line is taken as latin-1.
 * Nothing is read before the first look-up, and then only up to the furthest offset asked for.
 */
export function createLineIndex(content: Uint8Array): LineIndex {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const hasBom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  // marks[i] is the state before byte i * BLOCK_BYTES; grown as far as a look-up needs
  const marks: Mark[] = [{ line: 1, lineStart: 0, units: 0 }];
  const utf8Lines = new Map<number, boolean>();

  function markBefore(offset: number): Mark {
    const block = Math.floor(offset / BLOCK_BYTES);
    while (marks.length <= block) {
      const from = (marks.length - 1) * BLOCK_BYTES;
      marks.push(advance(bytes, marks[marks.length - 1] as Mark, from, from + BLOCK_BYTES));
    }
    return advance(bytes, marks[block] as Mark, block * BLOCK_BYTES, offset);
  }

  function isUtf8Line(lineStart: number, offset: number): boolean {
    let known = utf8Lines.get(lineStart);
    if (known === undefined) {
      known = isUtf8(bytes.subarray(lineStart, lineEnd(bytes, offset, bytes.length)));
      utf8Lines.set(lineStart, known);
    }
    return known;
  }

  return {
    locate(offset) {
      let at = Math.min(Math.max(offset, 0), bytes.length);
      let mark = markBefore(at);
      // All ASCII so far: a column is a byte, whatever the rest of the line is. Lines may be very long.
      if (mark.units === at - mark.lineStart && !isContinuation(bytes[at]))
        return { line: mark.line, column: mark.units + 1 };
      if (!isUtf8Line(mark.lineStart, at)) return { line: mark.line, column: at - mark.lineStart + 1 };
      if (isContinuation(bytes[at])) {
        do at--;
        while (isContinuation(bytes[at]));
        mark = markBefore(at);
      }
      const bomUnits = hasBom && mark.line === 1 && mark.units > 0 ? 1 : 0;
      return { line: mark.line, column: mark.units - bomUnits + 1 };
    },

    lineText(offset, maxBytes) {
      let at = Math.min(Math.max(offset, 0), bytes.length);
      if (bytes[at] === LF && bytes[at - 1] === CR) at--;
      const start = lineStart(bytes, at, Math.max(0, at - maxBytes));
      const end = lineEnd(bytes, at, Math.min(bytes.length, at + maxBytes));
      let to = Math.min(end, Math.max(start, at - Math.floor(maxBytes / 2)) + maxBytes);
      let from = Math.max(start, to - maxBytes);
      // a cut in the middle of a character would make the window look like latin-1
      if (from > start) for (let i = 0; i < 3 && from < to && isContinuation(bytes[from]); i++) from++;
      if (to < end) to = characterEnd(bytes, from, to);
      const window = bytes.subarray(from, to);
      if (!isUtf8(window)) return window.toString('latin1');
      return window.toString('utf8', from === 0 && hasBom ? Math.min(3, window.length) : 0);
    },
  };
}

/** Moves the count from `from` to `to`, both byte offsets; `mark` is the state before `from`. */
function advance(bytes: Buffer, mark: Mark, from: number, to: number): Mark {
  let { line, lineStart: start } = mark;
  const block = bytes.subarray(from, to);
  // the native searches make one endless line cost a fraction of this loop
  if (block.includes(LF) || block.includes(CR)) {
    for (let i = from; i < to; i++) {
      const byte = bytes[i];
      if (byte === LF || (byte === CR && bytes[i + 1] !== LF)) {
        line++;
        start = i + 1;
      }
    }
  }
  const before = start > from ? 0 : mark.units;
  return { line, lineStart: start, units: before + utf16Units(bytes.subarray(Math.max(start, from), to)) };
}

/** UTF-16 code units of valid UTF-8: one for each lead byte, two for those of four bytes. */
function utf16Units(bytes: Buffer): number {
  if (isAscii(bytes)) return bytes.length;
  let units = 0;
  for (const byte of bytes) {
    if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Start of the line that holds `at`, looking back no further than `limit`. */
function lineStart(bytes: Buffer, at: number, limit: number): number {
  const before = bytes.subarray(limit, at);
  return limit + Math.max(before.lastIndexOf(LF), before.lastIndexOf(CR)) + 1;
}

/** Offset of the line break that ends the line of `at`, or `limit` when there is none before it. */
function lineEnd(bytes: Buffer, at: number, limit: number): number {
  const from = bytes[at] === LF && bytes[at - 1] === CR ? at - 1 : at;
  const lf = bytes.subarray(from, limit).indexOf(LF);
  const cr = bytes.subarray(from, lf < 0 ? limit : from + lf).indexOf(CR);
  return cr >= 0 ? from + cr : lf >= 0 ? from + lf : limit;
}

/** The last offset at or before `to` that does not cut a UTF-8 character. */
function characterEnd(bytes: Buffer, from: number, to: number): number {
  let end = to;
  for (let i = 0; i < 3 && end > from && isContinuation(bytes[end]); i++) end--;
  return isContinuation(bytes[end]) ? to : end;
}
