import { resolve, sep } from 'node:path';
import { hasBlob, parseRawEntry, type RawChange } from './raw-entry.ts';
import { readRecords } from './records.ts';
import { resolveRevision } from './refs.ts';
import type { ObjectFormat, Repository } from './repository.ts';
import { gitFailed, spawnGit, throwIfAborted, type GitPlace } from './spawn.ts';
import type { Oid } from '../model/oid.ts';

export interface StagedOptions {
  /** Where `GIT_INDEX_FILE` is looked for: `git commit <path>` lets its pre-commit hook see another index than the usual one. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
}

/** The tree with nothing in it, which git knows without storing it. */
const EMPTY_TREE: Readonly<Record<ObjectFormat, string>> = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};
const NUL = 0;
const TAB = 0x09;
/** Stages of a path in conflict: what HEAD has there, and what the other side has. Of each path the index has them in this order. */
const OURS = '2';
const THEIRS = '3';

/**
 * What a commit made now would bring: paths whose blob differs from HEAD's (or all, before the first commit). Deletions, submodules and paths
 * only announced with `add -N` are left out. Of a path in conflict it is what the other side brings. The working tree is not looked at, so no filter or file system monitor of the repository can run.
 */
export async function listStaged(repo: Repository, options: StagedOptions = {}): Promise<RawChange[]> {
  const { env = process.env, cwd = process.cwd(), signal } = options;
  const base = (await resolveRevision(repo, 'HEAD', { signal })) ?? EMPTY_TREE[repo.objectFormat];
  const index = indexFile(repo, env, cwd);
  const place = { gitDir: repo.gitDir, env: index === undefined ? repo.env : { ...repo.env, GIT_INDEX_FILE: index } };
  const args = [
    'diff-index',
    '--cached',
    '--raw',
    '-z',
    '--no-abbrev',
    '--no-renames',
    '--no-ext-diff',
    '--no-textconv',
    '--no-relative',
    '--ita-invisible-in-index',
    '--ignore-submodules=none',
    base,
    '--',
  ];
  const changes: RawChange[] = [];
  let pending: Omit<RawChange, 'path'> | undefined;
  let conflicts = false;
  for await (const record of recordsOf(place, args, signal)) {
    if (pending === undefined) {
      pending = parseRawEntry(record);
      continue;
    }
    if (pending.status === 'U') conflicts = true;
    else if (hasBlob(pending)) changes.push({ ...pending, path: record });
    pending = undefined;
  }
  if (conflicts) changes.push(...(await listConflicts(place, signal)));
  return changes;
}

/** `diff-index` shows no blobs of these. */
async function listConflicts(place: GitPlace, signal: AbortSignal | undefined): Promise<RawChange[]> {
  const changes: RawChange[] = [];
  let ours: Unmerged | undefined;
  for await (const record of recordsOf(place, ['ls-files', '--unmerged', '-z'], signal)) {
    const { stage, path, newMode, newOid } = parseUnmerged(record);
    if (stage === OURS) ours = { stage, path, newMode, newOid };
    if (stage !== THEIRS || !hasBlob({ newMode, newOid })) continue;
    const old = ours?.path.equals(path) === true ? ours.newOid : ('0'.repeat(newOid.length) as Oid);
    changes.push({ path, newMode, newOid, oldOids: [old], status: 'U' });
  }
  return changes;
}

interface Unmerged extends Pick<RawChange, 'path' | 'newMode' | 'newOid'> {
  readonly stage: string;
}

/** `<mode> <oid> <stage>\t<path>` */
function parseUnmerged(record: Buffer): Unmerged {
  const tab = record.indexOf(TAB);
  const [mode = '', oid = '', stage = ''] = record.toString('latin1', 0, tab).split(' ');
  return { stage, path: record.subarray(tab + 1), newMode: Number.parseInt(mode, 8), newOid: oid as Oid };
}

async function* recordsOf(
  place: GitPlace,
  args: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const git = spawnGit(place, args, { signal });
  try {
    for await (const records of readRecords(git.stdout, NUL)) yield* records;
  } finally {
    git.kill();
  }
  const exit = await git.exit;
  throwIfAborted(signal);
  if (exit.status !== 0) throw gitFailed(args, exit);
}

// Only an index of this very repository: the variable may be left from a commit in another one.
function indexFile(repo: Repository, env: NodeJS.ProcessEnv, cwd: string): string | undefined {
  const value = env['GIT_INDEX_FILE'];
  if (value === undefined || value === '') return undefined;
  const file = resolve(cwd, value);
  return file.startsWith(repo.gitDir + sep) ? file : undefined;
}
