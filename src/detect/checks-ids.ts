/** Tokens whose own characters say something: account and bot numbers, fixed bits, a marker in the middle. */
import { ALPHABETS } from './alphabets.ts';
import type { Check } from './check.ts';
import { decodeBase64, encodeBase32 } from './codecs.ts';

const discordId = {
  description: 'the first part is base64 of a numeric id whose time is not before 2015',
  source: 'https://discord.com/developers/docs/reference#snowflakes',
  trust: 'structure',
  onFailure: 'drop',
  passes: (secret) => {
    const id = decodeBase64(secret.slice(0, Math.max(secret.indexOf('.'), 0)))?.toString('latin1') ?? '';
    // 17 digits begin in 2015; 20 digits hold for all time that fits.
    return /^[1-9]\d{16,19}$/.test(id);
  },
  make: ({ random }) => {
    const id = `${random.below(8) + 1}${random.chars(ALPHABETS.digit, 17)}`;
    return `${Buffer.from(id).toString('base64').replace(/=+$/, '')}.${random.chars(ALPHABETS.b64url, 6)}.${random.chars(ALPHABETS.b64url, 38)}`;
  },
} satisfies Check;

const awsId = {
  description: 'four letters and 16 of A-Z2-7 that hold an account number; not a documentation id (…EXAMPLE)',
  source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html',
  trust: 'verified',
  onFailure: 'drop',
  passes: (secret) =>
    /^A[A-Z0-9]{3}[A-Z2-7]{16}$/.test(secret) && !secret.endsWith('EXAMPLE') && !/(.)\1{5}/.test(secret),
  make: ({ random, args: [prefix = 'AKIA'] }) => {
    const account = BigInt(random.below(900_000) + 100_000) * 1_000_000n + BigInt(random.below(1_000_000));
    const head = Buffer.alloc(8);
    // Bit 47 is set in every id of today; the account stands in the 40 bits from bit 7 on.
    head.writeBigUInt64BE((1n << 47n) | (account << 7n) | BigInt(random.below(128)));
    return prefix + encodeBase32(Buffer.concat([head.subarray(2), random.bytes(4)]));
  },
} satisfies Check;

const uuid = {
  description: 'a UUID with a version of 1 to 8 and the standard variant, not all of one digit',
  source: 'RFC 9562',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const match = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.exec(secret);
    // Made-up UUIDs repeat: 11111111-2222-…, 12345678-1234-…, 00000000-0000-4000-8000-000000000000.
    return match !== null && !/(.)\1{6}|^12345678-1234/.test(secret) && new Set(secret).size >= 9;
  },
  make: ({ random }) => {
    const hex = random.chars(ALPHABETS.hex, 30);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-${random.pick(['8', '9', 'a', 'b'])}${hex.slice(15, 18)}-${hex.slice(18)}`;
  },
} satisfies Check;

const slackIds = {
  description: 'the numeric parts have 9 to 14 digits, the last part has a letter and is no repetition',
  source: 'https://api.slack.com/concepts/token-types',
  trust: 'structure',
  onFailure: 'drop',
  passes: (secret) => {
    const parts = secret.split(/[-/]/).slice(1);
    const last = parts.at(-1) ?? '';
    return (
      parts.filter((part) => /^\d{4,}$/.test(part)).every((part) => part.length >= 8 && part.length <= 15) &&
      /[A-Za-z]/.test(last) &&
      !/^(.)\1+$/.test(last)
    );
  },
  make: ({ random, args: [prefix = 'xoxb-', groups = '2', tail = 'base62', length = '24'] }) => {
    const numbers = Array.from(
      { length: Number(groups) },
      () => `${random.below(8) + 1}${random.chars(ALPHABETS.digit, 11)}-`,
    );
    return (
      prefix +
      numbers.join('') +
      random.chars(ALPHABETS[tail as keyof typeof ALPHABETS] ?? ALPHABETS.base62, Number(length))
    );
  },
} satisfies Check;

const telegram = {
  description: 'a bot id of 8 to 10 digits, a colon, then 35 characters that begin with A',
  source: 'https://core.telegram.org/bots/api#authorizing-your-bot',
  trust: 'structure',
  onFailure: 'drop',
  passes: (secret) => /^[1-9]\d{7,9}:A[A-Za-z0-9_-]{34}$/.test(secret),
  make: ({ random }) =>
    `${random.below(8) + 1}${random.chars(ALPHABETS.digit, 9)}:AA${random.chars(ALPHABETS.b64url, 33)}`,
} satisfies Check;

const openaiMiddle = {
  description: 'T3BlbkFJ stands in the middle, with equally many characters on both sides',
  source: 'structure of issued keys',
  trust: 'structure',
  onFailure: 'doubt',
  passes: (secret) => {
    const [, before = '', after = ''] =
      /^sk-(?:(?:proj|svcacct|admin|service|None)-)?(.+)T3BlbkFJ(.+)$/.exec(secret) ?? [];
    return before !== '' && before.length === after.length;
  },
  make: ({ random, args: [prefix = 'sk-proj-', half = '74'] }) =>
    `${prefix}${random.chars(ALPHABETS.b64url, Number(half))}T3BlbkFJ${random.chars(ALPHABETS.b64url, Number(half))}`,
} satisfies Check;

const nugetBase32 = {
  description: '46 characters of a-z2-7 beginning oy2, with the fixed bits that an issued key has',
  source: 'https://github.com/NuGet/NuGetGallery',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => /^oy2[a-p][a-z2-7]{15}[aq][a-z2-7]{11}[eu][a-z2-7][a-p][a-z2-7]{11}[aeimquy4]$/.test(secret),
  make: ({ random }) => {
    const run = (length: number): string => random.chars(ALPHABETS.lbase32, length);
    const low = random.chars('abcdefghijklmnop', 1);
    return `oy2${low}${run(15)}${random.pick(['a', 'q'])}${run(11)}${random.pick(['e', 'u'])}${run(1)}${low}${run(11)}${random.chars('aeimquy4', 1)}`;
  },
} satisfies Check;

export const ID_CHECKS = {
  'aws-id': awsId,
  'discord-id': discordId,
  nuget: nugetBase32,
  'openai-middle': openaiMiddle,
  'slack-ids': slackIds,
  telegram,
  uuid,
} satisfies Readonly<Record<string, Check>>;
