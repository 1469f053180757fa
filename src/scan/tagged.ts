/**
 * Trees and blobs that a tag names directly. No commit has them there, so the changes of commits know nothing of their places; and what is
 * old in such a tree is in no list of new objects once a commit is pushed beside it. Rare: git is asked only where the answer depends on it.
 */
import { readObjects } from '../git/cat-file.ts';
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

/** As git reads them: the first two lines of a tag. */
const TAGGED = /^object ([0-9a-f]{40,64})\ntype ([a-z]+)\n/;
const TAGGED_BYTES = 200;
/** Nobody tags a tag of a tag; each level is two gits. */
const MAX_DEPTH = 20;
/** Beyond this the scan has not read it either. */
const MAX_TAG_BYTES = 256 << 20;

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
  if (scope.include === 'all') return [];
  const tips = await otherTips(repository, scope, listing, context);
  const { trees, blobs } = await readTagged(repository, tips, context);
  // At no path: nothing excuses it there.
  const commits: CommitChanges[] = blobs
    .filter((oid) => !isNew(oid))
    .map((oid) => ({
      commit: oid,
      parents: [],
      changes: [{ path: Buffer.alloc(0), newMode: 0o100644, newOid: oid, oldOids: [], status: 'A' }],
    }));
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

/** Tips of the scope that may be something else than a commit. */
async function otherTips(
  repository: Repository,
  { include }: HistoryScope,
  listing: ObjectListing,
  { stop }: ScanContext,
): Promise<ReadonlySet<Oid>> {
  const refs = include === 'all' ? await listRefs(repository, { signal: stop.final }) : [];
  const tips = new Set(include === 'all' ? refs.map(({ oid }) => oid) : include);
  // The tips of a push are the last of its commits.
  for (let object = listing.reached - 1; object >= 0 && tips.size > 0; object--)
    if (isCommit(listing, object)) tips.delete(oidOf(listing, object));
  return tips;
}

/**
 * What tags lead to in the end. Each object is asked for as it is kept, not as a tag has it: a git before 2.39 believes the tag, and walks no commit
 * of which one says that it is a blob.
 */
async function readTagged(repository: Repository, tips: ReadonlySet<Oid>, context: ScanContext): Promise<Tagged> {
  const types = new Map<Oid, string>();
  const said: Tag[] = [];
  let asked: readonly Oid[] = [...tips];
  for (let depth = 0; asked.length > 0 && depth < MAX_DEPTH; depth++) {
    const answers = await typesOf(repository, asked, context);
    asked.forEach((oid, i) => types.set(oid, answers[i] as string));
    const tags = await readTags(
      repository,
      asked.filter((oid) => types.get(oid) === 'tag'),
      context,
    );
    for (const tag of tags) said.push(tag);
    asked = [...new Set(tags.map(({ oid }) => oid))].filter((oid) => !types.has(oid));
  }
  const lies = said.filter(({ oid, type }) => isType(types.get(oid)) && types.get(oid) !== type);
  for (const { tag, oid, type } of lies)
    addUnread(context.tally.unread, { reason: 'corrupt', what: tag, detail: `it says that ${oid} is a ${type}` });
  for (const what of asked)
    addUnread(context.tally.unread, { reason: 'corrupt', what, detail: `a tag of a tag, ${MAX_DEPTH} times over` });
  const ofType = (type: string): Oid[] => [...types].flatMap(([oid, found]) => (found === type ? [oid] : []));
  return { trees: ofType('tree'), blobs: ofType('blob') };
}

interface Tag {
  readonly tag: Oid;
  /** What it names, and of which type it says that is. */
  readonly oid: Oid;
  readonly type: string;
}

async function readTags(repository: Repository, tags: readonly Oid[], { stop }: ScanContext): Promise<readonly Tag[]> {
  const found: Tag[] = [];
  if (tags.length === 0) return found;
  const handler = {
    object(tag: Oid, _type: string, content: Buffer): void {
      const [, oid, type] = TAGGED.exec(content.toString('latin1', 0, TAGGED_BYTES)) ?? [];
      if (oid !== undefined && type !== undefined) found.push({ tag, oid: oid as Oid, type });
    },
    unread(): void {},
  };
  await readObjects(repository, tags, handler, { maxBlobBytes: MAX_TAG_BYTES, signal: stop.final });
  return found;
}

/** Not what git says of one that is missing. */
function isType(answer: string | undefined): boolean {
  return answer !== undefined && !answer.includes(' ');
}

/** A line for each: its type, or its id and `missing`. */
async function typesOf(
  repository: Repository,
  oids: readonly Oid[],
  { stop }: ScanContext,
): Promise<readonly string[]> {
  const input = oids.map((oid) => `${oid}\n`).join('');
  const args = ['cat-file', '--batch-check=%(objecttype)', '--buffer'];
  const { stdout } = await runGit(repository, args, { input, signal: stop.final, maxBytes: Infinity });
  return stdout.toString('latin1').split('\n');
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
