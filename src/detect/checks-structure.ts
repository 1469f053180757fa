/** Tokens that carry something to read: JSON, numbers of their service, times, lengths. */
import { ALPHABETS } from './alphabets.ts';
import type { Check } from './check.ts';
import { decodeBase32, decodeBase64, encodeBase32, isPrintable, parseJsonObject } from './codecs.ts';
import { isPlaceholder } from './placeholder.ts';
import { isReference } from './reference.ts';

const jwt = {
  description:
    'three parts; header and payload are base64url of JSON objects, the header names an algorithm other than none',
  source: 'RFC 7519',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const [header, payload, signature, ...more] = secret.split('.');
    if (!signature || more.length > 0) return false;
    const algorithm = jsonPart(header)?.['alg'];
    return typeof algorithm === 'string' && algorithm.toLowerCase() !== 'none' && jsonPart(payload) !== undefined;
  },
  make: ({ random, args: [algorithm = 'HS256'] }) => {
    const length = SIGNATURE_LENGTHS[algorithm] ?? 43;
    const subject = random.chars(ALPHABETS.lalnum, 12);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: algorithm, typ: 'JWT' })}.${part({ sub: subject, iat: 1_700_000_000 + random.below(9_000_000) })}.${random.chars(ALPHABETS.b64url, length)}`;
  },
} satisfies Check;

/** Characters of a signature in base64url. */
const SIGNATURE_LENGTHS: Readonly<Record<string, number>> = {
  HS256: 43,
  HS384: 64,
  HS512: 86,
  RS256: 342,
  RS512: 342,
  ES256: 86,
  ES384: 128,
  EdDSA: 86,
};

const jwtBase64 = {
  description: 'base64 of a JSON Web Token',
  source: 'RFC 7519 inside RFC 4648',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const text = decodeBase64(secret.replace(/\s/g, ''))?.toString('latin1');
    return text !== undefined && jwt.passes(text.trim());
  },
  make: (fake) => Buffer.from(jwt.make(fake)).toString('base64'),
} satisfies Check;

const jwk = {
  description: 'a JSON Web Key that holds its private part: d for RSA, EC and OKP, k for oct',
  source: 'RFC 7517',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const key = parseJsonObject(secret.replaceAll('\\"', '"'));
    return typeof (key?.['kty'] === 'oct' ? key['k'] : key?.['d']) === 'string';
  },
  make: ({ random }) =>
    JSON.stringify({
      kty: 'EC',
      crv: 'P-256',
      x: random.chars(ALPHABETS.b64url, 43),
      y: random.chars(ALPHABETS.b64url, 43),
      d: random.chars(ALPHABETS.b64url, 43),
    }),
} satisfies Check;

const basicAuth = {
  description: 'base64 of printable text with a user, a colon and a password that is no placeholder',
  source: 'RFC 7617',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const bytes = decodeBase64(secret);
    if (bytes === undefined || !isPrintable(bytes)) return false;
    const text = bytes.toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 0 || text.length - colon < 4 || text.toLowerCase() === RFC_SAMPLE) return false;
    const password = text.slice(colon + 1);
    return !isPlaceholder(password) && !isReference(password);
  },
  make: ({ random, args: [user = `svc${random.below(900) + 100}`] }) =>
    Buffer.from(`${user}:${random.chars(ALPHABETS.base62, 18)}`).toString('base64'),
} satisfies Check;

/** The login of RFC 7617, which is in every library's tests. */
const RFC_SAMPLE = 'aladdin:open sesame';

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
    const low = random.pick([...'abcdefghijklmnop']);
    return `oy2${low}${run(15)}${random.pick(['a', 'q'])}${run(11)}${random.pick(['e', 'u'])}${run(1)}${low}${run(11)}${random.pick([...'aeimquy4'])}`;
  },
} satisfies Check;

const pypiMacaroon = {
  description: 'base64url of a macaroon of version 2 whose location is pypi.org or test.pypi.org',
  source: 'https://docs.pypi.org/api/secrets/',
  trust: 'structure',
  onFailure: 'drop',
  passes: (secret) => {
    const bytes = decodeBase64(
      secret
        .replace(/^pypi-/, '')
        .replace(/[=\s]+$/, '')
        .slice(0, 40),
    );
    if (bytes === undefined || bytes[0] !== 2 || bytes[1] !== 1) return false;
    const location = bytes.toString('latin1', 3, 3 + (bytes[2] as number));
    return location === 'pypi.org' || location === 'test.pypi.org';
  },
  make: ({ random, args: [location = 'pypi.org'] }) => {
    const head = Buffer.concat([Buffer.from([2, 1, location.length]), Buffer.from(location), Buffer.from([2, 36])]);
    return `pypi-${Buffer.concat([head, random.bytes(110)]).toString('base64url')}`;
  },
} satisfies Check;

const atlassianDataCenter = {
  description: 'base64 of a decimal number of at least 1000, a colon and about 20 bytes that are no text',
  source: 'https://confluence.atlassian.com/enterprise/using-personal-access-tokens-1026032365.html',
  trust: 'structure',
  onFailure: 'drop',
  passes: (secret) => {
    const bytes = decodeBase64(secret.replace(/^BBDC-/, ''));
    const [, id = ''] = /^([1-9]\d{3,19}):/.exec(bytes?.toString('latin1') ?? '') ?? [];
    return (
      bytes !== undefined && id !== '' && bytes.length - id.length >= 17 && !isPrintable(bytes.subarray(id.length + 1))
    );
  },
  make: ({ random, args: [prefix = ''] }) => {
    const id = `${random.below(9) + 1}${random.chars(ALPHABETS.digit, 11)}`;
    return prefix + Buffer.concat([Buffer.from(`${id}:`), random.bytes(20)]).toString('base64');
  },
} satisfies Check;

const base32Seed = {
  description: 'base32 of 10 to 64 bytes, such as a one-time-password seed',
  source: 'RFC 6238, RFC 4648',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const bytes = decodeBase32(secret.replace(/[\s-]/g, ''));
    return bytes !== undefined && bytes.length >= 10 && bytes.length <= 64 && new Set(secret).size >= 6;
  },
  make: ({ random }) => encodeBase32(random.bytes(20)),
} satisfies Check;

function jsonPart(part: string | undefined): Readonly<Record<string, unknown>> | undefined {
  return part === undefined ? undefined : parseJsonObject(decodeBase64(part)?.toString('utf8'));
}

export const STRUCTURE_CHECKS = {
  jwt,
  'jwt-base64': jwtBase64,
  jwk,
  'basic-auth': basicAuth,
  'discord-id': discordId,
  'aws-id': awsId,
  uuid,
  'slack-ids': slackIds,
  telegram,
  'openai-middle': openaiMiddle,
  nuget: nugetBase32,
  'pypi-macaroon': pypiMacaroon,
  'atlassian-dc': atlassianDataCenter,
  'base32-seed': base32Seed,
} satisfies Readonly<Record<string, Check>>;
