import { crc32 as zlibCrc32 } from 'node:zlib';
import { ALPHABETS } from './alphabets.ts';

/** CRC-32 as in zlib, PNG and Ethernet (polynomial 0x04C11DB7, reflected), as an unsigned number. Text is taken as latin-1. */
export function crc32(text: string | Uint8Array): number {
  return zlibCrc32(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
}

/** CRC-16/XMODEM: polynomial 0x1021, start 0, not reflected. */
export function crc16Xmodem(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

/** CRC-24 of OpenPGP armour (RFC 9580, 6.1): polynomial 0x864CFB, start 0xB704CE. */
export function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x800000 ? ((crc << 1) ^ 0x864cfb) & 0xffffff : (crc << 1) & 0xffffff;
  }
  return crc;
}

/** A number in base 62 (0-9A-Za-z), most significant digit first, padded with `0`. */
export function toBase62(number: number, width: number): string {
  let digits = '';
  for (let rest = number; rest > 0; rest = Math.floor(rest / 62)) digits = ALPHABETS.base62[rest % 62] + digits;
  return digits.padStart(width, '0');
}

/** A number as hexadecimal, small letters, padded with `0` to 8 digits. */
export function toHex32(number: number): string {
  return number.toString(16).padStart(8, '0');
}

/** The four bytes of a number, least significant first. */
export function littleEndian32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number >>> 0);
  return bytes;
}
