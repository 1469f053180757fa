/**
 * UTF-16 and UTF-32 text as UTF-8, so that patterns written for bytes find what it says. Everything else passes as it is: patterns see bytes, so
 * UTF-8, latin-1 and binaries with text in them need no decoding.
 */

export const ENCODINGS = ['bytes', 'utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface DecodedContent {
  readonly bytes: Uint8Array;
  readonly encoding: Encoding;
}

/** Text without a byte order mark is judged by so many of its first bytes. */
const SAMPLE_BYTES = 512;

/** @returns the content itself, not a copy, unless it is UTF-16 or UTF-32 */
export function decodeContent(content: Uint8Array): DecodedContent {
  const encoding = encodingOf(content);
  switch (encoding) {
    case 'bytes':
      return { bytes: content, encoding };
    case 'utf-16le':
    case 'utf-16be':
      return { bytes: fromUtf16(content, encoding === 'utf-16be'), encoding };
    case 'utf-32le':
    case 'utf-32be':
      return { bytes: fromUtf32(content, encoding === 'utf-32be'), encoding };
    default:
      return encoding satisfies never;
  }
}

function encodingOf(content: Uint8Array): Encoding {
  const [a, b, c, d] = content;
  if (content.length < 4 || a === undefined || b === undefined) return 'bytes';
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'utf-32le' : 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return 'utf-32be';
  if (a !== 0 && b !== 0 && c !== 0 && d !== 0) return 'bytes';
  return withoutMark(content);
}

/**
 * Without a mark, UTF-16 of mostly ASCII text has NUL in every other byte, on one side only. Text in other scripts without a mark is taken as
 * bytes: credentials are ASCII, so a file that holds one shows the pattern somewhere, and a sample that does not is more likely a binary.
 */
function withoutMark(content: Uint8Array): Encoding {
  const size = Math.min(content.length & ~1, SAMPLE_BYTES);
  let evenNuls = 0;
  let oddNuls = 0;
  for (let at = 0; at < size; at += 2) {
    if (content[at] === 0) evenNuls++;
    if (content[at + 1] === 0) oddNuls++;
  }
  const pairs = size / 2;
  if (oddNuls >= pairs * 0.7 && evenNuls <= pairs * 0.05) return 'utf-16le';
  if (evenNuls >= pairs * 0.7 && oddNuls <= pairs * 0.05) return 'utf-16be';
  return 'bytes';
}

function fromUtf16(content: Uint8Array, bigEndian: boolean): Uint8Array {
  const even = Buffer.from(content.subarray(0, content.length & ~1));
  if (bigEndian) even.swap16();
  return Buffer.from(even.toString('utf16le'), 'utf8');
}

function fromUtf32(content: Uint8Array, bigEndian: boolean): Uint8Array {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const units = Buffer.alloc((content.length >> 2) * 4);
  let length = 0;
  for (let at = 0; at + 4 <= content.length; at += 4) {
    const point = view.getUint32(at, !bigEndian);
    length += units.write(
      point <= 0x10ffff && (point < 0xd800 || point > 0xdfff) ? String.fromCodePoint(point) : '\ufffd',
      length,
      'utf8',
    );
  }
  return units.subarray(0, length);
}
