import { LeakgateError } from '../model/errors.ts';

/** A pack's index (`.idx`, version 2): sorted object ids and where in the pack each one lies. */
export interface PackIndex {
  readonly count: number;
  /** Offset in the pack of the object whose id is the `hashBytes` bytes at `at` of `ids`; -1 when the pack does not have it. */
  offsetOf(ids: Uint8Array, at: number): number;
}

const MAGIC = 0xff744f63;
const FANOUT_AT = 8;
const IDS_AT = FANOUT_AT + 256 * 4;
/** Set in a 4-byte offset that is an index into the table of 8-byte offsets (packs over 2 GiB). */
const LARGE = 0x80000000;

/** Parses an index file. Layout: gitformat-pack(5), "Version 2 pack-*.idx files". */
export function parsePackIndex(file: Buffer, hashBytes: 20 | 32): PackIndex {
  if (file.length < IDS_AT || file.readUInt32BE(0) !== MAGIC || file.readUInt32BE(4) !== 2) throw damaged();
  const count = file.readUInt32BE(FANOUT_AT + 255 * 4);
  const offsetsAt = IDS_AT + count * (hashBytes + 4);
  const largeAt = offsetsAt + count * 4;
  if (file.length < largeAt) throw damaged();

  function compare(index: number, ids: Uint8Array, at: number): number {
    const own = IDS_AT + index * hashBytes;
    for (let i = 0; i < hashBytes; i++) {
      const difference = (file[own + i] as number) - (ids[at + i] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  function offsetAt(index: number): number {
    const offset = file.readUInt32BE(offsetsAt + index * 4);
    if (offset < LARGE) return offset;
    const large = largeAt + (offset - LARGE) * 8;
    if (large + 8 > file.length) throw damaged();
    return file.readUInt32BE(large) * 2 ** 32 + file.readUInt32BE(large + 4);
  }

  return {
    count,
    offsetOf(ids, at) {
      const first = ids[at] as number;
      let low = first === 0 ? 0 : file.readUInt32BE(FANOUT_AT + (first - 1) * 4);
      let high = Math.min(file.readUInt32BE(FANOUT_AT + first * 4), count);
      while (low < high) {
        const middle = (low + high) >>> 1;
        const order = compare(middle, ids, at);
        if (order === 0) return offsetAt(middle);
        if (order < 0) low = middle + 1;
        else high = middle;
      }
      return -1;
    },
  };
}

function damaged(): LeakgateError {
  return new LeakgateError('GIT_FAILED', 'it is not a pack index of version 2');
}
