/**
 * How access tokens look: `lgt_`, 40 random letters and digits, and 6 of their CRC-32. The prefix and checksum let our own rule
 * (rules/leakgate.yml) tell one from a look-alike without asking, and a mistyped token be refused without the database.
 */
import { createHash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'lgt_';
const BODY_LENGTH = 40;
const SUM_LENGTH = 6;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const TOKEN = new RegExp(`^${PREFIX}[0-9A-Za-z]{${BODY_LENGTH + SUM_LENGTH}}$`);

/** A new token: 238 random bits. */
export function makeTokenText(): string {
  const body = Array.from({ length: BODY_LENGTH }, () => DIGITS[randomInt(DIGITS.length)]).join('');
  return PREFIX + body + checksum(body);
}

/** Whether it can be a token at all. */
export function isTokenText(text: string): boolean {
  if (!TOKEN.test(text)) return false;
  const end = PREFIX.length + BODY_LENGTH;
  return checksum(text.slice(PREFIX.length, end)) === text.slice(end);
}

/** What is kept of a token. A plain hash is enough: nobody tries 2^238 values. */
export function hashTokenText(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function checksum(body: string): string {
  let digits = '';
  for (let rest = crc32(Buffer.from(body, 'latin1')); rest > 0; rest = Math.floor(rest / DIGITS.length))
    digits = (DIGITS[rest % DIGITS.length] ?? '') + digits;
  return digits.padStart(SUM_LENGTH, '0');
}
