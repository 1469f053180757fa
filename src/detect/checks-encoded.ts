/** Tokens that are an encoding of something else: JSON with known members, text with a known start, a number of bytes. */
import { ALPHABETS } from './alphabets.ts';
import type { Check } from './check.ts';
import { decodeBase58, decodeBase64, parseJsonObject } from './codecs.ts';
import type { FakeRandom } from './fake-random.ts';

/** Members of the JSON that a vendor's token decodes to, with what an example's members hold. */
const JSON_TOKENS = {
  'grafana-cloud-json': { prefix: 'glc_', members: ['o', 'n', 'k'], vendor: 'Grafana Cloud' },
  'grafana-legacy-json': { prefix: '', members: ['k', 'n', 'id'], vendor: 'Grafana (legacy API key)' },
  'onepassword-json': {
    prefix: 'ops_',
    members: ['signInAddress', 'userAuth', 'secretKey'],
    vendor: '1Password service account',
  },
  'cloudflare-tunnel-json': { prefix: '', members: ['a', 't', 's'], vendor: 'Cloudflare Tunnel' },
} as const;

/** Like `JSON_TOKENS`, where the JSON stands between other parts: `prefix` + base64 JSON + `.` or `_` + tail. */
const JSON_PARTS = {
  'mapbox-json': { prefix: 'sk.', members: ['u', 'a'], separator: '.', tail: 22, vendor: 'Mapbox' },
  'tinybird-json': { prefix: 'p.', members: ['u', 'id'], separator: '.', tail: 43, vendor: 'Tinybird' },
  'sentry-json': {
    prefix: 'sntrys_',
    members: ['iat', 'url', 'org'],
    separator: '_',
    tail: 43,
    vendor: 'Sentry organisation token',
  },
} as const;

const LENGTHS = [16, 20, 24, 32, 33, 40, 48, 64] as const;

export const ENCODED_CHECKS: Readonly<Record<string, Check>> = {
  ...Object.fromEntries(
    Object.entries(JSON_TOKENS).map(([name, token]) => [name, jsonToken(token.prefix, token.members, token.vendor)]),
  ),
  ...Object.fromEntries(
    Object.entries(JSON_PARTS).map(([name, token]) => [
      name,
      jsonPart(token.prefix, token.members, token.separator, token.tail, token.vendor),
    ]),
  ),
  'aws-bedrock': {
    description: 'ABSK, then base64 of BedrockAPIKey-, an account number, a colon and a secret',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html',
    trust: 'structure',
    onFailure: 'drop',
    passes: (secret) => /^BedrockAPIKey-\w{4}-at-\d{12}:/.test(decodeBase64(secret.slice(4))?.toString('latin1') ?? ''),
    make: ({ random }) =>
      `ABSK${Buffer.from(`BedrockAPIKey-${random.chars(ALPHABETS.lalnum, 4)}-at-${random.chars(ALPHABETS.digit, 12)}:${random.bytes(33).toString('base64')}`).toString('base64')}`,
  },
  'jfrog-reference': {
    description: 'base64 of reftkn:, two digits, a time and the token',
    source: 'stated by another scanner',
    trust: 'reported',
    onFailure: 'doubt',
    passes: (secret) => /^reftkn:\d\d:\d{10}:\w+$/.test(decodeBase64(secret)?.toString('latin1') ?? ''),
    make: ({ random }) =>
      Buffer.from(`reftkn:01:17${random.chars(ALPHABETS.digit, 8)}:${random.chars(ALPHABETS.base62, 27)}`).toString(
        'base64',
      ),
  },
  'jfrog-api-key': {
    description: 'base58 of 54 bytes',
    source: 'stated by another scanner',
    trust: 'reported',
    onFailure: 'doubt',
    passes: (secret) => decodeBase58(secret)?.length === 54,
    make: ({ random }) => `AKCp${random.chars(ALPHABETS.base58, 69)}`,
  },
  ...Object.fromEntries(LENGTHS.map((bytes) => [`base64-${bytes}-bytes`, base64Bytes(bytes)])),
  ...Object.fromEntries(LENGTHS.map((bytes) => [`hex-${bytes}-bytes`, hexBytes(bytes)])),
};

function jsonToken(prefix: string, members: readonly string[], vendor: string): Check {
  return {
    description: `${prefix === '' ? '' : `${prefix}, then `}base64 of JSON with ${members.join(', ')} (${vendor})`,
    source: 'structure of issued tokens',
    trust: 'structure',
    onFailure: 'drop',
    passes: (secret) => hasMembers(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, members),
    make: ({ random }) => prefix + encodedJson(members, random, 'base64'),
  };
}

function jsonPart(prefix: string, members: readonly string[], separator: string, tail: number, vendor: string): Check {
  return {
    description: `the part before the last "${separator}" is base64 of JSON with ${members.join(', ')} (${vendor})`,
    source: 'structure of issued tokens',
    trust: 'structure',
    onFailure: 'drop',
    passes: (secret) => {
      const start = secret.indexOf('eyJ');
      const end = separator === '.' ? secret.lastIndexOf('.') : endOfBase64(secret, start);
      return start >= 0 && end > start && hasMembers(secret.slice(start, end), members);
    },
    make: ({ random, args: [start = prefix] }) =>
      start +
      encodedJson(members, random, separator === '.' ? 'base64url' : 'base64') +
      separator +
      random.chars(separator === '.' ? ALPHABETS.b64url : ALPHABETS.base64, tail),
  };
}

/** Index of the first character after `start` that ordinary base64 does not have. */
function endOfBase64(text: string, start: number): number {
  const length = text.slice(start).search(/[^A-Za-z0-9+/=]/);
  return length < 0 ? text.length : start + length;
}

function hasMembers(encoded: string, members: readonly string[]): boolean {
  const value = parseJsonObject(decodeBase64(encoded)?.toString('utf8'));
  return value !== undefined && members.every((member) => Object.hasOwn(value, member));
}

function encodedJson(members: readonly string[], random: FakeRandom, encoding: 'base64' | 'base64url'): string {
  const value = Object.fromEntries(members.map((member) => [member, random.chars(ALPHABETS.lalnum, 24)]));
  return Buffer.from(JSON.stringify(value)).toString(encoding);
}

function base64Bytes(length: number): Check {
  return {
    description: `base64 (ordinary or URL-safe) of ${length} bytes that are not all alike`,
    source: 'RFC 4648',
    trust: 'published',
    onFailure: 'drop',
    passes: (secret) => {
      const bytes = decodeBase64(secret);
      return bytes?.length === length && new Set(bytes).size >= length / 4;
    },
    make: ({ random }) => random.bytes(length).toString('base64'),
  };
}

function hexBytes(length: number): Check {
  return {
    description: `${length} bytes in hexadecimal that are not all alike`,
    source: 'structure',
    trust: 'structure',
    onFailure: 'drop',
    passes: (secret) =>
      secret.length === 2 * length && /^[0-9A-Fa-f]+$/.test(secret) && new Set(secret.toLowerCase()).size >= 7,
    make: ({ random }) => random.bytes(length).toString('hex'),
  };
}
