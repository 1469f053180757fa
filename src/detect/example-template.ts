/**
 * Examples in rule files are templates, so that no text of a credential's shape stands in the repository. `{{ … }}` is replaced by
 * made-up characters; everything else is taken as it is:
 *
 *     token = "acme_{{ base62 36 }}"            36 random characters of an alphabet (20-30: a random length)
 *     {{ check github-crc ghp_ }}               a value that passes the check, made by its own generator
 *     {{ wrong github-crc ghp_ }}               the same with one character changed so that it fails
 *     {{ encode base64 {"u":"{{ lalnum 8 }}"} }}  text encoded (base64, b64url, hex, url); templates inside are expanded first
 *     {{ uuid }}  {{ chars a-f0-9_ 12 }}  {{ pick live|test }}
 */
import { ALPHABETS } from './alphabets.ts';
import type { AlphabetName } from './alphabets.ts';
import { CHECKS, findCheck } from './checks.ts';
import type { Check } from './check.ts';
import { FakeRandom } from './fake-random.ts';
import { didYouMean } from '../yaml/nearest-name.ts';

/**
 * Expands a template. The same template and seed give the same text.
 * @throws Error with a sentence for the author when the template cannot be expanded
 */
export function expandExample(template: string, seed: string): string {
  return expand(template, new FakeRandom(`${seed}\0${template}`));
}

/** Longest run that one `{{ … }}` may ask for. */
const MAX_RUN = 10_000;

function expand(template: string, random: FakeRandom): string {
  let out = '';
  for (let at = 0; ;) {
    const open = template.indexOf('{{', at);
    if (open < 0) return out + template.slice(at);
    if (!isOurs(template, open)) {
      out += template.slice(at, open + 2);
      at = open + 2;
      continue;
    }
    const close = matchingClose(template, open);
    const [, word = '', rest = ''] = /^\s*(\w+)\s*([^]*?)\s*$/.exec(template.slice(open + 2, close)) ?? [];
    out += template.slice(at, open) + generate(word, expand(rest, random), random);
    at = close + 2;
  }
}

/**
 * Whether the `{{` at `open` is ours: a known generator, or any word with a length, which is then a slip of the pen. Everything else is
 * text: Jinja's `{{ password }}`, Helm's `{{ .Values.x }}` and GitHub's `${{ secrets.X }}` stand in many near misses.
 */
function isOurs(template: string, open: number): boolean {
  const [, word, length] = /^\s*([A-Za-z]\w*)(?:\s+([0-9]+)\b|\s|\}\})/.exec(template.slice(open + 2, open + 60)) ?? [];
  if (word === undefined) return false;
  if (length !== undefined) return true;
  return template[open - 1] !== '$' && (Object.hasOwn(ALPHABETS, word) || Object.hasOwn(GENERATORS, word));
}

/** Index of the `}}` that closes the `{{` at `open`. */
function matchingClose(template: string, open: number): number {
  let depth = 1;
  for (let i = open + 2; i < template.length; i++) {
    if (template.startsWith('{{', i)) {
      depth += 1;
      i += 1;
    } else if (template.startsWith('}}', i)) {
      depth -= 1;
      if (depth === 0) return i;
      i += 1;
    }
  }
  throw new Error(`"{{" at character ${open + 1} is never closed by "}}"`);
}

function generate(word: string, rest: string, random: FakeRandom): string {
  const args = rest.split(/\s+/).filter((arg) => arg !== '');
  const own = Object.hasOwn(GENERATORS, word) ? GENERATORS[word] : undefined;
  if (own !== undefined) return own(args, random, rest);
  if (Object.hasOwn(ALPHABETS, word))
    return random.chars(ALPHABETS[word as AlphabetName], runLength(word, args[0], random));
  throw new Error(
    `unknown generator "{{ ${word} … }}"${didYouMean(word, [...Object.keys(ALPHABETS), ...Object.keys(GENERATORS)])}`,
  );
}

type Generator = (args: readonly string[], random: FakeRandom, rest: string) => string;

const GENERATORS: Readonly<Record<string, Generator>> = {
  uuid: (_args, random) => {
    const hex = random.chars(ALPHABETS.hex, 30);
    const variant = random.pick(['8', '9', 'a', 'b']);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-${variant}${hex.slice(15, 18)}-${hex.slice(18, 30)}`;
  },
  chars: ([set = '', length], random) => random.chars(expandSet(set), runLength('chars', length, random)),
  pick: (_args, random, rest) => random.pick(rest.split('|')),
  encode: ([encoding = ''], _random, rest) => {
    const encode = Object.hasOwn(ENCODINGS, encoding) ? ENCODINGS[encoding] : undefined;
    if (encode === undefined)
      throw new Error(
        `unknown encoding "${encoding}"${didYouMean(encoding, Object.keys(ENCODINGS))}; there are ${Object.keys(ENCODINGS).join(', ')}`,
      );
    return encode(Buffer.from(rest.slice(rest.indexOf(encoding) + encoding.length + 1), 'utf8'));
  },
  check: ([name = '', ...args], random) => madeBy(name).make({ random, args }),
  wrong: ([name = '', ...args], random) => {
    const check = madeBy(name);
    return spoil(check, check.make({ random, args }), random);
  },
};

const ENCODINGS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  base64: (bytes) => bytes.toString('base64'),
  b64url: (bytes) => bytes.toString('base64url'),
  hex: (bytes) => bytes.toString('hex'),
  url: (bytes) => encodeURIComponent(bytes.toString('utf8')),
};

/** `40`, or `20-30` for a random length between. */
function runLength(word: string, text: string | undefined, random: FakeRandom): number {
  const [, low, high] = /^(\d+)(?:-(\d+))?$/.exec(text ?? '') ?? [];
  const least = Number(low);
  const most = high === undefined ? least : Number(high);
  if (low === undefined || most < least || most > MAX_RUN) {
    throw new Error(`"{{ ${word} … }}" needs a length such as 40 or 20-30 (at most ${MAX_RUN}), not "${text ?? ''}"`);
  }
  return least + random.below(most - least + 1);
}

/** The characters of a set such as `a-f0-9_-`: ranges spelled out; a hyphen at either end is itself. */
function expandSet(set: string): string {
  const out = set.replace(/([^])-([^])/g, (_range, low: string, high: string) => {
    const from = low.charCodeAt(0);
    return Array.from({ length: high.charCodeAt(0) - from + 1 }, (_, i) => String.fromCharCode(from + i)).join('');
  });
  if (out === '') throw new Error('"{{ chars … }}" needs a set of characters such as a-f0-9');
  return out;
}

function madeBy(name: string): Check & Required<Pick<Check, 'make'>> {
  const check = findCheck(name);
  if (check === undefined) throw new Error(`unknown check "${name}"${didYouMean(name, Object.keys(CHECKS))}`);
  if (check.make === undefined)
    throw new Error(`the check "${name}" makes no values; write the example with the alphabets`);
  return check as Check & Required<Pick<Check, 'make'>>;
}

/** Changes one character for another of its kind until the check fails; from the end, where checksums stand. */
function spoil(check: Check, value: string, random: FakeRandom): string {
  for (let at = value.length - 1; at >= 0; at--) {
    const kind = [ALPHABETS.digit, ALPHABETS.lower, ALPHABETS.upper].find((alphabet) =>
      alphabet.includes(value[at] as string),
    );
    if (kind === undefined) continue;
    for (let attempt = 0; attempt < 8; attempt++) {
      const changed = value.slice(0, at) + random.chars(kind, 1) + value.slice(at + 1);
      if (!check.passes(changed)) return changed;
    }
  }
  throw new Error(
    'no single change of a letter or digit makes this value fail its check; write the wrong value by hand',
  );
}
