/**
 * Trees and blobs that a tag names directly. No commit has them there, so the changes of commits know nothing of their places; and what is
 * old in such a tree is in no list of new objects once a commit is pushed beside it. Rare: git is asked only where the answer depends on it.
 */
import type { Repository } from '../git/repository.ts';
import { listRefs } from '../git/refs.ts';
import { runGit } from '../git/spawn.ts';
import type { Oid } from '../model/oid.ts';
import { KEEP_CHANGES, type ChangeLog, type CommitChanges } from './change-log.ts';
import { addUnread } from './coverage-tally.ts';
import { findInTree, type BlobsWanted } from './find-in-tree.ts';
import type { HistoryScope } from './list-history.ts';
import type { ScannedHistory } from './locate-findings.ts';
import type { LocatedFinding } from './located-finding.ts';
import { isCommit, oidOf, type ObjectListing } from './object-listing.ts';
import { addPlace, type Place, type PlacesByPath } from './places.ts';
import type { ScanContext } from './scan-context.ts';

const LF = 0x0a;

interface Tagged {
  readonly trees: readonly Oid[];
  readonly blobs: readonly Oid[];
}

/** Where these blobs stand in what tags name: at a path of a tree, or at none. */
export async function placesInTagged(
  wanted: ReadonlySet<Oid>,
  { repository, scope, listing }: ScannedHistory,
  context: ScanContext,
): Promise<ReadonlyMap<Oid, PlacesByPath>> {
  const places = new Map<Oid, Map<string, Place>>();
  if (scope.tipOnly === true) return places;
  const { trees, blobs } = await readTagged(repository, await otherTips(repository, scope, listing, context), context);
  for (const oid of blobs) if (wanted.has(oid)) addPlace(places, oid, { path: Buffer.alloc(0) });
  for (const tree of trees)
    for (const { oid, path } of await findIn(repository, tree, wanted, context)) addPlace(places, oid, { path });
  return places;
}

/** What tagged trees have, each as if it were a commit without parents that adds it: old blobs, and as many new ones as of commits, for their names. */
export async function changesOfTagged(
  { repository, scope, listing }: ScannedHistory,
  isNew: (oid: Oid) => boolean,
  context: ScanContext,
): Promise<ChangeLog['commits']> {
  if (!namesTrees(listing, scope)) return [];
  const { trees } = await readTagged(repository, await otherTips(repository, scope, listing, context), context);
  const commits: CommitChanges[] = [];
  let room = KEEP_CHANGES;
  for (const tree of trees) {
    const files = await findIn(repository, tree, { has: (oid) => !isNew(oid) || room-- > 0 }, context);
    const changes = files.map(({ oid, path }) => ({ path, newMode: 0o100644, newOid: oid, oldOids: [], status: 'A' }));
    commits.push({ commit: tree, parents: [], changes });
  }
  return commits;
}

/** Findings in them stand in no commit. */
export function withoutTrees(findings: readonly LocatedFinding[], tagged: ChangeLog['commits']): LocatedFinding[] {
  const trees = new Set(tagged.map(({ commit }) => commit));
  return findings.map((finding) => {
    if (finding.commit === undefined || !trees.has(finding.commit)) return finding;
    const { commit: _tree, ...rest } = finding;
    return rest;
  });
}

/**
 * Whether tags may name trees that are new. rev-list lists what tags name after the first commit, without a path, as it does the root of
 * that commit.
 */
function namesTrees(listing: ObjectListing, { include }: HistoryScope): boolean {
  if (include === 'all' || listing.reached === 0) return false;
  const beside = isCommit(listing, 0);
  let first: Oid | undefined;
  for (let object = beside ? 1 : 0; object < listing.reached && !isCommit(listing, object); object++) {
    if (!isNameless(listing, object)) continue;
    if (!beside || first !== undefined) return true;
    first = oidOf(listing, object);
  }
  return first !== undefined && include.includes(first);
}

/** Whether there is nothing behind the space. Asked for every object of a commit, which may be a million. */
function isNameless({ bytes, starts, idLength }: ObjectListing, object: number): boolean {
  return bytes[(starts[object] as number) + idLength + 1] === LF;
}

/** Tips of the scope that may be something else than a commit. */
async function otherTips(
  repository: Repository,
  { include }: HistoryScope,
  listing: ObjectListing,
  { stop }: ScanContext,
): Promise<ReadonlySet<Oid>> {
  const refs = include === 'all' ? await listRefs(repository, { signal: stop.final }) : [];
  const tips = new Set(include === 'all' ? refs.map(({ oid }) => oid) : include);
  for (let object = 0; object < listing.reached && tips.size > 0; object++)
    if (isCommit(listing, object)) tips.delete(oidOf(listing, object));
  return tips;
}

async function readTagged(repository: Repository, tips: ReadonlySet<Oid>, { stop }: ScanContext): Promise<Tagged> {
  if (tips.size === 0) return { trees: [], blobs: [] };
  const input = [...tips].map((oid) => `${oid}^{}\n`).join('');
  const args = ['cat-file', '--batch-check=%(objecttype) %(objectname)', '--buffer'];
  const { stdout } = await runGit(repository, args, { input, signal: stop.final, maxBytes: Infinity });
  const lines = [...new Set(stdout.toString('latin1').split('\n'))];
  const ofType = (type: string): Oid[] =>
    lines.flatMap((line) => (line.startsWith(`${type} `) ? [line.slice(type.length + 1) as Oid] : []));
  return { trees: ofType('tree'), blobs: ofType('blob') };
}

async function findIn(
  repository: Repository,
  tree: Oid,
  wanted: BlobsWanted,
  { stop, tally }: ScanContext,
): Promise<readonly { readonly oid: Oid; readonly path: Buffer }[]> {
  const { found, whole } = await findInTree(repository, tree, wanted, stop.final);
  if (!whole) addUnread(tally.unread, { reason: 'too-many-paths', what: tree });
  return found;
}
