/** What a value looks like where its name alone says that it is a secret: text drawn at random, a typed password, a sample, a reference. */
import { ALPHABETS } from './alphabets.ts';
import type { Check } from './check.ts';
import { decodeBase64, isPrintable } from './codecs.ts';
import { shannonEntropy } from './entropy.ts';
import { isPlaceholder } from './placeholder.ts';
import { isReference } from './reference.ts';
import { surprise } from './surprise.ts';
import { tokenEfficiency } from './token-efficiency.ts';

const OWN = 'our own; rules/README.md, "Checks"';

const literal = {
  description: "the value itself, not a variable, a call, a path or a name that leads to it, nor a password's hash",
  source: OWN,
  trust: 'heuristic',
  onFailure: 'drop',
  passes: (secret) => !isReference(secret),
} satisfies Check;

const placeholder = {
  description: 'not a sample: changeme, <token>, xxxx, your-api-key-here, 123456',
  source: OWN,
  trust: 'heuristic',
  onFailure: 'drop',
  passes: (secret) => !isPlaceholder(secret),
} satisfies Check;

const random = {
  description: 'drawn at random: 8 or more characters, varied, not made of words, not a number or a date',
  source: OWN,
  trust: 'heuristic',
  onFailure: 'drop',
  passes: looksRandom,
  make: (fake) => fake.random.chars(ALPHABETS.base62, Number(fake.args[0] ?? '32')),
} satisfies Check;

const randomBytes = {
  description:
    'no long run of one character, no row of the keyboard or alphabet, at least 8 different characters in 20',
  source: OWN,
  trust: 'heuristic',
  onFailure: 'drop',
  passes: (secret) => !isMonotonous(secret),
  make: random.make,
} satisfies Check;

const password = {
  description: 'could be a password that somebody typed: no reference, no sample, no label',
  source: OWN,
  trust: 'heuristic',
  onFailure: 'drop',
  passes: looksTyped,
  make: (fake) => `${fake.random.chars(ALPHABETS.base62, 12)}!${fake.random.chars(ALPHABETS.digit, 2)}`,
} satisfies Check;

const strongPassword = {
  description: 'as password, and hardly anything else: random, or letters mixed with digits and signs',
  source: OWN,
  trust: 'heuristic',
  onFailure: 'drop',
  passes: (secret) => looksTyped(secret) && (looksRandom(secret) || isMixed(secret)),
  make: password.make,
} satisfies Check;

const notANumber = {
  description: 'not digits alone',
  source: OWN,
  trust: 'structure',
  onFailure: 'drop',
  passes: (secret) => !/^[\d.,:]*$/.test(secret),
} satisfies Check;

const kubernetesValue = {
  description: 'a value of a Kubernetes Secret: its base64, where it is some, decodes to something that is no sample',
  source: 'https://kubernetes.io/docs/concepts/configuration/secret/',
  trust: 'structure',
  onFailure: 'drop',
  passes: (secret) => {
    if (!looksTyped(secret)) return false;
    const bytes = decodeBase64(secret);
    return bytes === undefined || bytes.length < 3 || !isPrintable(bytes) || looksTyped(bytes.toString('utf8').trim());
  },
  make: ({ random: source }) => source.bytes(24).toString('base64'),
} satisfies Check;

const bootstrapToken = {
  description: 'six characters, a dot, sixteen characters, drawn at random (Kubernetes)',
  source: 'https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const [, secretPart = ''] = /^[a-z0-9]{6}\.([a-z0-9]{16})$/.exec(secret) ?? [];
    return /\d/.test(secret) && looksRandom(secretPart);
  },
  make: ({ random: source }) => `${source.chars(ALPHABETS.lalnum, 6)}.${source.chars(ALPHABETS.lalnum, 16)}`,
} satisfies Check;

const huggingface = {
  description: 'letters only after the prefix',
  source: 'structure of issued tokens',
  trust: 'structure',
  onFailure: 'doubt',
  passes: (secret) => /^(?:hf_|api_org_)?[A-Za-z]+$/.test(secret),
  make: ({ random: source, args }) =>
    source.chars(ALPHABETS.alpha, Number(args.find((arg) => /^\d+$/.test(arg)) ?? '34')),
} satisfies Check;

export const VALUE_CHECKS = {
  literal,
  placeholder,
  random,
  'random-bytes': randomBytes,
  password,
  'strong-password': strongPassword,
  'not-a-number': notANumber,
  'kubernetes-value': kubernetesValue,
  'bootstrap-token': bootstrapToken,
  huggingface,
} satisfies Readonly<Record<string, Check>>;

/** Characters per token from which on a text is words. See token-efficiency.ts. */
const WORDS_FROM = 2.5;

function looksRandom(text: string): boolean {
  if (
    text.length < 8 ||
    /^[\d\W_]+$|^[a-z]{1,11}$|^[A-Z]{1,11}$|^_?[a-z]{2,8}(?:_[a-z]{2,8})+:?$|^(?=.{1,11}$)[a-z]{2,}(?:[A-Z][a-z]{2,}){1,3}$/.test(
      text,
    ) ||
    NOT_RANDOM.test(text) ||
    isMonotonous(text)
  )
    return false;
  // Two thirds of what the length allows: below the first percentile of random hexadecimal of every length (rules/README.md).
  if (shannonEntropy(text) < 0.65 * Math.log2(Math.min(text.length, 32))) return false;
  return tokenEfficiency(text) < WORDS_FROM && (HEX_WITH_DIGITS.test(text) || surprise(text) > leastSurprise(text));
}

/** Hexadecimal is too narrow an alphabet to be told from words by its letters; words have no digits among theirs. */
const HEX_WITH_DIGITS = /^(?=.*\d)(?:[0-9a-f]{8,}|[0-9A-F]{8,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/**
 * Below it, letters follow each other as in words: `DotDotDotToken`, `LEFT_BRACE`, `onTagObj`. Short text says less, and so does text of letters
 * alone, so more is asked of it. Each bound loses about one random text in a hundred.
 */
function leastSurprise(text: string): number {
  if (/\d/.test(text)) return text.length < 10 ? 4.2 : text.length < 16 ? 4 : 3.8;
  return text.length < 16 ? 4.6 : 4.2;
}

/** Dates, versions, numbers, names and hashes that say so: varied, but nobody's secret. */
const NOT_RANDOM =
  /^(?:\d{4}-\d\d-\d\d(?:[T ].*)?|v?\d+(?:\.\d+){1,3}(?:[-+][\w.]*)?|v?\d+\.\d+\.\d+-[\w.+-]*|-?0x[\da-f]{1,16}u?l{0,2}|urn:[a-z\d]+:.*|sha\d{1,3}[-:_].*|md5[-:_].*|h1:.*|data:.*|https?:.*)$/i;

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL_CHARACTERS = /[\x00-\x1f\x7f]/;

function looksTyped(text: string): boolean {
  if (text.length < 4 || isReference(text) || isPlaceholder(text)) return false;
  // The bytes of a program that stand beside its texts.
  if (CONTROL_CHARACTERS.test(text)) return false;
  // A port, a user's number, a flag in a header file.
  if (/^(?:\d{1,5}|0x[0-9a-f]{1,8})$/i.test(text)) return false;
  // `ChangePasswordForm`, `input#new-password`: a label that speaks of passwords. With digits it may be somebody's password.
  if (/passw(?:or)?d|passphrase|passwort/i.test(text) && !/\d/.test(text)) return false;
  return !/^(?:required|optional|string|integer|boolean|number|object|function|symbol|bigint|pass|passed|fail|failed|skip|skipped|scram-sha-\d+|true|false|null|none|nil|undefined|yes|no|hashed|encrypted|plaintext|prompt|input|text|hidden|random|unknown|invalid|missing|wrong|incorrect)$/i.test(
    text,
  );
}

/** A digit or a sign, and not just a word with a number or words joined by hyphens. */
function isMixed(text: string): boolean {
  if (text.length < 6) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[!@#$%^&*+~?=|;]/].filter((kind) => kind.test(text)).length;
  return (
    kinds >= 3 || (kinds === 2 && text.length >= 8 && /\d|[!@#$%^&*+~?=|;]/.test(text) && tokenEfficiency(text) < 3.5)
  );
}

function isMonotonous(text: string): boolean {
  if (hasRow(text)) return true;
  // Encoded zero bytes make runs of A in long secrets too, so a run counts by its share.
  for (const [run] of text.matchAll(/(.)\1{4,}/g)) if (run.length * 6 >= text.length) return true;
  return text.length >= 20 && new Set(text).size < 8;
}

/** Rows that a finger or a mind runs along. */
const ROWS = ['abcdefghijklmnopqrstuvwxyz', '01234567890', '9876543210', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm'];

/** Whether six neighbours of a row stand together. */
function hasRow(text: string): boolean {
  const folded = text.toLowerCase();
  return ROW_PARTS.some((part) => folded.includes(part));
}

const ROW_PARTS = ROWS.flatMap((row) => Array.from({ length: row.length - 5 }, (_, i) => row.slice(i, i + 6)));
