import { LeakgateError } from '../model/errors.ts';
import { escapeControls } from '../model/escape.ts';
import type { Oid } from '../model/oid.ts';
import { readObject } from './cat-file.ts';
import { headTip, resolveRevision } from './refs.ts';
import type { Repository } from './repository.ts';
import { runGit } from './spawn.ts';

export type FileAt =
  | { readonly kind: 'file'; readonly oid: Oid; readonly content: Buffer }
  | { readonly kind: 'absent' }
  /** There is something at the path that is not read on purpose. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface ReadFileOptions {
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A file as it is in a commit: how the policy that a repository carries is read. In a hook `HEAD` still is the default branch before the push.
 * A symbolic link is refused, because its target may be any file of the server once somebody follows it. `path` is literal, relative to the root.
 */
export async function readFileAt(
  repo: Repository,
  revision: string,
  path: string,
  options: ReadFileOptions,
): Promise<FileAt> {
  const { maxBytes, signal } = options;
  // As an object: a tip that is there but cannot be read must be an error in what follows, not an absent file.
  const commit =
    revision === 'HEAD'
      ? await headTip(repo, { signal })
      : await resolveRevision(repo, revision, { type: 'object', signal });
  if (commit === undefined) return { kind: 'absent' };
  const place = { gitDir: repo.gitDir, env: { ...repo.env, GIT_LITERAL_PATHSPECS: '1' } };
  const listing = await runGit(place, ['ls-tree', '-z', '-l', '--full-tree', commit, '--', path], { signal });
  // `<mode> SP <type> SP <oid> SP+ <size> TAB <path> NUL`
  const match = /^(\d+) (\w+) ([0-9a-f]+) +(\d+|-|BAD)\t/.exec(listing.stdout.toString('latin1'));
  if (match === null) return { kind: 'absent' };
  const [, mode, type, oid, size] = match as unknown as [string, string, string, Oid, string];
  if (mode === '120000') return { kind: 'refused', reason: 'it is a symbolic link' };
  if (type !== 'blob') return { kind: 'refused', reason: type === 'tree' ? 'it is a folder' : 'it is a submodule' };
  if (Number(size) > maxBytes) return { kind: 'refused', reason: `it has ${size} bytes, more than ${maxBytes}` };
  const object = await readObject(repo, oid, { maxBlobBytes: maxBytes, signal });
  if (object === undefined)
    throw new LeakgateError(
      'GIT_FAILED',
      `${escapeControls(path)} of ${commit} cannot be read: object ${oid} is missing or corrupt`,
    );
  return { kind: 'file', oid, content: object.content };
}
