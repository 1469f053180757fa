/**
 * Every place of a branch that has or had content with findings: what a server keeps of a branch. Ordinary scans report content once; here each
 * path counts, so that a scan of what is new since the last one, added to what is known, is the same as a scan of everything:
 *
 *     places(all commits) = places(old commits) ∪ places(new commits)
 *
 * where the places of a commit are what its changes leave behind. A blob that is older than the range but comes to a new path in it is read again.
 */
import { hasBlob } from '../git/raw-entry.ts';
import { readRawLog } from '../git/raw-log.ts';
import { readRecords } from '../git/records.ts';
import type { Repository } from '../git/repository.ts';
import { gitFailed, spawnGit } from '../git/spawn.ts';
import type { Oid } from '../model/oid.ts';
import { addUnread, tooManyFindings } from './coverage-tally.ts';
import { createContentScanner } from './content-scanner.ts';
import { judgeAt, locatedAt, placeOf, type ScannedHistory } from './locate-findings.ts';
import type { LocatedFinding } from './located-finding.ts';
import { ListingBuilder, oidOf, type ObjectListing } from './object-listing.ts';
import { createPathScanner } from './path-scanner.ts';
import { hintOf, type Place } from './places.ts';
import type { RawFinding } from './raw-finding.ts';
import type { ScanContext } from './scan-context.ts';
import { scanObjects } from './scan-objects.ts';

/** More findings than this are counted and not kept: one blob with a thousand of them may stand at a thousand paths. */
const MAX_FINDINGS = 200_000;
/** A tree of more entries than this is not walked to its end. */
const MAX_ENTRIES = 2_000_000;

/** A place, and when: higher is older. */
interface DatedPlace extends Place {
  readonly age: number;
}

interface Walk {
  /** Places of each blob by path, the oldest commit of each. */
  readonly places: Map<Oid, Map<string, DatedPlace>>;
  /** Paths that are findings themselves. */
  readonly inPaths: { readonly raw: RawFinding; readonly place: DatedPlace }[];
}

export async function findEveryPlace(
  raw: readonly RawFinding[],
  history: ScannedHistory,
  isNew: (oid: Oid) => boolean,
  context: ScanContext,
): Promise<LocatedFinding[]> {
  const { listing, scope } = history;
  const inBlobs = new Map<Oid, RawFinding[]>();
  for (const finding of raw) if (finding.kind === 'blob') append(inBlobs, oidOf(listing, finding.object), finding);
  const incremental = scope.exclude !== undefined && scope.exclude.length > 0;
  const walk = await walkPlaces(history, (oid) => inBlobs.has(oid) || (incremental && !isNew(oid)), context);
  for (const [oid, findings] of await scanOlder(walk, isNew, incremental, history, context)) inBlobs.set(oid, findings);
  const located: { readonly age: number; readonly found: readonly LocatedFinding[] }[] = [];
  let count = 0;
  const keep = (finding: RawFinding, oid: Oid, place: DatedPlace): void => {
    const found = count < MAX_FINDINGS ? locatedAt(finding, oid, place, judgeAt(finding, place, context)) : [];
    count += 1;
    if (found.length > 0) located.push({ age: place.age, found });
  };
  for (const [oid, findings] of inBlobs) {
    const places = walk.places.get(oid);
    // The walk was stopped before it came by: what rev-list said is all that is known.
    const known = places === undefined ? findings.map((finding) => hintFor(finding, listing)) : [...places.values()];
    for (const finding of findings) for (const place of known) keep(finding, oid, place);
  }
  for (const { raw: finding, place } of walk.inPaths) keep(finding, place.commit as Oid, place);
  for (const finding of raw)
    if (finding.kind !== 'blob')
      keep(finding, oidOf(listing, finding.object), {
        ...placeOf(finding, listing),
        age: listing.count - finding.object,
      });
  if (count > MAX_FINDINGS) addUnread(context.tally.unread, tooManyFindings('branch', count - MAX_FINDINGS));
  return located.sort((a, b) => b.age - a.age).flatMap(({ found }) => found);
}

function hintFor(finding: RawFinding, listing: ObjectListing): DatedPlace {
  return { ...hintOf(listing, finding.object), age: 0 };
}

/** Walks the scope once: places of wanted blobs, and the paths that have not been seen. */
async function walkPlaces(history: ScannedHistory, wanted: (oid: Oid) => boolean, context: ScanContext): Promise<Walk> {
  const walk: Walk = { places: new Map(), inPaths: [] };
  const lookAtPath = createPathLook(walk, context);
  let age = 0;
  const visit = (oid: Oid, path: Buffer, commit: Oid): void => {
    lookAtPath(path, commit, age);
    if (!wanted(oid)) return;
    const key = path.toString('latin1');
    const places = walk.places.get(oid) ?? new Map<string, DatedPlace>();
    // Commits come newest first, so the last one stands.
    places.set(key, { path: Buffer.from(path), commit, age });
    walk.places.set(oid, places);
  };
  const { repository, scope } = history;
  const { stop, tally } = context;
  if (scope.tipOnly === true) {
    for (const commit of scope.include === 'all' ? [] : scope.include) {
      const whole = await walkTree(repository, commit, stop.final, (oid, path) => visit(oid, path, commit));
      if (!whole) addUnread(tally.unread, { reason: 'too-many-paths', what: commit });
    }
    return walk;
  }
  const log = readRawLog(repository, scope, {
    onUnread: (unread) => addUnread(tally.unread, unread),
    signal: stop.final,
  });
  for await (const commits of log) {
    for (const { oid: commit, changes } of commits) {
      age++;
      for (const change of changes) {
        if (hasBlob(change)) visit(change.newOid, change.path, commit);
        else if (change.newMode !== 0) lookAtPath(change.path, commit, age);
      }
    }
  }
  return walk;
}

/** Scans each path and the folders above it the first time, and notes the oldest commit of those with findings. */
function createPathLook(walk: Walk, { settings }: ScanContext): (path: Buffer, commit: Oid, age: number) => void {
  const scanPath = createPathScanner(settings, createContentScanner(settings));
  const seen = new Map<string, number | undefined>();
  const look = (path: Buffer, isFolder: boolean, commit: Oid, age: number): boolean => {
    const key = `${isFolder ? '/' : ''}${path.toString('latin1')}`;
    if (seen.has(key)) {
      for (let i = seen.get(key) ?? walk.inPaths.length; i < walk.inPaths.length; i++) {
        const item = walk.inPaths[i] as Walk['inPaths'][number];
        if (!item.place.path.equals(path)) break;
        walk.inPaths[i] = { raw: item.raw, place: { ...item.place, commit, age } };
      }
      return false;
    }
    const copy = Buffer.from(path);
    const found = scanPath(copy, isFolder);
    seen.set(key, found.length > 0 ? walk.inPaths.length : undefined);
    for (const raw of found) walk.inPaths.push({ raw, place: { path: copy, commit, age } });
    return true;
  };
  return (path, commit, age) => {
    look(path, false, commit, age);
    for (let slash = path.lastIndexOf(SLASH); slash > 0; slash = path.lastIndexOf(SLASH, slash - 1))
      look(path.subarray(0, slash), true, commit, age);
  };
}

const SLASH = 0x2f;
const TAB = 0x09;

/** Blobs that the range did not bring and that stand at places it did: they are not in its listing. */
async function scanOlder(
  walk: Walk,
  isNew: (oid: Oid) => boolean,
  incremental: boolean,
  { repository, listing }: ScannedHistory,
  { policy, settings, options, stop, tally, progress }: ScanContext,
): Promise<ReadonlyMap<Oid, RawFinding[]>> {
  const found = new Map<Oid, RawFinding[]>();
  const older = incremental ? [...walk.places.keys()].filter((oid) => !isNew(oid)) : [];
  if (older.length === 0) return found;
  const builder = new ListingBuilder(listing.idLength);
  builder.addUnreached(older);
  const again = builder.build().listing;
  const raw = await scanObjects({
    repository,
    listing: again,
    settings,
    maxBlobBytes: policy.settings.maxBlobBytes,
    workers: options.workers,
    keptThreads: options.keptThreads,
    stop,
    tally,
    progress,
  });
  // Numbers below zero keep them apart from the objects of the listing.
  for (const finding of raw) append(found, oidOf(again, finding.object), { ...finding, object: -1 - finding.object });
  return found;
}

/** Calls back for every file of a commit's tree. False when it was too large to be walked. */
export async function walkTree(
  repository: Repository,
  commit: Oid,
  signal: AbortSignal,
  visit: (oid: Oid, path: Buffer) => void,
): Promise<boolean> {
  const args = ['ls-tree', '-r', '-z', '--full-tree', commit];
  const git = spawnGit(repository, args, { signal });
  let entries = 0;
  try {
    for await (const records of readRecords(git.stdout, 0)) {
      entries += records.length;
      for (const record of records) {
        const tab = record.indexOf(TAB);
        visit(record.toString('latin1', tab - commit.length, tab) as Oid, record.subarray(tab + 1));
      }
      if (entries > MAX_ENTRIES) return false;
    }
  } finally {
    git.kill();
  }
  const exit = await git.exit;
  if (exit.status !== 0) throw gitFailed(args, exit);
  return true;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
