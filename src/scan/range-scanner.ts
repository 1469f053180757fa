/**
 * Reads and scans one range of the objects of a listing: the same function in a worker and in this thread. It is given numbers
 * and shared memory, starts its own git, and returns findings; content never leaves it.
 */
import { readObjects, type GitObjectType } from '../git/cat-file.ts';
import { LeakgateError } from '../model/errors.ts';
import { oidLength, type Repository } from '../git/repository.ts';
import type { AskedGit } from '../git/spawn.ts';
import { createContentScanner, type ScanSettings } from './content-scanner.ts';
import { addUnread, createUnreadTally, describeError, tooManyFindings, type UnreadTally } from './coverage-tally.ts';
import { idLines, nameOf, oidOf, type ObjectListing } from './object-listing.ts';
import { createPathScanner } from './path-scanner.ts';
import { createPathTable } from './path-table.ts';
import { FATE, mustStop, type ProgressCells } from './progress-cells.ts';
import type { RawFinding } from './raw-finding.ts';

/** What every range of one scan has in common. Plain data. */
export interface RangePlan {
  readonly settings: ScanSettings;
  readonly repository: Repository;
  readonly listing: ObjectListing;
  /** Numbers of the objects in the order in which they are read. */
  readonly order: Uint32Array;
  readonly cells: ProgressCells;
  readonly maxBlobBytes: number;
}

/** `order[from, to)`, reported in the cells of `task`. */
export interface Range {
  readonly task: number;
  readonly from: number;
  readonly to: number;
}

export interface RangeResult {
  readonly findings: readonly RawFinding[];
  readonly unread: UnreadTally;
  readonly bytes: number;
  /** Set when git could not be used; objects it did not get to have no fate. */
  readonly error?: { readonly code: string; readonly message: string };
}

export type RangeScanner = (range: Range, signal?: AbortSignal) => Promise<RangeResult>;

/** More findings than this in one range are counted and not kept: a repository made of secrets must not fill the memory. */
const MAX_FINDINGS_PER_RANGE = 50_000;
/** More objects than this are a history, whose blobs are versions of each other; fewer, as a push brings, repeat too little to remember them. */
const MANY_OBJECTS = 4_000;

/** What only a caller in the same thread can give. */
export interface HereOnly {
  /** Sees every tree. */
  readonly onTree?: ((oid: string, content: Uint8Array) => void) | undefined;
  /** For the first range. */
  readonly catFile?: AskedGit | undefined;
}

export function createRangeScanner(plan: RangePlan, { onTree, catFile }: HereOnly = {}): RangeScanner {
  const { listing, order, cells, repository } = plan;
  const content = createContentScanner(plan.settings, order.length > MANY_OBJECTS);
  const scanPath = createPathScanner(plan.settings, content);
  let started = catFile;
  const pathFindings = new Map<Uint8Array, readonly RawFinding[]>();
  const paths = createPathTable(oidLength(repository.objectFormat) / 2, (path, isFolder) => {
    const found = scanPath(path, isFolder);
    if (found.length > 0) pathFindings.set(path, found);
    return found.length > 0;
  });

  return async ({ task, from, to }, signal) => {
    const findings: RawFinding[] = [];
    const unread = createUnreadTally();
    const stop = new AbortController();
    const ids = idLines(listing, order, from, to);
    let position = from;
    let bytes = 0;

    function finish(object: number, fate: number): void {
      cells.fates[object] = fate;
      position++;
      cells.current[task] = position;
      cells.done[task] = position - from;
    }

    /** The object with this id: answers come in the order of the questions. Undefined for a second answer to the last one. */
    function findObject(oid: string): number | undefined {
      const at = (position - from) * (oid.length + 1);
      if (isAt(ids, at, oid)) return order[position];
      if (isAt(ids, at - oid.length - 1, oid)) return undefined;
      throw new LeakgateError('GIT_FAILED', `git cat-file answered for ${oid}, which was not its turn`);
    }

    function keep(found: readonly RawFinding[]): number {
      const room = Math.max(0, MAX_FINDINGS_PER_RANGE - findings.length);
      findings.push(...found.slice(0, room));
      return Math.max(0, found.length - room);
    }

    function scanObject(oid: string, object: number, type: GitObjectType, view: Buffer): void {
      if (type === 'tree') {
        paths.addTree(view, nameOf(listing, object), object);
        onTree?.(oid, view);
        return;
      }
      const { findings: found, dropped } = content.scan(view, type, object);
      const tooMany = dropped + keep(found);
      if (tooMany > 0) addUnread(unread, tooManyFindings(oid, tooMany));
    }

    const handler = {
      object(oid: string, type: GitObjectType, view: Buffer): void {
        if (mustStop(cells)) {
          stop.abort();
          return;
        }
        const object = findObject(oid);
        if (object === undefined) return;
        let fate: number = FATE[type];
        try {
          scanObject(oid, object, type, view);
          bytes += view.length;
          cells.bytes[task] = bytes;
        } catch (error) {
          addUnread(unread, {
            reason: 'worker-died',
            what: oid,
            detail: error instanceof Error ? error.message : String(error),
          });
          fate = FATE.unread;
        }
        finish(object, fate);
      },
      unread(problem: Parameters<typeof addUnread>[1]): void {
        const object = findObject(problem.what);
        if (object === undefined) return;
        addUnread(unread, problem);
        finish(object, FATE.unread);
      },
    };
    const combined = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    let failure: RangeResult['error'];
    cells.current[task] = from;
    try {
      const reading = { maxBlobBytes: plan.maxBlobBytes, signal: combined, started };
      started = undefined;
      await readObjects(repository, ids, handler, reading);
    } catch (error) {
      if (!combined.aborted) failure = describeError(error);
    }
    for (const { path, object } of paths.takeRemembered()) {
      const tooMany = keep((pathFindings.get(path) ?? []).map((finding) => ({ ...finding, object })));
      if (tooMany > 0) addUnread(unread, tooManyFindings(oidOf(listing, object), tooMany));
    }
    cells.current[task] = -1;
    return { findings, unread, bytes, ...(failure === undefined ? {} : { error: failure }) };
  };
}

function isAt(ids: Buffer, at: number, oid: string): boolean {
  for (let i = 0; i < oid.length; i++) if (ids[at + i] !== oid.charCodeAt(i)) return false;
  return true;
}
