/** Keys of users as Bitbucket shows them: without their text. */
import { Type, type Static } from 'typebox';
import { subKeysOf, type GpgKeyRow } from '../../store/gpg-keys.ts';
import { orNull } from '../or-null.ts';

const Fingerprint = Type.String({ description: 'Hex in pairs, with colons.' });
const Expiry = orNull(Type.Integer(), { description: 'Milliseconds since 1970; null: never.' });
export const RestGpgKey = Type.Object({
  id: Type.String({ description: '16 hex digits.' }),
  fingerprint: Fingerprint,
  emailAddress: orNull(Type.String()),
  expiryDate: Expiry,
  subKeys: Type.Array(Type.Object({ fingerprint: Fingerprint, expiryDate: Expiry })),
});

export function toRestKey(row: GpgKeyRow): Static<typeof RestGpgKey> {
  return {
    id: row.keyId,
    fingerprint: inPairs(row.fingerprint),
    emailAddress: row.email,
    expiryDate: row.expires,
    subKeys: subKeysOf(row).map(({ fingerprint, expires }) => ({
      fingerprint: inPairs(fingerprint),
      expiryDate: expires,
    })),
  };
}

/** `4351a0` as `43:51:a0`. */
function inPairs(hex: string): string {
  return hex.match(/../g)?.join(':') ?? hex;
}
