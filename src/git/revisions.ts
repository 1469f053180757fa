import { LeakgateError } from '../model/errors.ts';
import { isOid, type Oid } from '../model/oid.ts';

/** A part of history. */
export interface ObjectRange {
  /** Tips; `all`: every ref and HEAD. Any type of object may be a tip. */
  readonly include: readonly Oid[] | 'all';
  /** What is reachable from these is left out; `all`: from every ref as it is now, which in a hook is before the push. */
  readonly exclude?: readonly Oid[] | 'all';
}

/** So many ids are arguments: a push has one or two, and a pipe to git for their sake is half a millisecond. More might be too long for a command line. */
const MOST_ARGUMENTS = 32;

/**
 * How a git that walks history is told a range: the last of its arguments, and what it reads. `--not` and `--all` are always arguments,
 * because git before 2.42 refuses them on standard input.
 */
export function describeRange({ include, exclude = [] }: ObjectRange): {
  readonly args: readonly string[];
  readonly input: string;
} {
  const ids = [
    ...(include === 'all' ? [] : include.map(checked)),
    ...(exclude === 'all' ? [] : exclude.map((oid) => `^${checked(oid)}`)),
  ];
  const sets = [...(include === 'all' ? ['--all'] : []), ...(exclude === 'all' ? ['--not', '--all'] : [])];
  if (ids.length <= MOST_ARGUMENTS) return { args: [...ids, ...sets, '--'], input: '' };
  return { args: ['--stdin', ...sets], input: ids.map((id) => `${id}\n`).join('') };
}

/** Anything else than an id could be an option. */
function checked(oid: Oid): Oid {
  if (!isOid(oid)) throw new LeakgateError('INTERNAL', `expected an object id, got ${JSON.stringify(oid)}`);
  return oid;
}
