/**
 * What a push or range introduces and what was there before. A secret counts as introduced when the parents' version of its file does
 * not have it where it counts: moving or re-indenting a line introduces nothing, nor does renaming a file; taking a secret out of a line
 * that is excused does.
 */
import { isZeroOid, type Oid } from '../model/oid.ts';
import type { ChangeLog } from './change-log.ts';
import { readCommitInfo } from './commit-info.ts';
import type { LocatedFinding } from './located-finding.ts';
import type { ScannedHistory } from './locate-findings.ts';
import { createOldVersions, type OldVersions } from './old-versions.ts';
import type { Place } from './places.ts';
import type { RawFinding } from './raw-finding.ts';
import { resolvePaths } from './resolve-paths.ts';
import type { ScanContext } from './scan-context.ts';

/** Files that one commit deleted and that are looked into when it adds one: a rename with an edit. */
const MAX_DELETED = 100;

/** Marks the findings which every parent version of their file had already, and not excused. */
export async function markPreExisting(
  findings: readonly LocatedFinding[],
  history: ScannedHistory,
  log: ChangeLog,
  context: ScanContext,
): Promise<LocatedFinding[]> {
  const counting = findings.filter(
    ({ suppression, place, raw }) =>
      suppression === undefined && place?.commit !== undefined && (raw.kind === 'blob' || raw.kind === 'path'),
  );
  if (counting.length === 0) return [...findings];
  const asked = new Set(counting);
  const there = await readObjectsBefore(
    counting.map(({ place }) => place as Place),
    history,
    context,
  );
  const old = createOldVersions(history.repository, context);
  const inFiles = counting.filter(({ raw }) => isInFile(raw, context));
  await old.load(inFiles.flatMap(({ place }) => there.get(placeKey(place as Place)) ?? []));
  const before = onlyFiles(there, log, old);
  const deleted = await readDeleted(
    inFiles.filter(({ raw }) => raw.kind === 'blob'),
    before,
    log,
    old,
  );
  return findings.map((finding) => {
    if (!asked.has(finding)) return finding;
    const { raw } = finding;
    const place = finding.place as Place;
    const key = placeKey(place);
    const versions = before.get(key);
    const known =
      raw.kind === 'path'
        ? (isInFile(raw, context) ? before : there).has(key)
        : versions !== undefined
          ? versions.every((oid) => old.counted(oid, raw, place.path))
          : // What comes out of an excluded path is new.
            (deleted.get(place.commit as Oid) ?? []).some(({ oid, path }) => old.counted(oid, raw, path));
    return known ? { ...finding, preExisting: true } : finding;
  });
}

/** Whether only a file can have it. A folder has a secret that is written in its name, and no other. */
function isInFile(raw: RawFinding, { judge }: ScanContext): boolean {
  return raw.kind === 'blob' || judge.ruleOf(raw).pattern === undefined;
}

/**
 * For each place, the versions of the file that its commit's parents have at the same path, loaded into `old`. Nothing in the map: no file
 * was there.
 */
export async function readVersionsBefore(
  places: readonly Place[],
  history: ScannedHistory,
  log: ChangeLog,
  context: ScanContext,
  old: OldVersions,
): Promise<Map<string, Oid[]>> {
  const there = await readObjectsBefore(places, history, context);
  await old.load([...there.values()].flat());
  return onlyFiles(there, log, old);
}

/** Leaves out folders and submodules: a file that takes the place of one is new at its path. */
function onlyFiles(
  there: ReadonlyMap<string, readonly Oid[]>,
  { commits }: ChangeLog,
  old: OldVersions,
): Map<string, Oid[]> {
  const told = new Map<string, Oid[]>();
  for (const { commit, changes } of commits)
    for (const { path, oldOids } of changes) {
      const key = placeKey({ commit, path });
      // A malformed tree may have a path twice.
      if (!there.has(key)) continue;
      const known = told.get(key);
      if (known === undefined) told.set(key, [...oldOids]);
      else known.push(...oldOids);
    }
  const before = new Map<string, Oid[]>();
  for (const [key, oids] of there) {
    const files = oids.filter((oid) => old.isFile(oid) && told.get(key)?.includes(oid) !== false);
    if (files.length > 0) before.set(key, files);
  }
  return before;
}

/** For each place, what its commit's parents have at the same path: files and folders. */
async function readObjectsBefore(
  places: readonly Place[],
  { repository }: ScannedHistory,
  { stop }: ScanContext,
): Promise<Map<string, Oid[]>> {
  // Many findings stand at one place.
  const distinct = [...new Map(places.map((place) => [placeKey(place), place])).values()];
  const info = await readCommitInfo(
    repository,
    distinct.map(({ commit }) => commit as Oid),
    stop.final,
  );
  const asked = distinct.flatMap((place) =>
    (info.get(place.commit as Oid)?.parents ?? []).map((parent) => ({ place, parent })),
  );
  const answers = await resolvePaths(
    repository,
    asked.map(({ place, parent }) => ({ commit: parent, path: place.path })),
    stop.final,
  );
  const before = new Map<string, Oid[]>();
  asked.forEach(({ place }, i) => {
    const oid = answers[i];
    if (oid === undefined) return;
    const key = placeKey(place);
    const versions = before.get(key);
    if (versions === undefined) before.set(key, [oid]);
    else versions.push(oid);
  });
  return before;
}

export function placeKey({ commit, path }: Place): string {
  return `${commit ?? ''} ${path.toString('latin1')}`;
}

/** What the commits that add a file with a finding delete at the same time: its older self may be among it. */
async function readDeleted(
  findings: readonly LocatedFinding[],
  before: ReadonlyMap<string, readonly Oid[]>,
  log: ChangeLog,
  old: OldVersions,
): Promise<Map<Oid, { readonly oid: Oid; readonly path: Buffer }[]>> {
  const adding = new Set(
    findings.filter(({ place }) => !before.has(placeKey(place as Place))).map(({ place }) => place?.commit),
  );
  const deleted = new Map<Oid, { readonly oid: Oid; readonly path: Buffer }[]>();
  for (const { commit, changes } of log.commits) {
    if (!adding.has(commit)) continue;
    const gone = changes.filter(({ newMode }) => newMode === 0).slice(0, MAX_DELETED);
    deleted.set(
      commit,
      gone.flatMap(({ oldOids, path }) => oldOids.filter((oid) => !isZeroOid(oid)).map((oid) => ({ oid, path }))),
    );
  }
  await old.load([...deleted.values()].flat().map(({ oid }) => oid));
  return deleted;
}
