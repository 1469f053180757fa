import { LeakgateError } from '../model/errors.ts';
import { bytesToText } from '../model/escape.ts';
import { isOid, type Oid } from '../model/oid.ts';
import type { Repository } from './repository.ts';
import { runGit } from './spawn.ts';

export interface Ref {
  /** Full name, `refs/heads/main`; bytes that are not UTF-8 as `\xNN`. */
  readonly name: string;
  readonly oid: Oid;
}

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/** The object a person means by `revision` (`main~2`, `v1.0`, an abbreviated id); `undefined` when there is none. Asks for a commit unless told otherwise. */
export async function resolveRevision(
  repo: Repository,
  revision: string,
  options: Options & { readonly type?: 'commit' | 'object' } = {},
): Promise<Oid | undefined> {
  // A newline would answer for another revision than the one asked; NUL cannot be passed at all. No revision has either.
  if (revision === '' || /[\0-\x1f\x7f]/.test(revision)) return undefined;
  const { type = 'commit', signal } = options;
  const args = [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    type === 'commit' ? `${revision}^{commit}` : revision,
  ];
  const answer = await runGit(repo, args, { accept: [1, 128], signal });
  const oid = answer.stdout.toString('latin1').trim();
  return answer.status === 0 && isOid(oid) ? oid : undefined;
}

/** The branch HEAD points to, as a full ref name, born or not; `undefined` when HEAD is detached. */
export async function defaultBranch(repo: Repository, options: Options = {}): Promise<string | undefined> {
  const answer = await runGit(repo, ['symbolic-ref', '--quiet', 'HEAD'], { accept: [1], signal: options.signal });
  return answer.status === 0 ? bytesToText(answer.stdout).replace(/\n$/, '') : undefined;
}

/**
 * What HEAD itself points to; `undefined` before the first commit of its branch. As a revision `HEAD` would then be `refs/tags/HEAD` or
 * `refs/heads/HEAD`, which anybody may push.
 */
export async function headTip(repo: Repository, { signal }: Options = {}): Promise<Oid | undefined> {
  const answer = await runGit(repo, ['show-ref', '--verify', '--hash', 'HEAD'], { accept: [128], signal });
  if (answer.status === 0) return answer.stdout.toString('latin1').trim() as Oid;
  if (answer.stderr.endsWith(' not a valid ref')) return undefined;
  throw new LeakgateError('GIT_FAILED', `HEAD cannot be read: ${answer.stderr}`);
}

/** The commit at the tip of a branch, given as `main` or `refs/…`. Only an exact name counts, never revision syntax. */
export async function branchTip(repo: Repository, branch: string, options: Options = {}): Promise<Oid | undefined> {
  const name = branch.startsWith('refs/') ? branch : `refs/heads/${branch}`;
  // None of these can be in a ref's name, and the globs among them would mean other refs.
  if (/[\0-\x20\x7f~^:?*[\\]/.test(name)) return undefined;
  return (await listRefs(repo, { ...options, prefix: name })).find((ref) => ref.name === name)?.oid;
}

/** All refs, or those at and below `prefix`, sorted by name. Tags are not peeled. */
export async function listRefs(repo: Repository, options: Options & { readonly prefix?: string } = {}): Promise<Ref[]> {
  const { prefix, signal } = options;
  const args = ['for-each-ref', '--format=%(objectname) %(refname)', ...(prefix === undefined ? [] : [prefix])];
  const answer = await runGit(repo, args, { signal, maxBytes: Infinity });
  const refs: Ref[] = [];
  for (let from = 0; from < answer.stdout.length;) {
    const end = answer.stdout.indexOf(0x0a, from);
    const space = answer.stdout.indexOf(0x20, from);
    refs.push({
      oid: answer.stdout.toString('latin1', from, space) as Oid,
      name: bytesToText(answer.stdout.subarray(space + 1, end)),
    });
    from = end + 1;
  }
  return refs;
}
