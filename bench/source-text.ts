/**
 * Text as it stands in repositories, from a seed: code, comments, tables of numbers, JSON. It mentions keys, tokens and passwords as often as code
 * does, and holds no secret. Measured in a megabyte: literals of the rules stand in 5,500 places and patterns match at 25; in the files of eslint and
 * libgit2 they do in 2,700 and 5,100, and at 14 and 10; in their histories in 3,900 and 4,700, and at 26 and 18.
 */
import { Random } from './random.ts';

const NOUNS = (
  'user config index path buffer name request client node list cache file line event window layer scope store field group panel range ' +
  'shape point color table count order image frame chart label input query state model route stage block parent child visitor report ' +
  'option branch commit object tree entry offset length cursor handle result error message plugin format loop variable argument'
).split(' ');
const SECRET_NOUNS = 'token key password secret'.split(' ');
/** One noun in so many is one of those, in code as it usually is. */
const SECRET_SHARE = 220;
const VERBS =
  'get set read write find make load parse check open close send update remove create visit report walk match'.split(
    ' ',
  );
const TYPES = 'string number boolean Buffer Map Set void Promise'.split(' ');
/** Lines are made once and then drawn: the text costs little, and repeats as real code does. */
const POOL_LINES = 4000;

export class SourceText {
  readonly #random: Random;
  readonly #lines: readonly string[];

  /** @param secretShare one noun in so many names a secret */
  constructor(seed: number, secretShare = SECRET_SHARE) {
    this.#random = new Random(seed);
    this.#lines = Array.from({ length: POOL_LINES }, () => makeLine(this.#random, secretShare));
  }

  line(): string {
    return this.#random.pick(this.#lines);
  }

  lines(count: number): string[] {
    return Array.from({ length: count }, () => this.line());
  }
}

function makeLine(random: Random, secretShare: number): string {
  const noun = (): string => random.pick(random.below(secretShare) === 0 ? SECRET_NOUNS : NOUNS);
  const call = (): string => `${random.pick(VERBS)}${upper(noun())}`;
  switch (random.below(10)) {
    case 0:
      return '';
    case 1:
      return `  // ${random.pick(VERBS)} the ${noun()} of a ${noun()}, then ${random.pick(VERBS)} its ${noun()}`;
    case 2:
      return `  const ${noun()} = ${call()}(${noun()}, ${random.below(1000)});`;
    case 3:
      return `  if (${noun()}.${noun()} === undefined) return ${call()}(${noun()});`;
    case 4:
      return `export function ${call()}(${noun()}: ${random.pick(TYPES)}): ${random.pick(TYPES)} {`;
    case 5:
      return `  ${numbers(random)}`;
    case 6:
      return `  "${noun()}": { "${noun()}": ${random.below(100_000)}, "${noun()}": "${noun()} ${noun()}" },`;
    case 7:
      return `import { ${call()} } from './${noun()}-${noun()}.ts';`;
    case 8:
      return `    ${noun()}.${noun()} = options.${noun()} ?? ${noun()}s[${random.below(64)}];`;
    default:
      return `  for (const ${noun()} of ${noun()}s) ${call()}(${noun()}.${noun()});`;
  }
}

function numbers(random: Random): string {
  return Array.from({ length: 8 }, () => `0x${random.below(65_536).toString(16).padStart(4, '0')}`).join(', ');
}

function upper(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
