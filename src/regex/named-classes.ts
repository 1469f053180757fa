/** Classes that patterns call by name, as the sets of bytes they accept in a latin-1 view. Source of the names: RE2's `doc/syntax.txt`. */
import { addFolded, emptySet, negate, rangeSet, type ByteSet } from './byte-set.ts';

const DIGIT = rangeSet(0x30, 0x39);
const WORD = rangeSet(0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a);
// RE2's \s has no vertical tab: [\t\n\f\r ].
const SPACE = rangeSet(0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20);
const PERL_CLASSES: Readonly<Record<string, ByteSet>> = { d: DIGIT, w: WORD, s: SPACE };
const POSIX_CLASSES: Readonly<Record<string, ByteSet>> = {
  alnum: rangeSet(0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a),
  alpha: rangeSet(0x41, 0x5a, 0x61, 0x7a),
  ascii: rangeSet(0x00, 0x7f),
  blank: rangeSet(0x09, 0x09, 0x20, 0x20),
  cntrl: rangeSet(0x00, 0x1f, 0x7f, 0x7f),
  digit: DIGIT,
  graph: rangeSet(0x21, 0x7e),
  lower: rangeSet(0x61, 0x7a),
  print: rangeSet(0x20, 0x7e),
  punct: rangeSet(0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e),
  space: rangeSet(0x09, 0x0d, 0x20, 0x20),
  upper: rangeSet(0x41, 0x5a),
  word: WORD,
  xdigit: rangeSet(0x30, 0x39, 0x41, 0x46, 0x61, 0x66),
};

/** `\d \w \s`, and in capitals what they leave out; `undefined` for any other letter. */
export function perlClass(letter: string): ByteSet | undefined {
  const set = PERL_CLASSES[letter.toLowerCase()];
  return set === undefined || letter === letter.toLowerCase() ? set : negate(set);
}

/** `[:alpha:]` and its like; `undefined` where there is none of that name. */
export function posixClass(name: string, folded: boolean): ByteSet | undefined {
  const set = Object.hasOwn(POSIX_CLASSES, name) ? POSIX_CLASSES[name] : undefined;
  return set !== undefined && folded ? fold(set) : set;
}

/** `\pL`, `\p{Greek}`: the latin-1 characters of a Unicode category or script, by the runtime's own tables; `undefined` where there is none. */
export function unicodeClass(name: string, folded: boolean): ByteSet | undefined {
  let test: RegExp | undefined;
  for (const property of [`\\p{${name}}`, `\\p{Script=${name}}`]) {
    try {
      test ??= new RegExp(property, 'u');
    } catch {
      // Not of that kind: try the next spelling.
    }
  }
  if (name === 'Any') return rangeSet(0, 255);
  if (test === undefined) return undefined;
  const set = emptySet();
  for (let byte = 0; byte < 256; byte++) if (test.test(String.fromCharCode(byte))) set[byte] = 1;
  return folded ? fold(set) : set;
}

function fold(set: ByteSet): ByteSet {
  const folded = emptySet();
  for (let byte = 0; byte < 256; byte++) if (set[byte] === 1) addFolded(folded, byte, byte);
  return folded;
}
