import { LeakgateError } from '../model/errors.ts';
import type { Oid } from '../model/oid.ts';
import { oidLength, type ObjectFormat } from './repository.ts';

/** Object ids as git's `--stdin` options read them: hex and a line feed each, so that id `i` starts at byte `i * width`. */
export interface OidLines {
  readonly bytes: Buffer;
  readonly count: number;
  /** Bytes of one line. */
  readonly width: number;
}

/** Brings ids into the form git reads. A Buffer is taken to be in it already: half a million ids travel that way without becoming strings. */
export function toOidLines(oids: Uint8Array | readonly Oid[], format: ObjectFormat): OidLines {
  const width = oidLength(format) + 1;
  const bytes =
    oids instanceof Uint8Array
      ? Buffer.from(oids.buffer, oids.byteOffset, oids.byteLength)
      : Buffer.from(oids.map((oid) => `${oid}\n`).join(''), 'latin1');
  if (bytes.length % width !== 0 || (bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a)) {
    throw new LeakgateError('INTERNAL', `expected lines of ${width - 1} hex digits, got ${bytes.length} bytes`);
  }
  return { bytes, count: bytes.length / width, width };
}

/** The id on line `index`. */
export function oidAt(lines: OidLines, index: number): Oid {
  return lines.bytes.toString('latin1', index * lines.width, (index + 1) * lines.width - 1) as Oid;
}

/** The lines from `index` on, without copying. */
export function linesFrom(lines: OidLines, index: number): OidLines {
  return { bytes: lines.bytes.subarray(index * lines.width), count: lines.count - index, width: lines.width };
}
