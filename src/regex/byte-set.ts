/** A set of bytes: 256 flags. Patterns see a latin-1 view, so a character class is a set of bytes. */
export type ByteSet = Uint8Array;

export function emptySet(): ByteSet {
  return new Uint8Array(256);
}

/** The set of the inclusive ranges given as `[low, high, low, high, …]`. */
export function rangeSet(...bounds: readonly number[]): ByteSet {
  const set = emptySet();
  for (let i = 0; i + 1 < bounds.length; i += 2) addRange(set, bounds[i] as number, bounds[i + 1] as number);
  return set;
}

export function addRange(set: ByteSet, low: number, high: number): void {
  for (let byte = Math.max(0, low); byte <= Math.min(255, high); byte++) set[byte] = 1;
}

export function union(into: ByteSet, other: ByteSet): void {
  for (let byte = 0; byte < 256; byte++) if (other[byte] === 1) into[byte] = 1;
}

export function negate(set: ByteSet): ByteSet {
  return set.map((flag) => 1 - flag);
}

/** The bytes in the set, ascending. */
export function members(set: ByteSet): number[] {
  const found: number[] = [];
  for (let byte = 0; byte < 256; byte++) if (set[byte] === 1) found.push(byte);
  return found;
}

// Code points above 0xFF whose simple case folding reaches a latin-1 character (Unicode CaseFolding.txt, the orbits RE2 uses).
const FOLDS_INTO_LATIN1: Readonly<Record<number, readonly number[]>> = {
  0x17f: [0x53, 0x73],
  0x212a: [0x4b, 0x6b],
  0x212b: [0xc5, 0xe5],
  0x39c: [0xb5],
  0x3bc: [0xb5],
  0x178: [0xff],
  0x1e9e: [0xdf],
};

/** Adds to `set` what a case-insensitive match of the code points `low`–`high` accepts among the bytes. */
export function addFolded(set: ByteSet, low: number, high: number): void {
  addRange(set, low, high);
  for (let byte = Math.max(0, low); byte <= Math.min(255, high); byte++) {
    const other = otherCase(byte);
    if (other !== undefined) set[other] = 1;
  }
  for (const [point, bytes] of Object.entries(FOLDS_INTO_LATIN1)) {
    if (Number(point) >= low && Number(point) <= high) for (const byte of bytes) set[byte] = 1;
  }
}

/** The same latin-1 letter in the other case, if it has one within latin-1. */
export function otherCase(byte: number): number | undefined {
  if ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0xc0 && byte <= 0xde && byte !== 0xd7)) return byte + 32;
  if ((byte >= 0x61 && byte <= 0x7a) || (byte >= 0xe0 && byte <= 0xfe && byte !== 0xf7)) return byte - 32;
  return undefined;
}
