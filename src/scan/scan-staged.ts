import { resolveRevision } from '../git/refs.ts';
import { oidLength, type Repository } from '../git/repository.ts';
import { listStaged } from '../git/staged.ts';
import { bytesToText } from '../model/escape.ts';
import type { Finding } from '../model/finding.ts';
import { isZeroOid, type Oid } from '../model/oid.ts';
import { createContentScanner } from './content-scanner.ts';
import { findInTree } from './find-in-tree.ts';
import type { LocatedFinding } from './located-finding.ts';
import { ListingBuilder, oidOf } from './object-listing.ts';
import { createOldVersions } from './old-versions.ts';
import { createPathScanner } from './path-scanner.ts';
import { toFindings, type ScanContext } from './scan-context.ts';
import { scanObjects } from './scan-objects.ts';
import type { ScanTarget } from './scan-target.ts';

/** A staged file: its blob, and what HEAD has there. */
interface StagedFile {
  readonly path: Buffer;
  readonly oid: Oid;
  readonly oldOid?: Oid;
}

/** Scans what a commit made now would bring. What HEAD's version of a file has already, and not excused, is pre-existing. */
export async function scanStaged(
  target: Extract<ScanTarget, { kind: 'staged' }>,
  context: ScanContext,
): Promise<Finding[]> {
  const { repository } = target;
  const { stop, policy, settings, options, tally, progress } = context;
  const changes = await listStaged(repository, { signal: stop.signal });
  const files = changes.map(({ path, newOid, oldOids }): StagedFile => {
    const oldOid = oldOids.find((oid) => !isZeroOid(oid));
    return { path, oid: newOid, ...(oldOid === undefined ? {} : { oldOid }) };
  });
  const builder = new ListingBuilder(oidLength(repository.objectFormat));
  builder.addUnreached([...new Set(files.map(({ oid }) => oid))]);
  const { listing } = builder.build();
  const scan = {
    repository,
    listing,
    settings,
    maxBlobBytes: policy.settings.maxBlobBytes,
    workers: options.workers,
    stop,
    tally,
    progress,
  };
  const raw = await scanObjects(scan);
  const old = createOldVersions(repository, context);
  const flagged = new Set(raw.map(({ object }) => oidOf(listing, object)));
  await old.load(files.flatMap(({ oid, oldOid }) => (oldOid !== undefined && flagged.has(oid) ? [oldOid] : [])));
  const before = await findInHead(repository, files, flagged, stop.final);
  const filesOf = byOid(files);
  const inContent = raw.flatMap((finding) =>
    (filesOf.get(oidOf(listing, finding.object)) ?? [])
      // A file that HEAD has at another path, where it counts as well, is renamed or copied: that introduces nothing.
      .filter(
        ({ oid }) =>
          !(before.get(oid) ?? []).some((path) => context.judge.judge(finding, { path }).suppression === undefined),
      )
      .map((file) => ({
        raw: finding,
        file,
        known: file.oldOid !== undefined && old.counted(file.oldOid, finding, file.path),
      })),
  );
  const scanPath = createPathScanner(settings, createContentScanner(settings));
  const inPaths = files.flatMap((file, object) =>
    scanPath(file.path, false).map((finding) => ({
      raw: { ...finding, object },
      file,
      known: file.oldOid !== undefined,
    })),
  );
  return toFindings(
    [...inContent, ...inPaths].flatMap(({ raw: finding, file, known }): LocatedFinding[] => {
      const path = bytesToText(file.path);
      const { suppression } = context.judge.judge(finding, { path });
      if (suppression === 'not-applicable') return [];
      return [
        {
          raw: finding,
          path,
          ...(finding.kind === 'path' ? {} : { blob: file.oid }),
          preExisting: known,
          ...(suppression === undefined ? {} : { suppression }),
        },
      ];
    }),
    context,
  );
}

/** Where HEAD has the flagged blobs of files that are new at their path. */
async function findInHead(
  repository: Repository,
  files: readonly StagedFile[],
  flagged: ReadonlySet<Oid>,
  signal: AbortSignal,
): Promise<ReadonlyMap<Oid, readonly string[]>> {
  const paths = new Map<Oid, string[]>();
  const added = new Set(
    files.filter(({ oid, oldOid }) => oldOid === undefined && flagged.has(oid)).map(({ oid }) => oid),
  );
  const head = added.size === 0 ? undefined : await resolveRevision(repository, 'HEAD', { signal });
  if (head === undefined) return paths;
  for (const { oid, path } of (await findInTree(repository, head, added, signal)).found) {
    const known = paths.get(oid);
    if (known === undefined) paths.set(oid, [bytesToText(path)]);
    else known.push(bytesToText(path));
  }
  return paths;
}

function byOid(files: readonly StagedFile[]): ReadonlyMap<Oid, readonly StagedFile[]> {
  const lists = new Map<Oid, StagedFile[]>();
  for (const file of files) {
    const list = lists.get(file.oid);
    if (list === undefined) lists.set(file.oid, [file]);
    else list.push(file);
  }
  return lists;
}
