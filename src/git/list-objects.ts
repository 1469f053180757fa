/**
 * Which objects a scan is about: everything reachable from some tips and not from others, each object once. For a push that is what the
 * pushed tips make reachable for the first time: commits, tags, trees and blobs, merges included.
 */
import { LeakgateError } from '../model/errors.ts';
import { isOid, type Oid } from '../model/oid.ts';
import { readRecords } from './records.ts';
import { oidLength, type Repository } from './repository.ts';
import { gitFailed, spawnGit, throwIfAborted } from './spawn.ts';

export interface ObjectRange {
  /** Tips; `all`: every ref and HEAD. Any type of object may be a tip. */
  readonly include: readonly Oid[] | 'all';
  /** What is reachable from these is left out; `all`: from every ref as it is now, which in a hook is before the push. */
  readonly exclude?: readonly Oid[] | 'all';
}

export interface ListedObject {
  readonly oid: Oid;
  /**
   * A path at which it is found, empty for a root tree. A hint, for there may be others: git cuts it at a newline, and for a tag it is the tag's
   * name. Exact paths come from `readRawLog`.
   */
  readonly path?: Buffer;
  /** The commit it is listed after: the first one that has it. What tags name directly is listed after the first commit of all. */
  readonly commit?: Oid;
  readonly isCommit: boolean;
}

export interface ListOptions {
  /** Told of every object that should be there and is not (partial clone, damage); what hangs below it is not listed. */
  readonly onMissing: (oid: Oid) => void;
  readonly signal?: AbortSignal | undefined;
}

const LF = 0x0a;
const QUESTION_MARK = 0x3f;

/** Lists the objects of `range` in batches, oldest commit first. `GIT_FAILED` when git could not walk all of it: nothing may then be called clean. */
export async function* listObjects(
  repo: Repository,
  range: ObjectRange,
  options: ListOptions,
): AsyncGenerator<ListedObject[]> {
  const hexDigits = oidLength(repo.objectFormat);
  let commit: Oid | undefined;
  for await (const lines of revList(repo, range, ['--in-commit-order', '--reverse'], options.signal)) {
    const batch: ListedObject[] = [];
    for (const line of lines) {
      if (line[0] === QUESTION_MARK) {
        options.onMissing(line.toString('latin1', 1, hexDigits + 1) as Oid);
        continue;
      }
      const oid = line.toString('latin1', 0, hexDigits) as Oid;
      const isCommit = line.length === hexDigits;
      if (isCommit) commit = oid;
      batch.push({
        oid,
        isCommit,
        ...(isCommit ? {} : { path: line.subarray(hexDigits + 1) }),
        ...(commit === undefined ? {} : { commit }),
      });
    }
    if (batch.length > 0) yield batch;
  }
}

/** The ids alone, as lines of hex that `readObjects` and `toPackOrder` take: for whole histories, where a record for each object is too much. */
export async function listObjectIds(repo: Repository, range: ObjectRange, options: ListOptions): Promise<Buffer> {
  const hexDigits = oidLength(repo.objectFormat);
  const parts: Buffer[] = [];
  for await (const lines of revList(repo, range, ['--no-object-names'], options.signal)) {
    const part = Buffer.allocUnsafe(lines.length * (hexDigits + 1));
    let length = 0;
    for (const line of lines) {
      if (line[0] === QUESTION_MARK) {
        options.onMissing(line.toString('latin1', 1, hexDigits + 1) as Oid);
        continue;
      }
      length += line.copy(part, length, 0, hexDigits);
      part[length++] = LF;
    }
    parts.push(part.subarray(0, length));
  }
  return Buffer.concat(parts);
}

async function* revList(
  repo: Repository,
  range: ObjectRange,
  order: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer[]> {
  const { include, exclude = [] } = range;
  if (include.length === 0) return;
  // `--all` and `--not` go behind `--stdin` and onto the command line: before git 2.42 they are refused inside the input.
  const args = [
    'rev-list',
    '--objects',
    ...order,
    '--missing=print',
    '--stdin',
    ...(include === 'all' ? ['--all'] : []),
    ...(exclude === 'all' ? ['--not', '--all'] : []),
  ];
  const input = [
    ...(include === 'all' ? [] : include.map(checked)),
    ...(exclude === 'all' ? [] : exclude.map((oid) => `^${checked(oid)}`)),
  ];
  const git = spawnGit(repo, args, { signal });
  git.stdin.end(input.map((line) => `${line}\n`).join(''));
  try {
    yield* readRecords(git.stdout, LF);
  } finally {
    git.kill();
  }
  const exit = await git.exit;
  throwIfAborted(signal);
  if (exit.status !== 0) throw gitFailed(args, exit);
}

function checked(oid: Oid): Oid {
  if (!isOid(oid)) throw new LeakgateError('INTERNAL', `expected an object id, got ${JSON.stringify(oid)}`);
  return oid;
}
