/**
 * A memory for the search for candidates. Versions of a file repeat each other, and in a whole history nine bytes of ten have been searched before.
 *
 * The module (assembly/repeats.ts) keeps pieces of content in a ring. It looks the starts of lines up in a table of places in the ring, compares
 * the bytes there with those at hand, and does not run the literal automaton through what is the same. What it takes from the ring is not that
 * the text was clean, but where it must be looked at: each byte of the ring has a bit, a note. A place where a literal ends has none only if
 * every walk behind that literal said no within a few bytes. Such an answer depends on the longest literal and one byte before, and on those
 * few bytes behind; wherever all of these are the same, the answer is. All else is done as without the memory:
 *
 * - at noted places of known text literals and walks are checked anew, in the content at hand, so candidates are never remembered;
 * - the first and last bytes of known text, whose surroundings may differ, are searched like unknown text;
 * - where pieces meet in the ring, everything is noted, so a text across two of them is worth no more than unknown text.
 *
 * Hashes only say where to compare, so nobody can craft content that is passed over. The cost is bounded as well: a comparison in vain moves the
 * search on by as much as it compared, and a piece that is nearly all known is not kept, so that the ring holds more different text.
 */
export interface RepeatSizes {
  /** Text kept, in bytes; the notes take an eighth more. */
  readonly ringBytes: number;
  /** Base-two logarithm of the number of places in the table; each takes 8 bytes. */
  readonly anchorBits: number;
  /** Known text is passed over when it saves searching so many bytes. */
  readonly gain: number;
  /** A piece is kept when more than one byte in so many had to be searched. */
  readonly keepShare: number;
  /** Content is taken in pieces of this size. */
  readonly pieceBytes: number;
}

/**
 * 38 MiB of memory for each matcher. On eslint's history this leaves 27 % of all bytes to be searched, half as much memory 32 %, twice as much 23 %
 * at no less time: the table then no longer fits the caches.
 */
export const REPEATS: RepeatSizes = {
  ringBytes: 32 << 20,
  anchorBits: 18,
  gain: 64,
  keepShare: 4,
  pieceBytes: 256 * 1024,
};

/** Bytes of an anchor, as in assembly/repeats.ts: anchors looked up are so far apart at least. */
const ANCHOR = 32;

/**
 * Where the memory's tables lie from `start` on.
 * @param largest most bytes of a piece with what is loaded around it
 * @returns the arguments of the module's `configureRepeats`, and where the tables end
 */
export function layOutRepeats(
  sizes: RepeatSizes,
  data: number,
  start: number,
  largest: number,
): { readonly settings: readonly number[]; readonly end: number } {
  const ringBytes = align(Math.max(sizes.ringBytes, largest));
  const notes = align(start);
  const pending = align(notes + (largest >>> 3) + 8);
  const ring = align(pending + 12 * (Math.ceil(sizes.pieceBytes / ANCHOR) + 1));
  const ringNotes = ring + ringBytes;
  const slots = align(ringNotes + (ringBytes >>> 3) + 8);
  return {
    settings: [data, notes, pending, ring, ringBytes, ringNotes, slots, sizes.anchorBits, sizes.gain, sizes.keepShare],
    end: slots + (8 << sizes.anchorBits),
  };
}

function align(address: number): number {
  return (address + 63) & ~63;
}
