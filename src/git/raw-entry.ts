import { LeakgateError } from '../model/errors.ts';
import { isZeroOid, type Oid } from '../model/oid.ts';

/** One changed path of a commit or of the index. */
export interface RawChange {
  /** Exact bytes, from the root. */
  readonly path: Buffer;
  /** 0o100644, 0o100755, 0o120000 (symbolic link), 0o160000 (submodule: the id names no object here); 0 when it was deleted. */
  readonly newMode: number;
  /** All zeros when it was deleted. */
  readonly newOid: Oid;
  /** What each parent had there; all zeros for nothing, and for a submodule. */
  readonly oldOids: readonly Oid[];
  /** git's letter, one per parent: `A` added, `M` modified, `D` deleted, `T` type changed, `U` unmerged. */
  readonly status: string;
}

export const GITLINK_MODE = 0o160000;

/**
 * Parses what comes before the path in git's raw format, from `from` on: `:<mode> <mode> <oid> <oid> <status>`, or for a merge with n parents
 * n colons, n + 1 modes, n + 1 ids and n letters.
 */
export function parseRawEntry(record: Buffer, from = 0): Omit<RawChange, 'path'> {
  const text = record.toString('latin1', from);
  let parents = 0;
  while (text[parents] === ':') parents += 1;
  const fields = text.slice(parents).split(' ');
  const status = fields[2 * (parents + 1)];
  if (parents === 0 || status === undefined || fields.length !== 2 * (parents + 1) + 1) {
    throw new LeakgateError('GIT_FAILED', 'git printed a change that is not understood');
  }
  const oldOids = fields.slice(parents + 1, 2 * parents + 1) as Oid[];
  return {
    newMode: Number.parseInt(fields[parents] as string, 8),
    newOid: fields[2 * parents + 1] as Oid,
    // Its id may be that of any blob, by which the same file would seem to be there already.
    oldOids: oldOids.map((oid, i) => (Number.parseInt(fields[i] as string, 8) === GITLINK_MODE ? zerosFor(oid) : oid)),
    status,
  };
}

function zerosFor(oid: Oid): Oid {
  return '0'.repeat(oid.length) as Oid;
}

/** Whether the change leaves a blob behind whose content can be read: no deletion, no submodule. */
export function hasBlob(change: Pick<RawChange, 'newMode' | 'newOid'>): boolean {
  return change.newMode !== 0 && change.newMode !== GITLINK_MODE && !isZeroOid(change.newOid);
}
