/** Private keys: PEM and its relatives, and key texts with a checksum of their own. */
import { createHash } from 'node:crypto';
import { ALPHABETS } from './alphabets.ts';
import type { Check } from './check.ts';
import { decodeBase32, decodeBase58, decodeBase64, encodeBase32, encodeBase58 } from './codecs.ts';
import { crc16Xmodem } from './crc.ts';
import { shannonEntropy } from './entropy.ts';
import type { FakeRandom } from './fake-random.ts';

const pem = {
  description:
    'between the armour lines stand at least 40 characters of varied base64, and the END line names the type of the BEGIN line',
  source: 'RFC 7468, RFC 1421, RFC 9580',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const [, begin = '', rest = ''] = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----([^]*)/.exec(secret) ?? [];
    const [body = '', end] = rest.split(/-----END /, 2);
    if (begin === '' || (end !== undefined && !end.startsWith(begin))) return false;
    const key = pemBody(body);
    // Keys cut off or mangled by an editor stay findings, so the DER inside is not asked to be whole. Text and `...` have no base64 of this variety.
    return key.length >= 40 && shannonEntropy(key.slice(0, 2000)) > 3.8 && !/(.)\1{19}/.test(key);
  },
  make: ({ random, args }) => {
    const label = args.length > 0 ? `${args.join(' ')} PRIVATE KEY` : 'PRIVATE KEY';
    const lines = (
      fakeDer(label, random)
        .toString('base64')
        .match(/.{1,64}/g) ?? []
    ).join('\n');
    return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----`;
  },
} satisfies Check;

/** The base64 of a PEM body: header lines, escapes, quotes and whatever else source code puts between the lines taken out. */
function pemBody(body: string): string {
  return body
    .replace(/\\+[nrt]|\\u000[aAdD]|%0[AaDd]|&#1[03];/g, '\n')
    .replace(/^.*?[A-Za-z-]+: .*$/gm, '')
    .replace(/%2[Bb]/g, '+')
    .replace(/%2[Ff]/g, '/')
    .replace(/[^A-Za-z0-9+/=]+/g, '')
    .replace(/=.*$/, '');
}

/** DER of the right outline around random bytes: a SEQUENCE of its own length with version 0 first. No key. */
function fakeDer(label: string, random: FakeRandom): Buffer {
  if (label.startsWith('OPENSSH'))
    return Buffer.concat([Buffer.from('openssh-key-v1\0\0\0\0\u0004none\0\0\0\u0004none'), random.bytes(200)]);
  const body = Buffer.concat([Buffer.from([2, 1, 0]), random.bytes(label.startsWith('EC') ? 115 : 597)]);
  const header =
    body.length < 256
      ? Buffer.from([0x30, 0x81, body.length])
      : Buffer.from([0x30, 0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([header, body]);
}

const pemBase64 = {
  description: 'base64 of a PEM private key',
  source: 'RFC 7468 inside RFC 4648',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const text = decodeBase64(secret.replace(/[\r\n\s]/g, '').replace(/=+$/, ''))?.toString('latin1');
    return text !== undefined && pem.passes(text);
  },
  make: (fake) => Buffer.from(`${pem.make(fake)}\n`).toString('base64'),
} satisfies Check;

const ppk = {
  description: 'a PuTTY key file whose private lines are as many as it says',
  source: 'https://the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const [, count = '', rest = ''] = /Private-Lines: (\d{1,3})\r?\n([^]*)/.exec(secret) ?? [];
    const lines = rest.split(/\r?\n/).slice(0, Number(count));
    return (
      Number(count) > 0 &&
      lines.length === Number(count) &&
      lines.every((line) => /^[A-Za-z0-9+/]{4,}={0,2}$/.test(line))
    );
  },
  make: ({ random, args: [encryption = 'none'] }) =>
    [
      'PuTTY-User-Key-File-3: ssh-ed25519',
      `Encryption: ${encryption}`,
      'Comment: deploy',
      'Public-Lines: 2',
      random.chars(ALPHABETS.base64, 64),
      random.chars(ALPHABETS.base64, 4),
      'Private-Lines: 1',
      random.chars(ALPHABETS.base64, 48),
      `Private-MAC: ${random.chars(ALPHABETS.hex, 64)}`,
    ].join('\n'),
} satisfies Check;

const wireguardKey = {
  description: 'base64 of 32 bytes that are not all alike',
  source: 'https://www.wireguard.com/',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const bytes = decodeBase64(secret);
    return bytes?.length === 32 && new Set(bytes).size > 12;
  },
  make: ({ random }) => {
    const bytes = Buffer.from(random.bytes(32));
    bytes[0] = (bytes[0] as number) & 248;
    bytes[31] = ((bytes[31] as number) & 127) | 64;
    return bytes.toString('base64');
  },
} satisfies Check;

const nkeyCrc16 = {
  description: 'base32 of 36 bytes, the last 2 the CRC-16 (XMODEM) of the others; the first bits spell S',
  source: 'https://github.com/nats-io/nkeys',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const bytes = decodeBase32(secret);
    return (
      bytes?.length === 36 &&
      (bytes[0] as number) >> 3 === 18 &&
      crc16Xmodem(bytes.subarray(0, 34)) === bytes.readUInt16LE(34)
    );
  },
  make: ({ random, args: [kind = 'U'] }) => {
    // First byte: S (18) in the upper five bits, then the kind's five bits over the byte border.
    const type = ALPHABETS.base32.indexOf(kind) << 3;
    const body = Buffer.concat([Buffer.from([(18 << 3) | (type >> 5), (type & 31) << 3]), random.bytes(32)]);
    const sum = Buffer.alloc(2);
    sum.writeUInt16LE(crc16Xmodem(body));
    return encodeBase32(Buffer.concat([body, sum]));
  },
} satisfies Check;

const bech32 = {
  description: 'human part, 1, data and six characters of checksum; the data hold 32 bytes (age secret keys)',
  source: 'BIP-173, https://age-encryption.org/v1',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    if (secret !== secret.toUpperCase() && secret !== secret.toLowerCase()) return false;
    const text = secret.toLowerCase();
    const one = text.lastIndexOf('1');
    const data = Array.from(text.slice(one + 1), (char) => ALPHABETS.bech32.indexOf(char));
    return (
      one > 0 &&
      data.length === 58 &&
      !data.includes(-1) &&
      bech32Polymod([...expandHuman(text.slice(0, one)), ...data]) === 1
    );
  },
  make: ({ random, args: [human = 'AGE-SECRET-KEY-'] }) => {
    const words = toFiveBits(random.bytes(32));
    const sum = bech32Polymod([...expandHuman(human.toLowerCase()), ...words, 0, 0, 0, 0, 0, 0]) ^ 1;
    const tail = Array.from({ length: 6 }, (_, i) => (sum >> (5 * (5 - i))) & 31);
    const text = `${human.toLowerCase()}1${[...words, ...tail].map((word) => ALPHABETS.bech32[word]).join('')}`;
    return human === human.toUpperCase() ? text.toUpperCase() : text;
  },
} satisfies Check;

function bech32Polymod(words: readonly number[]): number {
  const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  let sum = 1;
  for (const word of words) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ word;
    for (let i = 0; i < 5; i++) if ((top >> i) & 1) sum ^= generator[i] as number;
  }
  return sum >>> 0;
}

function expandHuman(human: string): readonly number[] {
  const codes = [...human].map((char) => char.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function toFiveBits(bytes: Uint8Array): number[] {
  return [...encodeBase32(bytes)].map((char) => ALPHABETS.base32.indexOf(char));
}

const base58check = {
  description:
    'base58; the last 4 bytes are the first of the double SHA-256 of the others (Bitcoin WIF and extended keys)',
  source: 'https://en.bitcoin.it/wiki/Base58Check_encoding, BIP-32',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const bytes = decodeBase58(secret);
    return (
      bytes !== undefined &&
      bytes.length > 8 &&
      doubleSha256(bytes.subarray(0, -4)).subarray(0, 4).equals(bytes.subarray(-4))
    );
  },
  make: ({ random, args: [kind = 'xprv'] }) => {
    const version =
      kind === 'xprv'
        ? Buffer.from('0488ade4', 'hex')
        : kind === 'tprv'
          ? Buffer.from('04358394', 'hex')
          : Buffer.from([0x80]);
    const body =
      version.length === 4
        ? Buffer.concat([version, Buffer.alloc(9), random.bytes(32), Buffer.alloc(1), random.bytes(32)])
        : Buffer.concat([version, random.bytes(32)]);
    return encodeBase58(Buffer.concat([body, doubleSha256(body).subarray(0, 4)]));
  },
} satisfies Check;

function doubleSha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();
}

const secp256k1 = {
  description:
    '64 hex digits (0x before them or not) that are a private key of secp256k1: from 1 to the order of the curve',
  source: 'SEC 2, 2.4.1',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const [, hex] = /^(?:0[xX])?([0-9A-Fa-f]{64})$/.exec(secret) ?? [];
    if (hex === undefined || new Set(hex.toLowerCase()).size < 8) return false;
    return hex.toLowerCase() < 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
  },
  make: ({ random }) => `0x${random.pick([...'123456789abcde'])}${random.chars(ALPHABETS.hex, 63)}`,
} satisfies Check;

export const KEY_CHECKS = {
  pem,
  'pem-base64': pemBase64,
  ppk,
  'wireguard-key': wireguardKey,
  'nkey-crc16': nkeyCrc16,
  bech32,
  base58check,
  secp256k1,
} satisfies Readonly<Record<string, Check>>;
