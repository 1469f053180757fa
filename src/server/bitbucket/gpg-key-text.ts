/**
 * Reads the armoured public key that a user sends in. Everything is taken from the key itself and only as far as it is signed by it; what is kept
 * is written anew from what was understood.
 */
import { readKeys, type Key } from 'openpgp';
import type { SubKey } from '../../store/gpg-keys.ts';
import { HttpError } from '../http-error.ts';

/** Keys with hundreds of signatures of others are about as large. */
const MAX_TEXT_LENGTH = 128 * 1024;
const MAX_USER_IDS = 64;
const MAX_SUB_KEYS = 64;
/** By the key itself; each may have to be verified. Those of others are not looked at. */
const MAX_SELF_SIGNATURES = 200;

export interface ReadKey {
  readonly fingerprint: string;
  readonly keyId: string;
  readonly text: string;
  readonly email: string | null;
  /** Milliseconds since 1970; null: never. */
  readonly expires: number | null;
  readonly subKeys: readonly SubKey[];
}

/** @throws HttpError 400, which repeats nothing of the text */
export async function readGpgKey(text: string): Promise<ReadKey> {
  if (text.length > MAX_TEXT_LENGTH) throw wrong(`text must have at most ${MAX_TEXT_LENGTH} characters.`);
  if (/PRIVATE KEY/i.test(text)) throw privateKey();
  if ((text.match(/-----BEGIN /g)?.length ?? 0) > 1)
    throw wrong('text has several blocks in it; send keys one by one.');
  const [key, second] = await readKeys({ armoredKeys: text }).catch((error: unknown) => {
    throw wrong('text must be an armoured PGP public key (gpg --armor --export).', error);
  });
  if (key === undefined) throw wrong('text has no PGP public key in it (gpg --armor --export).');
  if (second !== undefined) throw wrong('text has several keys in it; send them one by one.');
  if (key.isPrivate()) throw privateKey();
  if (key.users.length > MAX_USER_IDS || key.subkeys.length > MAX_SUB_KEYS)
    throw wrong(`text must have at most ${MAX_USER_IDS} user ids and ${MAX_SUB_KEYS} sub keys.`);
  if (countSelfSignatures(key) > MAX_SELF_SIGNATURES)
    throw wrong(`text must have at most ${MAX_SELF_SIGNATURES} signatures by the key itself.`);
  const expires = await key.getExpirationTime();
  if (expires === null) throw wrong('text is not a valid key: it does not sign itself.');
  if (await key.isRevoked()) throw wrong('text is a key that was revoked.');
  return {
    fingerprint: key.getFingerprint(),
    keyId: key.getKeyID().toHex(),
    text: key.armor(),
    email: await emailOf(key),
    expires: toTime(expires),
    subKeys: await subKeysOf(key),
  };
}

function countSelfSignatures(key: Key): number {
  const { directSignatures = [] } = key as { readonly directSignatures?: readonly unknown[] };
  const ofUsers = key.users.map(({ selfCertifications, revocationSignatures }) => [
    selfCertifications,
    revocationSignatures,
  ]);
  const ofSubKeys = key.subkeys.map(({ bindingSignatures, revocationSignatures }) => [
    bindingSignatures,
    revocationSignatures,
  ]);
  return [...ofUsers.flat(), ...ofSubKeys.flat(), key.revocationSignatures, directSignatures].flat().length;
}

/** What is asked for whenever it was; a key that is over still says when and whose it was. */
const AT_ANY_TIME = null as unknown as Date;

/** Address of the user id that the key calls its own. */
async function emailOf(key: Key): Promise<string | null> {
  const primary = await key.getPrimaryUser(AT_ANY_TIME).catch(() => undefined);
  const email = primary?.user.userID?.email ?? '';
  return email === '' || /[\p{Cc}\p{Cs}]/u.test(email) ? null : email;
}

/** Sub keys that the key is bound to; what others hung on it is left out. */
async function subKeysOf(key: Key): Promise<readonly SubKey[]> {
  const found: SubKey[] = [];
  for (const subKey of key.subkeys) {
    const expires = await subKey.getExpirationTime(AT_ANY_TIME);
    if (expires !== null) found.push({ fingerprint: subKey.getFingerprint(), expires: toTime(expires) });
  }
  return found;
}

function toTime(expires: Date | number): number | null {
  return expires instanceof Date ? expires.getTime() : null;
}

function privateKey(): HttpError {
  return wrong(
    'text is a PRIVATE key. It was not stored, but it has been sent: replace it. What is wanted is the public key (gpg --armor --export).',
  );
}

function wrong(message: string, cause?: unknown): HttpError {
  return new HttpError(400, message, { context: 'text', cause });
}
