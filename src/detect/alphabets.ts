const DIGIT = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Characters of which credentials are made, by the names that example templates use. Order is that of the digit values. */
export const ALPHABETS = {
  digit: DIGIT,
  lower: LOWER,
  upper: UPPER,
  alpha: UPPER + LOWER,
  hex: '0123456789abcdef',
  HEX: '0123456789ABCDEF',
  lalnum: DIGIT + LOWER,
  ualnum: DIGIT + UPPER,
  base62: DIGIT + UPPER + LOWER,
  word: `${DIGIT + UPPER + LOWER}_`,
  b64url: `${UPPER + LOWER + DIGIT}-_`,
  base64: `${UPPER + LOWER + DIGIT}+/`,
  base32: `${UPPER}234567`,
  lbase32: `${LOWER}234567`,
  base58: '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz',
  bech32: 'qpzry9x8gf2tvdw0s3jn54khce6mua7l',
  crockford: '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
} as const;

export type AlphabetName = keyof typeof ALPHABETS;
