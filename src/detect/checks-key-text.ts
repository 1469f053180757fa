/** Private keys in one line of text, most with a checksum of their own. */
import { createHash } from 'node:crypto';
import { ALPHABETS } from './alphabets.ts';
import type { Check } from './check.ts';
import { decodeBase32, decodeBase58, encodeBase32, encodeBase58 } from './codecs.ts';
import { crc16Xmodem } from './crc.ts';

const nkeyCrc16 = {
  description: 'base32 of 36 bytes, the last 2 the CRC-16 (XMODEM) of the others; the first bits spell S',
  source: 'https://github.com/nats-io/nkeys',
  trust: 'published',
  onFailure: 'drop',
  passes: (secret) => {
    const bytes = decodeBase32(secret);
    return (
      bytes?.length === 36 &&
      encodeBase32(bytes) === secret &&
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
  const codes = Array.from(human, (char) => char.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function toFiveBits(bytes: Uint8Array): number[] {
  return Array.from(encodeBase32(bytes), (char) => ALPHABETS.base32.indexOf(char));
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
  make: ({ random }) => `0x${random.chars('123456789abcde', 1)}${random.chars(ALPHABETS.hex, 63)}`,
} satisfies Check;

export const KEY_TEXT_CHECKS = {
  'nkey-crc16': nkeyCrc16,
  bech32,
  base58check,
  secp256k1,
} satisfies Readonly<Record<string, Check>>;
