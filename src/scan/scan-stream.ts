/**
 * Content of any length in bounded memory: a window moves over it, and what lies across a border is in two of them and counted in one.
 */
import { decodeContent } from '../detect/decode.ts';
import type { FindingKind } from '../model/finding.ts';
import { createLineIndex, type Position } from '../model/line-index.ts';
import { rebasePosition, type ContentScanner } from './content-scanner.ts';
import type { RawFinding } from './raw-finding.ts';

/** What is held of a content that is longer. */
export const WINDOW_BYTES = 32 << 20;
/**
 * Longest match (64 KiB, detect/compile-ruleset.ts): a match that starts before the last `REACH` bytes of a window ends in it, and what
 * comes before one that starts after the first `REACH` bytes is in the window too.
 */
const REACH = 65_536;

/** Fills `into` from its start and returns how many bytes; less than its length only at the end. */
export type Fill = (into: Buffer) => Promise<number> | number;

export interface StreamFindings {
  readonly findings: readonly RawFinding[];
  readonly dropped: number;
  readonly bytes: number;
  /** Longer than a window and in an encoding that only the whole of it can be decoded from: it was scanned as bytes. */
  readonly undecoded: boolean;
  /** Stopped before its end. */
  readonly stopped: boolean;
}

export async function scanStream(
  fill: Fill,
  scanner: ContentScanner,
  options: {
    readonly kind: FindingKind;
    readonly object: number;
    readonly maxFindings: number;
    readonly signal: AbortSignal;
    readonly windowBytes?: number;
  },
): Promise<StreamFindings> {
  const { kind, object, maxFindings, signal } = options;
  const window = Buffer.allocUnsafeSlow(options.windowBytes ?? WINDOW_BYTES);
  let filled = await fill(window);
  let bytes = filled;
  if (filled < window.length) {
    return { ...scanner.scan(window.subarray(0, filled), kind, object), bytes, undecoded: false, stopped: false };
  }
  const undecoded = decodeContent(window.subarray(0, 4096)).encoding !== 'bytes';
  const findings: RawFinding[] = [];
  let dropped = 0;
  let base: Position = { line: 1, column: 1 };
  let from = 0;
  for (;;) {
    const last = filled < window.length;
    const content = window.subarray(0, filled);
    const index = createLineIndex(content);
    const to = last ? filled : filled - REACH;
    const found = scanner.scanPiece({ content, index, base, from, to }, kind, object);
    const room = maxFindings - findings.length;
    findings.push(...found.findings.slice(0, room));
    dropped += found.dropped + Math.max(0, found.findings.length - room);
    if (last || signal.aborted) return { findings, dropped, bytes, undecoded, stopped: !last };
    let cut = filled - 2 * REACH;
    while (((content[cut] as number) & 0xc0) === 0x80 && cut > filled - 2 * REACH - 3) cut--;
    base = rebasePosition(index.locate(cut), base);
    window.copyWithin(0, cut, filled);
    from = to - cut;
    filled -= cut;
    const more = await fill(window.subarray(filled));
    bytes += more;
    filled += more;
  }
}
