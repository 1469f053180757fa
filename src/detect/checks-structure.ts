/** Tokens that hold something to read once they are decoded: JSON, a login, a location. */
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
  'pypi-macaroon': pypiMacaroon,
  'atlassian-dc': atlassianDataCenter,
  'base32-seed': base32Seed,
} satisfies Readonly<Record<string, Check>>;
