/**
 * What a push or range introduces and what was there before. A secret counts as introduced when the parents' version of its file does
 * not have it: moving or re-indenting a line introduces nothing, nor does renaming a file.
 */
import { bytesToText } from '../model/escape.ts';
import { isZeroOid, type Oid } from '../model/oid.ts';
import type { ChangeLog } from './change-log.ts';
import { readCommitInfo } from './commit-info.ts';
import type { LocatedFinding } from './located-finding.ts';
import type { ScannedHistory } from './locate-findings.ts';
import { createOldVersions, type OldVersions } from './old-versions.ts';
import type { Place } from './places.ts';
import { resolvePaths } from './resolve-paths.ts';
import type { ScanContext } from './scan-context.ts';

/** Files that one commit deleted and that are looked into when it adds one: a rename with an edit. */
const MAX_DELETED = 100;

/** Marks the findings which every parent version of their file had already. */
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
  const before = await readVersionsBefore(
    counting.map(({ place }) => place as Place),
    history,
    context,
  );
  const old = createOldVersions(history.repository, context.settings, {
    maxBlobBytes: context.policy.settings.maxBlobBytes,
    signal: context.stop.final,
  });
  const inBlobs = counting.filter(({ raw }) => raw.kind === 'blob');
  await old.load(inBlobs.flatMap(({ place }) => before.get(placeKey(place as Place)) ?? []));
  const deleted = await readDeleted(inBlobs, before, log, old);
  return findings.map((finding) => {
    if (!asked.has(finding)) return finding;
    const versions = before.get(placeKey(finding.place as Place)) ?? [];
    const { fingerprint } = finding.raw;
    const known =
      finding.raw.kind === 'path'
        ? versions.length > 0
        : versions.length > 0
          ? versions.every((oid) => old.has(oid, fingerprint))
          : (deleted.get(finding.place?.commit as Oid) ?? []).some(
              ({ oid, path }) => old.has(oid, fingerprint) && countsAt(finding, path, context),
            );
    return known ? { ...finding, preExisting: true } : finding;
  });
}

/** For each place, what its commit's parents have at the same path. Nothing in the map: nothing was there. */
export async function readVersionsBefore(
  places: readonly Place[],
  { repository }: ScannedHistory,
  { stop }: ScanContext,
): Promise<Map<string, Oid[]>> {
  const info = await readCommitInfo(
    repository,
    places.map(({ commit }) => commit as Oid),
    stop.final,
  );
  const asked = places.flatMap((place) =>
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

/** Whether the finding would have counted at its old path: what comes out of an excluded path is new. */
function countsAt({ raw }: LocatedFinding, path: Buffer, { judge }: ScanContext): boolean {
  return judge.judge(raw, { path: bytesToText(path) }).suppression === undefined;
}
