import type { Suppression } from '../model/finding.ts';
import type { Oid } from '../model/oid.ts';
import type { Place } from './places.ts';
import type { RawFinding } from './raw-finding.ts';

/** A raw finding at the place where it will be shown, judged. */
export interface LocatedFinding {
  readonly raw: RawFinding;
  /** Path as text; for commits and tags their id. */
  readonly path: string;
  /** The object it was found in. */
  readonly blob?: Oid;
  /** The commit that brought it in, or the tag it stands in. */
  readonly commit?: Oid;
  /** Where it stands, in git's own terms; absent outside of history. */
  readonly place?: Place;
  readonly preExisting: boolean;
  readonly suppression?: Suppression;
}
