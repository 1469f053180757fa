import { ALPHABETS } from './alphabets.ts';

/** Decodes base64, ordinary or URL-safe, with or without padding; `undefined` when a character or the length cannot be base64. */
export function decodeBase64(text: string): Buffer | undefined {
  const body = text.replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9+/_-]*$/.test(body) || body.length % 4 === 1) return undefined;
  return Buffer.from(body, 'base64');
}

/** Decodes base32 (RFC 4648, A-Z2-7, either case, padding ignored); left-over bits are dropped. */
export function decodeBase32(text: string): Buffer | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const char of text.replace(/=+$/, '').toUpperCase()) {
    const digit = ALPHABETS.base32.indexOf(char);
    if (digit < 0) return undefined;
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xff);
    }
  }
  return Buffer.from(bytes);
}

/** Encodes as base32 (A-Z2-7) without padding. */
export function encodeBase32(bytes: Uint8Array): string {
  let out = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0x1fff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += ALPHABETS.base32[(value >> bits) & 31];
    }
  }
  if (bits > 0) out += ALPHABETS.base32[(value << (5 - bits)) & 31];
  return out;
}

/** Decodes base58 (Bitcoin's alphabet). At most 200 characters: the work grows with the square of the length. */
export function decodeBase58(text: string): Buffer | undefined {
  if (text.length > 200) return undefined;
  let number = 0n;
  for (const char of text) {
    const digit = ALPHABETS.base58.indexOf(char);
    if (digit < 0) return undefined;
    number = number * 58n + BigInt(digit);
  }
  const hex = number === 0n ? '' : number.toString(16);
  const zeros = /^1*/.exec(text)?.[0].length ?? 0;
  return Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')]);
}

/** Encodes as base58. */
export function encodeBase58(bytes: Uint8Array): string {
  let number = BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
  let out = '';
  for (; number > 0n; number /= 58n) out = ALPHABETS.base58[Number(number % 58n)] + out;
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return '1'.repeat(zeros < 0 ? bytes.length : zeros) + out;
}

/** Parses a JSON object; `undefined` for anything else. */
export function parseJsonObject(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether every byte is printable ASCII, or UTF-8 text without control characters. */
export function isPrintable(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('utf8');
  // oxlint-disable-next-line no-control-regex -- control characters are what text does not have
  return bytes.length > 0 && !/[\u0000-\u0008\u000b-\u001f\u007f\ufffd]/.test(text);
}
