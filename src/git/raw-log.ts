/**
 * Who brought which blob where: the changes of commits with exact paths, without contents (no diff is computed, so no filter, textconv or
 * external diff of the repository can run). A merge is listed with the files that differ from all of its parents, which is where an evil
 * merge hides something.
 */
import type { Unread } from '../model/coverage.ts';
import type { Oid } from '../model/oid.ts';
import { parseRawEntry, type RawChange } from './raw-entry.ts';
import { readRecords } from './records.ts';
import { describeRange, type ObjectRange } from './revisions.ts';
import { watchSilence } from './silence.ts';
import { gitFailed, spawnGit, throwIfAborted, type GitPlace } from './spawn.ts';

export interface RawCommit {
  readonly oid: Oid;
  readonly parents: readonly Oid[];
  /** A commit with very many changes comes in several pieces, one after the other. */
  readonly changes: readonly RawChange[];
}

export interface RawLogOptions {
  /** Only changes to these blobs are returned, and only commits that have one. */
  readonly blobs?: ReadonlySet<string>;
  readonly oldestFirst?: boolean;
  /** The log stops after this many changes. */
  readonly maxEntries?: number;
  /**
   * A log that prints nothing for this long is ended. A tree bomb (8 levels of 10 times the same tree: 10^9 paths in ten objects)
   * is expanded by git in memory, 200 MB a second, before the first path is printed.
   */
  readonly maxSilenceMs?: number;
  /** Told when the log stopped before its end: `too-many-paths`. */
  readonly onUnread: (unread: Unread) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Twenty million changes are more than the largest public histories have. */
const DEFAULT_MAX_ENTRIES = 20_000_000;
/** Changes of one commit that are kept before they are handed on. */
const PIECE = 10_000;
const DEFAULT_MAX_SILENCE_MS = 5_000;
const FORMAT = '@%H%n%P';
/** What is printed, whatever the repository's configuration says. */
const LOG_OPTIONS = [
  '--raw',
  '-c',
  '-z',
  '--root',
  '--no-renames',
  '--no-abbrev',
  '--no-ext-diff',
  '--no-textconv',
  '--no-relative',
  '--ignore-submodules=none',
  '--no-color',
  '--no-notes',
  '--no-mailmap',
  '--no-decorate',
  `--format=${FORMAT}`,
];
const NUL = 0;
const LF = 0x0a;
const AT = 0x40;
const COLON = 0x3a;

/** Commits of `range`, newest first unless told otherwise, in batches. `GIT_FAILED` when git could not walk all of it. */
export async function* readRawLog(
  repo: GitPlace,
  range: ObjectRange,
  options: RawLogOptions,
): AsyncGenerator<RawCommit[]> {
  const { blobs, maxEntries = DEFAULT_MAX_ENTRIES, maxSilenceMs = DEFAULT_MAX_SILENCE_MS, signal } = options;
  if (range.include.length === 0) return;
  const { args: ends, input } = describeRange(range);
  const args = [...logArguments(options), ...ends];
  const git = spawnGit(repo, args, { input, signal });
  let stopped: string | undefined;
  const stop = (why: string): void => {
    stopped = why;
    git.kill();
  };
  const silence = watchSilence(maxSilenceMs, () =>
    stop(`git log printed nothing for ${maxSilenceMs / 1000} s: a commit has more paths than can be listed`),
  );
  silence.listen();
  const builder = new CommitBuilder(blobs);
  try {
    for await (const records of readRecords(git.stdout, NUL)) {
      // Whoever takes the batch may be a while about it, with git waiting for us.
      silence.pause();
      for (const record of records) builder.add(record);
      const batch = builder.take();
      if (batch.length > 0) yield batch;
      if (builder.entries > maxEntries) stop(`more than ${maxEntries} changes`);
      if (stopped !== undefined) break;
      silence.listen();
    }
  } finally {
    silence.pause();
    git.kill();
  }
  const exit = await git.exit;
  throwIfAborted(signal);
  const last = builder.finish();
  if (last.length > 0) yield last;
  if (stopped !== undefined) options.onUnread({ reason: 'too-many-paths', what: 'git log', detail: stopped });
  else if (exit.status !== 0) throw gitFailed(args, exit);
}

function logArguments({ oldestFirst = false }: RawLogOptions): string[] {
  return ['log', ...LOG_OPTIONS, ...(oldestFirst ? ['--topo-order', '--reverse'] : [])];
}

/** Puts NUL-separated records together: a header (`@…`), then for each change its line (`:…`) and its path. */
class CommitBuilder {
  entries = 0;
  readonly #blobs: ReadonlySet<string> | undefined;
  #batch: RawCommit[] = [];
  #header: Omit<RawCommit, 'changes'> | undefined;
  #changes: RawChange[] = [];
  #pending: Omit<RawChange, 'path'> | undefined;

  constructor(blobs: ReadonlySet<string> | undefined) {
    this.#blobs = blobs;
  }

  add(record: Buffer): void {
    if (this.#pending !== undefined) {
      this.#addChange({ ...this.#pending, path: record });
      this.#pending = undefined;
      return;
    }
    const from = record[0] === LF ? 1 : 0;
    if (record[from] === COLON) this.#pending = parseRawEntry(record, from);
    else if (record[from] === AT) {
      this.#closeCommit();
      this.#header = parseHeader(record.subarray(from + 1));
    }
  }

  take(): RawCommit[] {
    const batch = this.#batch;
    this.#batch = [];
    return batch;
  }

  finish(): RawCommit[] {
    this.#closeCommit();
    return this.take();
  }

  #addChange(change: RawChange): void {
    this.entries += 1;
    if (this.#blobs !== undefined && !this.#blobs.has(change.newOid)) return;
    this.#changes.push(change);
    if (this.#changes.length >= PIECE) this.#emit();
  }

  #closeCommit(): void {
    if (this.#blobs === undefined || this.#changes.length > 0) this.#emit();
    this.#header = undefined;
  }

  #emit(): void {
    if (this.#header !== undefined) this.#batch.push({ ...this.#header, changes: this.#changes });
    this.#changes = [];
  }
}

function parseHeader(header: Buffer): Omit<RawCommit, 'changes'> {
  const [oid = '', parents = ''] = header.toString('latin1').split('\n');
  return { oid: oid as Oid, parents: parents === '' ? [] : (parents.split(' ') as Oid[]) };
}
