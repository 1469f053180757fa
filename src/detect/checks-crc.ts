/** Tokens that end in a CRC-32 of themselves. What differs is which part is covered and how the number is written. */
import { ALPHABETS } from './alphabets.ts';
import type { Check, FakeBody } from './check.ts';
import { decodeBase64 } from './codecs.ts';
import { crc32, littleEndian32, toBase62, toHex32 } from './crc.ts';

const githubCrc = {
  description:
    'the last 6 characters are the CRC-32 of the part between prefix and them, in base 62 (GitHub, npm, Leakgate)',
  source: 'https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/',
  trust: 'verified',
  onFailure: 'drop',
  passes: (secret) => {
    const body = secret.slice(secret.indexOf('_') + 1);
    return body.length > 6 && toBase62(crc32(body.slice(0, -6)), 6) === body.slice(-6);
  },
  make: ({ random, args: [prefix = 'ghp_', length = '30'] }) => {
    const body = random.chars(ALPHABETS.base62, Number(length));
    return prefix + body + toBase62(crc32(body), 6);
  },
} satisfies Check;

const gitlabRoutable = {
  description:
    'the last 7 characters are the CRC-32 of all before them in base 36, the 2 before the length of the payload',
  source: 'https://handbook.gitlab.com/handbook/engineering/architecture/design-documents/cells/routable_tokens/',
  trust: 'reported',
  onFailure: 'doubt',
  passes: (secret) => {
    const [, payload = '', length = ''] =
      /^[A-Za-z0-9]+-(?:t\d_)?([A-Za-z0-9_-]+)\.(?:[0-9a-z]{2}\.)?([0-9a-z]{2})[0-9a-z]{7}$/.exec(secret) ?? [];
    return (
      payload !== '' &&
      Number.parseInt(length, 36) === payload.length &&
      base36Crc(secret.slice(0, -7)) === secret.slice(-7)
    );
  },
  make: ({ random, args: [prefix = 'glpat-', version = ''] }) => {
    const route = Buffer.from(`o:${random.below(900) + 1}\nu:${random.below(90_000) + 1}`, 'latin1');
    const payload = Buffer.concat([route, random.bytes(16), Buffer.from([16])]).toString('base64url');
    const body = `${prefix}${payload}.${version === '' ? '' : `${version}.`}${payload.length.toString(36).padStart(2, '0')}`;
    return body + base36Crc(body);
  },
} satisfies Check;

const atlassianCrc = {
  description: 'the last 8 hex digits are the CRC-32 of all before them (Atlassian, Bitbucket)',
  source: 'stated by another scanner',
  trust: 'reported',
  onFailure: 'doubt',
  passes: (secret) => {
    const plain = secret.replace(/\\=|%3[Dd]/, '=');
    return plain.length > 8 && toHex32(crc32(plain.slice(0, -8))).toUpperCase() === plain.slice(-8);
  },
  make: ({
    random,
    args: [prefix = 'ATATT3xFfGF0', length = prefix === 'ATBB' ? '24' : '171', end = prefix === 'ATBB' ? '' : '='],
  }) => {
    const body = prefix + random.chars(prefix === 'ATBB' ? ALPHABETS.base62 : ALPHABETS.b64url, Number(length)) + end;
    return body + toHex32(crc32(body)).toUpperCase();
  },
} satisfies Check;

const grafanaCrc = {
  description:
    'the 8 hex digits at the end are the CRC-32 of what stands before their underscore, least significant byte first',
  source: 'stated by another scanner',
  trust: 'reported',
  onFailure: 'doubt',
  passes: (secret) => {
    const [, body = '', sum = ''] = /^(glsa_[0-9A-Za-z]{32})_([0-9A-Fa-f]{8})$/.exec(secret) ?? [];
    return body !== '' && littleEndian32(crc32(body)).toString('hex') === sum.toLowerCase();
  },
  make: ({ random }) => {
    const body = `glsa_${random.chars(ALPHABETS.base62, 32)}`;
    return `${body}_${littleEndian32(crc32(body)).toString('hex')}`;
  },
} satisfies Check;

const confluentCrc = {
  description: 'the last 6 base64 characters are the CRC-32 of the 54 before them, least significant byte first',
  source: 'stated by another scanner',
  trust: 'reported',
  onFailure: 'doubt',
  passes: (secret) => {
    const body = secret.slice(4);
    return (
      secret.startsWith('cflt') &&
      body.length === 60 &&
      decodeBase64(body) !== undefined &&
      littleCrc64(body.slice(0, 54)) === body.slice(54)
    );
  },
  make: ({ random }) => {
    const body = random.chars(ALPHABETS.base64, 54);
    return `cflt${body}${littleCrc64(body)}`;
  },
} satisfies Check;

/** Prefix, body, and the body's CRC-32 at the end in one notation or another. */
export const CRC_CHECKS = {
  'github-crc': githubCrc,
  'github-server-crc': {
    ...githubCrc,
    description: 'as github-crc, for ghs_: some issued tokens are said not to have it',
    trust: 'reported',
    onFailure: 'doubt',
    make: (fake: FakeBody) => githubCrc.make({ ...fake, args: fake.args.length > 0 ? fake.args : ['ghs_'] }),
  },
  'gitlab-routable': gitlabRoutable,
  'atlassian-crc': atlassianCrc,
  'grafana-crc': grafanaCrc,
  'cloudflare-crc': bodyCrc('cfut_', 40, ALPHABETS.base62, (sum) => toHex32(sum)),
  'vercel-crc': bodyCrc('vcp_', 50, ALPHABETS.b64url, (sum) => toBase62(sum, 6)),
  'zuplo-crc': bodyCrc('zpka_', 32, ALPHABETS.lalnum, (sum) => `_${toHex32(sum)}`),
  'confluent-crc': confluentCrc,
} satisfies Readonly<Record<string, Check>>;

/** A check of `prefix_` + body + CRC-32 of the body, as far as other scanners state it. */
function bodyCrc(example: string, length: number, alphabet: string, write: (sum: number) => string): Check {
  return {
    description: `the end is the CRC-32 of the ${length} characters between the prefix and it`,
    source: 'stated by another scanner',
    trust: 'reported',
    onFailure: 'doubt',
    passes: (secret) => {
      const body = secret.slice(secret.indexOf('_') + 1);
      return body.length > length && write(crc32(body.slice(0, length))) === body.slice(length);
    },
    make: ({ random, args: [prefix = example] }) => {
      const body = random.chars(alphabet, length);
      return prefix + body + write(crc32(body));
    },
  };
}

function base36Crc(text: string): string {
  return crc32(text).toString(36).padStart(7, '0');
}

function littleCrc64(text: string): string {
  return littleEndian32(crc32(text)).toString('base64').replace(/=+$/, '');
}
