/** Which findings of a branch's past are no longer at its tip: somebody has taken the secret out, and it is still in the history. */
import type { Repository } from '../git/repository.ts';
import { bytesToText } from '../model/escape.ts';
import type { FindingKind } from '../model/finding.ts';
import type { Oid } from '../model/oid.ts';
import { walkTree } from './every-place.ts';
import { ListingBuilder, oidOf } from './object-listing.ts';
import { createScanContext, type ScanContext } from './scan-context.ts';
import { scanObjects } from './scan-objects.ts';
import type { ScanOptions } from './scan-target.ts';

/** What is known of a finding from its scan. */
export interface KnownFinding {
  readonly kind: FindingKind;
  /** As reported: a secret in it is redacted. */
  readonly path: string;
  readonly fingerprint: string;
  /** A blob that has it: where the tip has the same one, nothing needs to be read. */
  readonly blob?: string | null;
}

/** In a path: it has been redacted. */
const REDACTED = '…(';

/**
 * Those of `known` whose rule and secret are no longer in the file of that path at `tip`. What cannot be told, because a blob cannot be read or
 * a tree is too large, counts as there. Messages of commits stay what they are.
 */
export async function findGone<T extends KnownFinding>(
  repository: Repository,
  tip: Oid,
  known: readonly T[],
  options: ScanOptions,
): Promise<ReadonlySet<T>> {
  const byPath = new Map<string, T[]>();
  for (const finding of known)
    if (finding.kind === 'blob' || finding.kind === 'path') append(byPath, finding.path, finding);
  if (byPath.size === 0) return new Set();
  const context = createScanContext({ ...options, lineText: false, showSecrets: false });
  try {
    const gone = new Set([...byPath.values()].flat());
    const blobs = await findInTip(repository, tip, byPath, gone, context);
    if (blobs === undefined) return new Set();
    await dropPresent(repository, tip, blobs, gone, context);
    return gone;
  } finally {
    context.stop.close();
  }
}

/** Blobs at the paths of findings. Paths that are findings themselves are there when anything is: they leave `gone`. */
async function findInTip<T extends KnownFinding>(
  repository: Repository,
  tip: Oid,
  byPath: ReadonlyMap<string, readonly T[]>,
  gone: Set<T>,
  { show, stop }: ScanContext,
): Promise<Map<Oid, T[]> | undefined> {
  const blobs = new Map<Oid, T[]>();
  const redacted = [...byPath.keys()].some((path) => path.includes(REDACTED));
  const folders = new Set<string>();
  const at = (path: string): readonly T[] => byPath.get(path) ?? (redacted ? (byPath.get(show(path)) ?? []) : []);
  const whole = await walkTree(repository, tip, stop.signal, (oid, bytes) => {
    const path = bytesToText(bytes);
    for (const finding of at(path))
      if (finding.kind === 'path' || finding.blob === oid) gone.delete(finding);
      else append(blobs, oid, finding);
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const folder = path.slice(0, slash);
      if (folders.has(folder)) break;
      folders.add(folder);
      for (const finding of at(folder)) if (finding.kind === 'path') gone.delete(finding);
    }
  });
  return whole ? blobs : undefined;
}

/** Reads the blobs and takes out of `gone` what is still in them. */
async function dropPresent<T extends KnownFinding>(
  repository: Repository,
  tip: Oid,
  blobs: ReadonlyMap<Oid, readonly T[]>,
  gone: Set<T>,
  { settings, policy, options, stop, tally, progress }: ScanContext,
): Promise<void> {
  if (blobs.size === 0) return;
  const builder = new ListingBuilder(tip.length);
  builder.addUnreached([...blobs.keys()]);
  const { listing } = builder.build();
  const raw = await scanObjects({
    repository,
    listing,
    settings,
    maxBlobBytes: policy.settings.maxBlobBytes,
    workers: options.workers,
    keptThreads: options.keptThreads,
    stop,
    tally,
    progress,
  });
  for (const { object, fingerprint } of raw)
    for (const finding of blobs.get(oidOf(listing, object)) ?? [])
      if (finding.fingerprint === fingerprint) gone.delete(finding);
  if (tally.error !== undefined) return gone.clear();
  for (const { what } of tally.unread.samples) for (const finding of blobs.get(what as Oid) ?? []) gone.delete(finding);
  if (Object.values(tally.unread.counts).reduce((sum, count) => sum + count, 0) > tally.unread.samples.length)
    gone.clear();
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
