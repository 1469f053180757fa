/**
 * Marvin32, the keyed hash by which Microsoft's services mark the keys they issue, folded to 32 bits. The seed is 64 bits.
 * Source: SymCrypt's published algorithm and test vectors, and microsoft/security-utilities, which uses it for keys.
 */
export function marvin32(bytes: Uint8Array, seed: bigint): number {
  const state = { low: Number(seed & 0xffffffffn) | 0, high: Number(seed >> 32n) | 0 };
  const whole = bytes.length - (bytes.length % 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < whole; i += 4) mix(state, view.getInt32(i, true));
  // What is left over, closed by a byte 0x80.
  let last = 0x80;
  for (let i = bytes.length - 1; i >= whole; i--) last = (last << 8) | (bytes[i] as number);
  mix(state, last);
  mix(state, 0);
  return (state.low ^ state.high) >>> 0;
}

/** The seed of a kind of key: its eight ASCII characters as one number, first character most significant. */
export function marvinSeed(kind: string): bigint {
  return Buffer.from(kind, 'latin1').readBigUInt64BE(0);
}

function mix(state: { low: number; high: number }, word: number): void {
  let { low, high } = state;
  low = (low + word) | 0;
  high ^= low;
  low = ((rotate(low, 20) | 0) + high) | 0;
  high = rotate(high, 9) ^ low;
  low = (rotate(low, 27) + high) | 0;
  high = rotate(high, 19);
  state.low = low;
  state.high = high;
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
