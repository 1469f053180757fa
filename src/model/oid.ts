/** A git object id: 40 hex digits (SHA-1) or 64 (SHA-256), lower case. */
export type Oid = string & { readonly __brand: 'Oid' };

const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const ZERO = /^(?:0{40}|0{64})$/;

/** Whether `text` is a full object id of either hash, the all-zero id included. */
export function isOid(text: string): text is Oid {
  return OID.test(text);
}

/** Whether `oid` is git's "no object", which stands for "created" or "deleted" in a ref update. */
export function isZeroOid(oid: string): boolean {
  return ZERO.test(oid);
}
