/**
 * Reads objects with `git cat-file --batch`: right for everything git can read (loose, packed, quarantined, alternates, SHA-256). One git
 * process answers for many objects in the order asked, so ask in pack order (pack-order.ts) when there are many.
 *
 *     await readObjects(repo, oids, { object: (oid, type, content) => …, unread: (what) => … }, { maxBlobBytes, signal });
 *
 * An object that git cannot read does not end the reading: it is reported and the next git goes on behind it.
 */
import { LeakgateError } from '../model/errors.ts';
import type { Oid } from '../model/oid.ts';
import { BatchParser, type GitObjectType, type ObjectHandler } from './batch-parser.ts';
import { linesFrom, oidAt, toOidLines, type OidLines } from './oid-lines.ts';
import { readInto } from './pipe-reader.ts';
import { oidLength, type Repository } from './repository.ts';
import { runGit, spawnAskedGit, throwIfAborted, type AskedGit, type GitExit, type GitPlace } from './spawn.ts';

export type { GitObjectType, ObjectHandler } from './batch-parser.ts';

export interface ReadOptions {
  /** Objects larger than this (of any type) are skipped while they stream by, and reported as `too-large`. */
  readonly maxBlobBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** A `startCatFile` that nobody has asked anything yet; it is asked first, and is of no use to anybody afterwards. */
  readonly started?: AskedGit | undefined;
}

/** A git that waits for ids, for who knows that it will read objects but not yet which: git opens the repository meanwhile. */
export function startCatFile(place: GitPlace, signal: AbortSignal | undefined): AskedGit {
  return spawnAskedGit(place, ['cat-file', '--batch', '--buffer'], { signal });
}

/**
 * Hands every object to `handler`, in the order of `oids` (ids, or lines of hex), and reports each one that could not be. When it returns,
 * each id has had exactly one of the two calls. Throws when cancelled, when `handler` throws, and when git cannot be used at all.
 */
export async function readObjects(
  repo: Repository,
  oids: Uint8Array | readonly Oid[],
  handler: ObjectHandler,
  options: ReadOptions,
): Promise<void> {
  let rest = toOidLines(oids, repo.objectFormat);
  let { started } = options;
  const parser = new BatchParser(handler, oidLength(repo.objectFormat), options.maxBlobBytes);
  while (rest.count > 0) {
    parser.reset();
    parser.answered = 0;
    const idled = started !== undefined;
    const exit = await readBatch(started ?? startCatFile(repo, options.signal), rest, parser, options.signal);
    started = undefined;
    if (parser.answered === rest.count) return;
    // It may have died while it waited, of something that has nothing to do with the first object.
    if (idled && exit.status !== 0 && parser.answered === 0 && !parser.skipping) continue;
    if (exit.status === 0)
      throw new LeakgateError('GIT_FAILED', `git cat-file answered ${parser.answered} of ${rest.count} requests`);
    // Dying on the first object may also mean that git cannot work here at all; then this throws.
    if (parser.answered === 0) await runGit(repo, ['rev-parse', '--absolute-git-dir'], { signal: options.signal });
    if (!parser.skipping) handler.unread({ ...whyUnread(exit), what: oidAt(rest, parser.answered) });
    rest = linesFrom(rest, parser.answered + 1);
  }
}

/** One object, or `undefined` when it is missing, cannot be read or is larger than `maxBlobBytes`. */
export async function readObject(
  repo: Repository,
  oid: Oid,
  options: ReadOptions,
): Promise<{ readonly type: GitObjectType; readonly content: Buffer } | undefined> {
  let found: { type: GitObjectType; content: Buffer } | undefined;
  const handler: ObjectHandler = {
    object: (_oid, type, content) => void (found = { type, content: Buffer.from(content) }),
    unread: () => {},
  };
  await readObjects(repo, [oid], handler, options);
  return found;
}

async function readBatch(
  git: AskedGit,
  lines: OidLines,
  parser: BatchParser,
  signal: AbortSignal | undefined,
): Promise<GitExit> {
  // One that was started elsewhere does not know of this signal.
  if (signal?.aborted === true) git.kill();
  throwIfAborted(signal);
  signal?.addEventListener('abort', git.kill, { once: true });
  git.stdin.end(lines.bytes);
  try {
    await readInto(git.stdout, parser);
  } catch (error) {
    git.kill();
    await git.exit;
    throw error;
  } finally {
    signal?.removeEventListener('abort', git.kill);
  }
  const exit = await git.exit;
  throwIfAborted(signal);
  return exit;
}

// git dies (128) at the first object it cannot inflate or put together. A signal is not about the object's bytes: most likely memory ran out.
function whyUnread(exit: GitExit): { reason: 'corrupt' | 'unreadable' | 'missing'; detail: string } {
  if (exit.signal !== undefined)
    return { reason: 'unreadable', detail: `git was ended by ${exit.signal} while reading it` };
  // In a partial clone git dies, too, where elsewhere it says `missing`, because it may not fetch.
  if (/could not fetch [0-9a-f]+ from promisor remote/.test(exit.stderr))
    return { reason: 'missing', detail: 'left out of a partial clone' };
  return { reason: 'corrupt', detail: exit.stderr };
}
