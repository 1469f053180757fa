import type { ObjectRange } from '../../src/git/revisions.ts';
import type { Repository } from '../../src/git/repository.ts';
import type { Oid } from '../../src/model/oid.ts';
import { listHistory } from '../../src/scan/list-history.ts';
import { commitOf, isCommit, nameOf, oidOf } from '../../src/scan/object-listing.ts';

export interface ListedObject {
  /** As rev-list prints it. */
  readonly path: Buffer;
  /** The commit it is listed after. */
  readonly commit?: Oid;
  readonly isCommit: boolean;
}

export interface Listed {
  readonly objects: ReadonlyMap<Oid, ListedObject>;
  /** The ids as lines, which is what `readObjects` and `packOrder` take. */
  readonly ids: Buffer;
  readonly missing: readonly Oid[];
}

/** The listing of a range, spelled out. */
export async function listObjects(
  repository: Pick<Repository, 'gitDir' | 'env' | 'objectFormat'>,
  range: ObjectRange = { include: 'all' },
  signal: AbortSignal = new AbortController().signal,
): Promise<Listed> {
  const { listing, missing } = await listHistory(repository, range, { signal });
  const objects = new Map<Oid, ListedObject>();
  for (let object = 0; object < listing.count; object++) {
    const commit = commitOf(listing, object);
    objects.set(oidOf(listing, object), {
      path: nameOf(listing, object),
      ...(commit === undefined ? {} : { commit: oidOf(listing, commit) }),
      isCommit: isCommit(listing, object),
    });
  }
  if (objects.size !== listing.count) throw new Error('an object is listed twice');
  return {
    objects,
    ids: Buffer.from([...objects.keys()].map((oid) => `${oid}\n`).join('')),
    missing: missing as Oid[],
  };
}
