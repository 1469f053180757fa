/**
 * Passwords, kept as scrypt hashes. One takes about 160 ms and 32 MiB, so at most two are computed at a time: many attempts at once must not
 * take the server's memory and threads from those who are logged in.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { LeakgateError } from '../model/errors.ts';

const MIN_LENGTH = 8;
/** scrypt would take more; nobody types it. */
const MAX_LENGTH = 1024;

/** @throws LeakgateError `VALUE_INVALID` when the password cannot be one */
export async function hashPassword(password: string): Promise<string> {
  if (password.length < MIN_LENGTH)
    throw new LeakgateError('VALUE_INVALID', `a password has at least ${MIN_LENGTH} characters`);
  if (password.length > MAX_LENGTH)
    throw new LeakgateError('VALUE_INVALID', `a password has at most ${MAX_LENGTH} characters`);
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, CURRENT);
  return ['scrypt', CURRENT.N, CURRENT.r, CURRENT.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/**
 * Whether it is the password of that hash. Without a hash (no such user, or one without a password) the answer is no, and takes as long:
 * the time must not tell which names exist.
 */
export async function verifyPassword(password: string, hash: string | null | undefined): Promise<boolean> {
  const parsed = hash === null || hash === undefined ? undefined : parseHash(hash);
  const { cost, salt, expected } = parsed ?? NOBODY;
  const tooLong = password.length > MAX_LENGTH;
  const actual = await derive(tooLong ? '' : password, salt, cost);
  return timingSafeEqual(actual, expected) && parsed !== undefined && !tooLong;
}

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** As OWASP recommends; kept in each hash, so that it can be raised later. */
const CURRENT: Cost = { N: 2 ** 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const NOBODY = { cost: CURRENT, salt: randomBytes(SALT_BYTES), expected: randomBytes(HASH_BYTES) };

function parseHash(hash: string): typeof NOBODY {
  const [, N = '', r = '', p = '', salt = '', expected = ''] =
    /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([\w-]{20,})\$([\w-]{43})$/.exec(hash) ?? [];
  if (expected === '') throw new LeakgateError('STORE_FAILED', 'the store has a password hash of an unknown form');
  return {
    cost: { N: Number(N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    expected: Buffer.from(expected, 'base64url'),
  };
}

/** The same word can be written as different characters (é, or e and an accent), depending on the keyboard: NFC makes one of them. */
async function derive(password: string, salt: Buffer, { N, r, p }: Cost): Promise<Buffer> {
  const leave = await enter();
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      scrypt(password.normalize('NFC'), salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
        error === null ? resolve(key) : reject(error),
      );
    });
  } finally {
    leave();
  }
}

const AT_ONCE = 2;
let running = 0;
const waiting: (() => void)[] = [];

/** Waits until fewer than two are computed; call what it returns when done. */
async function enter(): Promise<() => void> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => void waiting.push(resolve));
  else running++;
  return () => {
    const next = waiting.shift();
    // The place goes from hand to hand, so that nobody who comes now is faster.
    if (next === undefined) running--;
    else next();
  };
}
