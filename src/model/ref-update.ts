import type { Oid } from './oid.ts';

/** One line of pre-receive input: a ref that the push creates, moves or deletes. */
export interface RefUpdate {
  readonly ref: string;
  /** Tip before the push; absent when the ref is being created. */
  readonly oldOid?: Oid;
  /** Tip after the push; absent when the ref is being deleted. */
  readonly newOid?: Oid;
}
