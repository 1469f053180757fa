import { oidLength, type Repository } from '../git/repository.ts';
import { describeRange, type ObjectRange } from '../git/revisions.ts';
import { gitFailed, readOutput, spawnGit, throwIfAborted, type GitExit } from '../git/spawn.ts';
import { LeakgateError } from '../model/errors.ts';
import type { Oid } from '../model/oid.ts';
import type { RefUpdate } from '../model/ref-update.ts';
import { ListingBuilder, type ObjectListing } from './object-listing.ts';

/** A part of history: what `include` reaches and `exclude` does not. */
export interface HistoryScope extends ObjectRange {
  /** Only the included commits themselves with all that is in their trees, not what came before. */
  readonly tipOnly?: boolean;
}

/** What a push brings in: whatever its new tips reach and no ref did before. */
export function pushScope(updates: readonly RefUpdate[]): HistoryScope {
  const pushed = updates.flatMap(({ newOid }) => (newOid === undefined ? [] : [newOid]));
  return { include: [...new Set(pushed)], exclude: 'all' };
}

const REV_LIST = ['rev-list', '--objects', '--topo-order', '--in-commit-order', '--reverse', '--missing=print'];

export interface HistoryListing {
  readonly listing: ObjectListing;
  /** Objects that are referred to and not in the repository. */
  readonly missing: readonly string[];
}

/**
 * Lists the objects of a scope, each once: every commit, tag, tree and blob, merges included, oldest commit first. A git that fails
 * is an error (`GIT_FAILED`): half a listing would look like a small history.
 * @param unreached further objects to scan, which no ref reaches
 */
export async function listHistory(
  repository: Pick<Repository, 'gitDir' | 'env' | 'objectFormat'>,
  scope: HistoryScope,
  options: { readonly signal: AbortSignal; readonly unreached?: (known: ObjectListing) => Promise<readonly Oid[]> },
): Promise<HistoryListing> {
  const { signal } = options;
  const builder = new ListingBuilder(oidLength(repository.objectFormat));
  if (scope.include.length === 0) return builder.build();
  const { args: ends, input } = describeRange(scope);
  const args = [...REV_LIST, ...(scope.tipOnly === true ? ['--no-walk'] : []), ...ends];
  const git = spawnGit(repository, args, { input, signal });
  const exit = await readOutput(git, (chunk) => builder.add(chunk));
  throwIfAborted(signal);
  if (exit.status !== 0) throw cutOff(exit) ?? gitFailed(args, exit);
  const listed = builder.build();
  if (options.unreached === undefined) return listed;
  builder.addUnreached(await options.unreached(listed.listing));
  return builder.build();
}

/** The error for a history that ends in the middle, which `receive.shallowUpdate` lets in from a shallow clone. */
function cutOff({ stderr }: GitExit): LeakgateError | undefined {
  const parent = /Could not read ([0-9a-f]{40,64})\b[^]*revision walk setup failed/.exec(stderr)?.[1];
  if (parent === undefined) return undefined;
  return new LeakgateError(
    'GIT_FAILED',
    `the history ends before commit ${parent}, which is not there: it comes from a shallow clone (there, \`git fetch --unshallow\` makes it whole), or the repository is damaged`,
  );
}
