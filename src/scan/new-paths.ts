/**
 * Names at paths that were not there before. A tree is read once, at the one path rev-list has for it: not again where it moves to, nor at
 * the second path it stands at. The changes of the commits spell out each path, so what its names are there is judged from them.
 */
import { setImmediate } from 'node:timers/promises';
import type { Oid } from '../model/oid.ts';
import { isZeroOid } from '../model/oid.ts';
import type { ChangeLog, CommitChanges } from './change-log.ts';
import { createContentScanner } from './content-scanner.ts';
import { addUnread, tooManyFindings } from './coverage-tally.ts';
import { walkTree } from './every-place.ts';
import { judgeAt, locatedAt, type ScannedHistory } from './locate-findings.ts';
import type { LocatedFinding } from './located-finding.ts';
import { createPathScanner, type PathScanner } from './path-scanner.ts';
import type { Place } from './places.ts';
import type { RawFinding } from './raw-finding.ts';
import type { ScanContext } from './scan-context.ts';

/** More than this are counted and not kept, as in the scan of objects. */
const MAX_FINDINGS = 50_000;
/** A few trees can spell out folders without end; those of a million files have a tenth of this. */
const MAX_FOLDER_BYTES = 64 << 20;
/** Paths between two looks at the clock. */
const AT_ONCE = 1_000;
const SLASH = 0x2f;

interface Found {
  readonly raw: RawFinding;
  readonly isFolder: boolean;
  readonly place: Place;
  readonly parents: readonly Oid[];
}

/**
 * Findings in names that count at a path which a commit adds, and counted at none before.
 * @param known found in the names of trees; nothing is found twice
 */
export async function findAtNewPaths(
  known: readonly RawFinding[],
  history: ScannedHistory,
  log: ChangeLog,
  context: ScanContext,
): Promise<LocatedFinding[]> {
  const scanPath = createPathScanner(context.settings, createContentScanner(context.settings));
  const found = await scanAdded(known, log, scanPath, context);
  const counted = await findCountedBefore(found, history, scanPath, context);
  return found
    .filter((item) => !counted.has(item))
    .flatMap(({ raw, place }) => locatedAt(raw, place.commit as Oid, place, { suppression: undefined, byPath: false }));
}

async function scanAdded(
  known: readonly RawFinding[],
  { commits }: ChangeLog,
  scanPath: PathScanner,
  context: ScanContext,
): Promise<Found[]> {
  const { stop, tally } = context;
  const judged = new Set(known.flatMap(({ path }) => (path === undefined ? [] : [keyOf(path)])));
  const folders = new Set<string>();
  let folderBytes = 0;
  const found: Found[] = [];
  let dropped = 0;

  function look(path: Buffer, isFolder: boolean, { commit, parents }: CommitChanges): void {
    const raws = scanPath(path, isFolder);
    if (raws.length === 0 || judged.has(keyOf(path))) return;
    const place = { path, commit };
    for (const raw of raws) {
      if (judgeAt(raw, place, context).suppression !== undefined) continue;
      if (found.length < MAX_FINDINGS) found.push({ raw, isFolder, place, parents });
      else dropped++;
    }
  }

  let looked = 0;
  for (const item of commits)
    for (const { path, newMode, oldOids } of item.changes) {
      if (newMode === 0 || !oldOids.every(isZeroOid)) continue;
      look(path, false, item);
      // A folder above one that was looked at was looked at with it.
      for (let slash = path.lastIndexOf(SLASH); slash > 0; slash = path.lastIndexOf(SLASH, slash - 1)) {
        const folder = path.subarray(0, slash);
        const key = keyOf(folder);
        if (folders.has(key)) break;
        folderBytes += slash;
        if (folderBytes > MAX_FOLDER_BYTES) {
          addUnread(tally.unread, { reason: 'too-many-paths', what: item.commit, detail: 'names of folders' });
          return found;
        }
        folders.add(key);
        look(folder, true, item);
      }
      if (++looked % AT_ONCE > 0) continue;
      await setImmediate();
      const reason = stop.reason();
      if (reason === undefined) continue;
      addUnread(tally.unread, { reason, what: item.commit, detail: 'names from here on' });
      return found;
    }
  if (dropped > 0) addUnread(tally.unread, tooManyFindings('names', dropped));
  return found;
}

/** Those whose name a parent has at a path where it counts: moving or copying what was there introduces nothing. */
async function findCountedBefore(
  found: readonly Found[],
  { repository }: ScannedHistory,
  scanPath: PathScanner,
  context: ScanContext,
): Promise<ReadonlySet<Found>> {
  const counted = new Set<Found>();
  const { pathOnly } = context.settings.ruleset;
  // Where the path itself is what is found, another path is another secret.
  const secretOf = ({ rule, fingerprint }: RawFinding): string =>
    pathOnly.includes(rule) ? `${rule}` : `${rule} ${fingerprint}`;
  const byParent = new Map<Oid, Map<string, Map<string, Found[]>>>();
  for (const item of found)
    for (const parent of item.parents) {
      const byName = entryOf(byParent, parent, () => new Map<string, Map<string, Found[]>>());
      const bySecret = entryOf(byName, nameKey(item.place.path, item.isFolder), () => new Map<string, Found[]>());
      entryOf(bySecret, secretOf(item.raw), (): Found[] => []).push(item);
    }
  for (const [parent, byName] of byParent) {
    const visit = (path: Buffer, isFolder: boolean): void => {
      const wanted = byName.get(nameKey(path, isFolder));
      // One name may stand at ten thousand paths, old and new: each secret of it is settled once.
      if (wanted === undefined || wanted.size === 0) return;
      for (const old of scanPath(path, isFolder)) {
        const items = wanted.get(secretOf(old));
        if (items === undefined || judgeAt(old, { path, commit: parent }, context).suppression !== undefined) continue;
        for (const item of items) counted.add(item);
        wanted.delete(secretOf(old));
      }
    };
    let last: Buffer = Buffer.alloc(0);
    const whole = await walkTree(repository, parent, context.stop.final, (_oid, path) => {
      visit(path, false);
      for (let slash = path.lastIndexOf(SLASH); slash > 0; slash = path.lastIndexOf(SLASH, slash - 1)) {
        const folder = path.subarray(0, slash + 1);
        if (last.subarray(0, slash + 1).equals(folder)) break;
        visit(folder.subarray(0, slash), true);
      }
      last = path;
    });
    if (!whole) addUnread(context.tally.unread, { reason: 'too-many-paths', what: parent });
  }
  return counted;
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

function keyOf(path: Uint8Array): string {
  return Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString('latin1');
}

function nameKey(path: Buffer, isFolder: boolean): string {
  return `${path.toString('latin1', path.lastIndexOf(SLASH) + 1)}${isFolder ? '/' : ''}`;
}
