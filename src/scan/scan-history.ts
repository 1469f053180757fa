/** Scans a part of a repository's history: all of it, a branch, a range, or what a push brings. Reads like its table of contents. */
import { branchTip, resolveRevision } from '../git/refs.ts';
import { listQuarantineOnly } from '../git/quarantine.ts';
import type { Repository } from '../git/repository.ts';
import { runGit } from '../git/spawn.ts';
import { LeakgateError } from '../model/errors.ts';
import { escapeControls } from '../model/escape.ts';
import type { Finding } from '../model/finding.ts';
import type { Oid } from '../model/oid.ts';
import { readChangeLog, type ChangeLog } from './change-log.ts';
import { readCommitInfo } from './commit-info.ts';
import { addUnread, noteError } from './coverage-tally.ts';
import { markPreExisting } from './known-before.ts';
import { findEveryPlace } from './every-place.ts';
import { listHistory, pushScope, type HistoryListing, type HistoryScope } from './list-history.ts';
import { locateFindings, locateRoughly, type ScannedHistory } from './locate-findings.ts';
import type { LocatedFinding } from './located-finding.ts';
import { findInMovedBlobs } from './moved-blobs.ts';
import { findAtNewPaths } from './new-paths.ts';
import { oidOf, type ObjectListing } from './object-listing.ts';
import { createLazySet } from './oid-set.ts';
import type { RawFinding } from './raw-finding.ts';
import type { StartedPush } from './start-push.ts';
import { changesOfTagged, withoutTrees } from './tagged.ts';
import { createTreeGrowth, MAX_PATHS, type TreeGrowth } from './tree-growth.ts';
import { toFindings, type ScanContext } from './scan-context.ts';
import { FEW_OBJECTS, scanObjects } from './scan-objects.ts';
import { findInRefNames, readableRefs } from './scan-refs.ts';
import type { HistoryTarget } from './scan-target.ts';

export async function scanHistory(target: HistoryTarget, context: ScanContext): Promise<Finding[]> {
  const { repository } = target;
  const { stop, tally, options, policy, settings, progress } = context;
  if (target.kind === 'push' && startedFor(target, context) === undefined) endStarted(target.started);
  const asked = await toScope(target, stop.signal);
  if (asked.include.length === 0) return [];
  if (repository.shallow && target.kind !== 'push') tally.shallow = true;
  const { scope, listing, missing } = await listReadable(target, asked, context);
  for (const oid of missing) addUnread(tally.unread, { reason: 'missing', what: oid });
  const isNew = createLazySet(listing);
  const changes = watchChanges(target, scope, { listing, isNew }, context);
  const growth = createTreeGrowth(listing.idLength / 2);
  try {
    const raw = await scanObjects({
      repository,
      listing,
      settings,
      maxBlobBytes: policy.settings.maxBlobBytes,
      workers: options.workers,
      keptThreads: options.keptThreads,
      onTree: target.kind === 'push' || target.kind === 'range' ? growth.add : undefined,
      catFile: startedFor(target, context)?.catFile,
      stop,
      tally,
      progress,
    });
    if (target.kind === 'branch' && target.everyPlace === true) {
      const everywhere = await findEveryPlace(raw, { repository, scope, listing }, isNew, context);
      everywhere.push(...(await inRefNames(target, context)));
      return toFindings(everywhere, context, await readCommits(everywhere, repository, context));
    }
    const log = await changes.finish(growth);
    const located = await locate(raw, { repository, scope, listing }, { log, isNew }, context);
    located.push(...(await inRefNames(target, context)));
    return toFindings(located, context, await readCommits(located, repository, context));
  } finally {
    changes.close();
  }
}

async function toScope(target: HistoryTarget, signal: AbortSignal): Promise<HistoryScope> {
  const { repository } = target;
  switch (target.kind) {
    case 'all':
      return { include: 'all', exclude: [] };
    case 'branch': {
      const tip =
        (await branchTip(repository, target.branch, { signal })) ?? (await resolve(repository, target.branch, signal));
      return { include: [tip], exclude: target.since === undefined ? [] : [target.since], tipOnly: !target.history };
    }
    case 'range':
      return {
        include: [await resolve(repository, target.to, signal)],
        exclude: [await resolve(repository, target.from, signal)],
      };
    case 'push':
      return pushScope(target.updates);
    default:
      return target satisfies never;
  }
}

async function resolve(repository: Repository, revision: string, signal: AbortSignal): Promise<Oid> {
  const oid = await resolveRevision(repository, revision, { signal });
  if (oid === undefined)
    throw new LeakgateError(
      'TARGET_INVALID',
      `there is no commit or branch ${escapeControls(JSON.stringify(revision))} in this repository`,
    );
  return oid;
}

/** The listing; of all refs but the broken ones, should there be any: they must not keep the others from being scanned. */
async function listReadable(
  target: HistoryTarget,
  scope: HistoryScope,
  context: ScanContext,
): Promise<HistoryListing & { readonly scope: HistoryScope }> {
  try {
    return { ...(await list(target, scope, context)), scope };
  } catch (error) {
    const { stop, tally } = context;
    if (target.kind !== 'all' || !(error instanceof LeakgateError) || error.code !== 'GIT_FAILED') throw error;
    const { tips, broken } = await readableRefs(target.repository, stop.signal);
    if (broken.length === 0) throw error;
    for (const what of broken)
      addUnread(tally.unread, { reason: 'missing', what, detail: 'the ref points to nothing that can be read' });
    const readable = { ...scope, include: tips };
    return { ...(await list(target, readable, context)), scope: readable };
  }
}

/** Names cost no reading, and a scan that was stopped must not wait for them. */
async function inRefNames(target: HistoryTarget, context: ScanContext): Promise<LocatedFinding[]> {
  if (context.stop.reason() !== undefined) return [];
  try {
    return await findInRefNames(target, context);
  } catch (error) {
    if (context.stop.reason() === undefined) noteError(context.tally, error);
    return [];
  }
}

/** What the caller has started. In strict mode a push brings more than that. */
function startedFor(target: HistoryTarget, { policy }: ScanContext): StartedPush | undefined {
  return target.kind === 'push' && !policy.settings.hook.strict ? target.started : undefined;
}

function endStarted(started: StartedPush | undefined): void {
  started?.changes.giveUp();
  started?.catFile.kill();
}

function list(target: HistoryTarget, scope: HistoryScope, context: ScanContext): Promise<HistoryListing> {
  const { stop, policy } = context;
  const started = startedFor(target, context);
  if (started !== undefined) return unlessStopped(started.listing, stop.signal);
  const strict = target.kind === 'push' && policy.settings.hook.strict;
  return listHistory(target.repository, scope, {
    signal: stop.signal,
    ...(strict
      ? {
          unreached: (known: ObjectListing) =>
            listQuarantineOnly(target.repository, idSet(known), { signal: stop.signal }),
        }
      : {}),
  });
}

/** Waits for what others started, no longer than this scan may. */
function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function idSet(listing: ObjectListing): ReadonlySet<string> {
  const ids = new Set<string>();
  for (let object = 0; object < listing.count; object++) ids.add(oidOf(listing, object));
  return ids;
}

const NO_CHANGES: ChangeLog = { commits: [], whole: false };

interface ChangeWatch {
  /** The changes, once the objects are scanned and their trees are known. */
  finish(growth: TreeGrowth): Promise<ChangeLog>;
  /** Leaves it at that. */
  close(): void;
}

/** Reads the changes of a push or range while its objects are scanned. */
function watchChanges(
  target: HistoryTarget,
  scope: HistoryScope,
  { listing, isNew }: { readonly listing: ObjectListing; readonly isNew: (oid: Oid) => boolean },
  context: ScanContext,
): ChangeWatch {
  if (target.kind !== 'push' && target.kind !== 'range')
    return { finish: () => Promise.resolve(NO_CHANGES), close() {} };
  const { stop, tally } = context;
  const started = startedFor(target, context)?.changes;
  const giveUp = new AbortController();
  const signal = AbortSignal.any([stop.signal, giveUp.signal]);
  signal.addEventListener('abort', () => started?.giveUp(), { once: true });
  const reading = hasNothingBefore(target, listing, signal).then((first) => {
    if (!first)
      return started?.log ?? readChangeLog(target.repository, scope, { isNew: Promise.resolve(isNew), signal });
    started?.giveUp();
    return NO_CHANGES;
  });
  reading.catch(() => {});
  return {
    async finish(growth) {
      const paths = growth.largest();
      if (paths > MAX_PATHS) giveUp.abort();
      try {
        const log = await reading;
        if (log.unread !== undefined) addUnread(tally.unread, log.unread);
        return log;
      } catch (error) {
        if (giveUp.signal.aborted)
          addUnread(tally.unread, { reason: 'too-many-paths', what: 'changes', detail: `one tree has ${paths} paths` });
        else if (stop.reason() === undefined) noteError(tally, error);
        return NO_CHANGES;
      }
    },
    close: () => giveUp.abort(),
  };
}

/** The first push of a repository, when it is so large that asking pays: where nothing was before, nothing can have moved. */
async function hasNothingBefore(
  { kind, repository }: HistoryTarget,
  listing: ObjectListing,
  signal: AbortSignal,
): Promise<boolean> {
  if (kind !== 'push' || listing.count <= FEW_OBJECTS) return false;
  const { stdout: commit } = await runGit(repository, ['rev-list', '--max-count=1', '--all'], { signal });
  if (commit.length > 0) return false;
  // A tag may stand on a tree without any commit.
  const { stdout: ref } = await runGit(repository, ['for-each-ref', '--count=1', '--format=%(refname)'], { signal });
  return ref.length === 0;
}

async function locate(
  raw: readonly RawFinding[],
  history: ScannedHistory,
  { log, isNew }: { readonly log: ChangeLog; readonly isNew: (oid: Oid) => boolean },
  context: ScanContext,
): Promise<LocatedFinding[]> {
  try {
    const found = await locateFindings(raw, history, log, context);
    const tagged = await changesOfTagged(history, isNew, context);
    const all = tagged.length === 0 ? log : { ...log, commits: [...log.commits, ...tagged] };
    if (all.commits.length === 0) return found;
    found.push(...(await findAtNewPaths(raw, history, all, context)));
    const marked = await markPreExisting(found, history, all, context);
    return withoutTrees([...marked, ...(await findInMovedBlobs(history, all, isNew, context))], tagged);
  } catch (error) {
    // What was found must not get lost because it could not be said where.
    if (context.stop.reason() === undefined) noteError(context.tally, error);
    return locateRoughly(raw, history.listing, context);
  }
}

async function readCommits(
  located: readonly LocatedFinding[],
  repository: Repository,
  { stop, tally }: ScanContext,
): ReturnType<typeof readCommitInfo> {
  const oids = located.flatMap(({ commit }) => (commit === undefined ? [] : [commit]));
  try {
    return await readCommitInfo(repository, oids, stop.final);
  } catch (error) {
    if (stop.reason() === undefined) noteError(tally, error);
    return new Map();
  }
}
