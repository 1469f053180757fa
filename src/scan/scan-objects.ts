/**
 * Scans every object of a listing: in this thread when they are few, on workers when they are many. What happened to each object
 * ends up in the tally, so that nothing can be left out in silence.
 */
import { availableParallelism } from 'node:os';
import type { Repository } from '../git/repository.ts';
import type { AskedGit } from '../git/spawn.ts';
import type { ScanSettings } from './content-scanner.ts';
import { addUnread, mergeUnread, type CoverageTally } from './coverage-tally.ts';
import type { KeptThreads } from './kept-threads.ts';
import { oidOf, type ObjectListing } from './object-listing.ts';
import { createProgressCells, FATE, type ProgressCells } from './progress-cells.ts';
import type { ProgressReporter } from './progress-reporter.ts';
import { createRangeScanner, type RangePlan, type RangeResult } from './range-scanner.ts';
import type { RawFinding } from './raw-finding.ts';
import { inListingOrder, inPackOrder, type ReadingRange } from './reading-order.ts';
import type { Stop } from './stop.ts';
import { scanInPool, taskCells } from './worker-pool.ts';

/** Up to so many objects are read in this thread: starting workers costs as much as reading them (about 32 MB of content). */
export const FEW_OBJECTS = 4_000;
/** Ranges per worker, so that none waits long for the last one. Each starts a git of its own, which costs 40 ms of CPU on a pack of 100 MB. */
const RANGES_PER_WORKER = 3;

export interface ObjectScan {
  readonly repository: Repository;
  readonly listing: ObjectListing;
  readonly settings: ScanSettings;
  readonly maxBlobBytes: number;
  /** Threads; 0 for none. Undefined: one for each processor, none when there is little to do. */
  readonly workers?: number | undefined;
  readonly workerUrl?: URL | undefined;
  /** See `ScanOptions`. */
  readonly keptThreads?: KeptThreads | undefined;
  /** Sees every tree that is read in this thread. */
  readonly onTree?: ((oid: string, content: Uint8Array) => void) | undefined;
  /** Waits for ids; used where one git reads everything. */
  readonly catFile?: AskedGit | undefined;
  readonly stop: Stop;
  readonly tally: CoverageTally;
  readonly progress: ProgressReporter;
}

export async function scanObjects(scan: ObjectScan): Promise<readonly RawFinding[]> {
  const { repository, listing, stop } = scan;
  const threads = scan.workers ?? (listing.count <= FEW_OBJECTS ? 0 : availableParallelism());
  const kept = threads > 0 && listing.count <= FEW_OBJECTS ? scan.keptThreads : undefined;
  const pieces = threads === 0 || kept !== undefined ? 1 : threads * RANGES_PER_WORKER;
  const { order, ranges } =
    listing.count <= FEW_OBJECTS
      ? inListingOrder(listing, pieces)
      : await inPackOrder(repository, listing, pieces, stop.signal);
  const cells = createProgressCells(listing.count, taskCells(ranges.length));
  const plan: RangePlan = {
    settings: threads === 0 ? scan.settings : toPost(scan.settings),
    repository,
    listing,
    order,
    cells,
    maxBlobBytes: scan.maxBlobBytes,
  };
  const watch = scan.progress.watch(cells, listing.count);
  try {
    const results =
      (kept === undefined ? undefined : await scanKept(plan, ranges, kept, stop.signal)) ??
      (threads === 0
        ? await scanHere(plan, ranges, scan)
        : await scanInPool(plan, ranges, {
            threads,
            signal: stop.signal,
            ...(scan.workerUrl === undefined ? {} : { workerUrl: scan.workerUrl }),
          }));
    return collect(results, cells, scan);
  } finally {
    watch.close();
  }
}

/** Rules from a cache are parsed as they are asked for, which another thread cannot do. */
function toPost(settings: ScanSettings): ScanSettings {
  const { ruleset } = settings;
  return { ...settings, ruleset: { ...ruleset, rules: [...ruleset.rules] } };
}

/** `undefined` when the thread died: threads of the scan's own then find out which object it died of. */
async function scanKept(
  plan: RangePlan,
  ranges: readonly ReadingRange[],
  kept: KeptThreads,
  signal: AbortSignal,
): Promise<RangeResult[] | undefined> {
  const results: RangeResult[] = [];
  for (const [task, range] of ranges.entries()) {
    try {
      results.push(await kept.scan(plan, { task, ...range }, signal));
    } catch {
      plan.cells.done[task] = 0;
      plan.cells.bytes[task] = 0;
      return signal.aborted ? results : undefined;
    }
  }
  return results;
}

async function scanHere(
  plan: RangePlan,
  ranges: readonly ReadingRange[],
  { stop, onTree, catFile }: ObjectScan,
): Promise<RangeResult[]> {
  const scanRange = createRangeScanner(plan, { onTree, catFile });
  const results: RangeResult[] = [];
  for (const [task, range] of ranges.entries()) results.push(await scanRange({ task, ...range }, stop.signal));
  return results;
}

function collect(
  results: readonly RangeResult[],
  cells: ProgressCells,
  { listing, stop, tally }: ObjectScan,
): readonly RawFinding[] {
  const findings: RawFinding[] = [];
  for (const result of results) {
    for (const finding of result.findings) findings.push(finding);
    mergeUnread(tally.unread, result.unread);
    tally.bytes += result.bytes;
    if (result.error !== undefined) tally.error ??= result.error;
  }
  const counts = [0, 0, 0, 0, 0, 0];
  for (const fate of cells.fates) counts[fate] = (counts[fate] as number) + 1;
  tally.blobs += counts[FATE.blob] as number;
  tally.commits += counts[FATE.commit] as number;
  tally.trees += counts[FATE.tree] as number;
  tally.tags += counts[FATE.tag] as number;
  const unseen = counts[FATE.unseen] as number;
  if (unseen > 0) noteUnseen(cells, unseen, listing, stop, tally);
  // Ranges come back in any order; findings go on in the order of the listing.
  return withoutRepeatedPaths(
    findings.sort((a, b) => a.object - b.object || a.line - b.line || a.column - b.column || a.rule - b.rule),
  );
}

/** Ranges do not know of each other: a path that several of them have met is found in the first tree that has it. */
function withoutRepeatedPaths(findings: readonly RawFinding[]): readonly RawFinding[] {
  const seen = new Set<string>();
  return findings.filter(({ path, rule, line, column }) => {
    if (path === undefined) return true;
    const key = `${rule} ${line} ${column} ${Buffer.from(path).toString('latin1')}`;
    return !seen.has(key) && seen.add(key);
  });
}

function noteUnseen(
  cells: ProgressCells,
  unseen: number,
  listing: ObjectListing,
  stop: Stop,
  tally: CoverageTally,
): void {
  const reason = stop.reason();
  if (reason !== undefined)
    addUnread(
      tally.unread,
      { reason, what: oidOf(listing, cells.fates.indexOf(FATE.unseen)), detail: `${unseen} objects from here on` },
      unseen,
    );
  else tally.error ??= { code: 'INTERNAL', message: `${unseen} objects were listed and never read` };
}
