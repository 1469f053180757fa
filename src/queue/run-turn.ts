/** One scan's turn: open the repository, scan the branch, and say how it ended. The row has the state RUNNING when it comes here. */
import { availableParallelism } from 'node:os';
import { LeakgateError, type ErrorCode } from '../model/errors.ts';
import type { KeptThreads } from '../scan/kept-threads.ts';
import { notePolicyDigest } from '../store/branches.ts';
import type { CompletedScan } from '../store/complete-scan.ts';
import { findRepositoryById } from '../store/repositories.ts';
import { endScan, requeueScan } from '../store/scans.ts';
import type { ScanRow } from '../store/schema.ts';
import { readSetting } from '../store/settings.ts';
import type { OpenTarget } from './open-target.ts';
import { createProgressNotes } from './progress-notes.ts';
import type { ScanQueueDeps } from './queue-types.ts';
import { scanBranch } from './scan-branch.ts';

/** So often a scan is begun whose failures may pass. */
const MAX_ATTEMPTS = 3;

export interface TurnDeps extends ScanQueueDeps {
  readonly targets: OpenTarget;
  /** Scans that run at the same time share the processors. */
  readonly concurrency: number;
  readonly keptThreads?: KeptThreads;
  emit(scan: ScanRow): void;
}

/** How a turn ended. `again`: it waits for another attempt. `lost`: not even that could be written. */
export type TurnEnd = { readonly kind: 'ended' | 'lost' } | { readonly kind: 'again'; readonly attempt: number };

const ENDED: TurnEnd = { kind: 'ended' };

/** Never throws: what goes wrong is in the row, or in the log when even the row cannot be written. */
export async function runTurn(scan: ScanRow, signal: AbortSignal, deps: TurnDeps): Promise<TurnEnd> {
  const { log } = deps;
  deps.emit(scan);
  try {
    const done = await scanOnce(scan, signal, deps);
    if (done === undefined) return signal.aborted ? ENDED : await endWithout(scan, deps);
    deps.emit(done.scan);
    log.info(
      { scan: scan.key, repository: scan.repositoryId, outcome: done.scan.outcome, added: done.added.length },
      'scan completed',
    );
    await afterwards(done, deps);
    return ENDED;
  } catch (error) {
    if (signal.aborted) return ENDED;
    return endInFailure(scan, error, deps);
  }
}

async function scanOnce(scan: ScanRow, signal: AbortSignal, deps: TurnDeps): Promise<CompletedScan | undefined> {
  const { store, log, now } = deps;
  const row = await findRepositoryById(store.db, scan.repositoryId);
  if (row === undefined) return undefined;
  const repository = await deps.targets.open(row, scan.queued, signal);
  const { policy, digest, ruleset } = await deps.policyOf(scan.repositoryId);
  const depth = await readSetting(store.db, 'scanDepth');
  const notes = createProgressNotes(store.db, scan, {
    now,
    onWritten: deps.emit,
    onError: (error) => log.warn({ scan: scan.key, err: error }, 'progress could not be written'),
  });
  try {
    return await scanBranch({
      scan,
      repository,
      store,
      keys: deps.keys,
      fingerprintKey: deps.fingerprintKey,
      policy,
      digest,
      ruleset,
      depth,
      keptThreads: deps.keptThreads,
      workers: deps.workers ?? Math.max(1, Math.floor(availableParallelism() / deps.concurrency)),
      signal,
      now,
      onProgress: notes.note,
    });
  } finally {
    await notes.close();
  }
}

/** What follows a completed scan. Its result stands, whatever goes wrong here. */
async function afterwards(done: CompletedScan, deps: TurnDeps): Promise<void> {
  try {
    // The rules may have changed while it ran; then what it says is of yesterday.
    const { digest } = await deps.policyOf(done.scan.repositoryId);
    await notePolicyDigest(deps.store.db, done.scan.repositoryId, digest);
    await deps.onFinished?.(done.scan, done.added);
  } catch (error) {
    deps.log.error({ scan: done.scan.key, err: error }, 'what follows a scan failed');
  }
}

/** It was cancelled, or its branch or repository was deleted while it ran. */
async function endWithout(scan: ScanRow, { store, now, emit }: TurnDeps): Promise<TurnEnd> {
  const ended = await endScan(store.db, scan.id, { state: 'CANCELLED', reason: 'the branch is gone', now: now() });
  if (ended !== undefined) emit(ended);
  return ENDED;
}

async function endInFailure(scan: ScanRow, error: unknown, { store, log, now, emit }: TurnDeps): Promise<TurnEnd> {
  const reason = error instanceof LeakgateError ? `${error.code}: ${error.message}` : `INTERNAL: ${String(error)}`;
  log.warn({ scan: scan.key, repository: scan.repositoryId, attempt: scan.attempt, err: error }, 'scan failed');
  try {
    if (mayPass(error) && scan.attempt < MAX_ATTEMPTS) {
      const waiting = await requeueScan(store.db, scan.id, { reason, counts: true });
      if (waiting !== undefined) emit(waiting);
      return waiting === undefined ? ENDED : { kind: 'again', attempt: waiting.attempt };
    }
    const ended = await endScan(store.db, scan.id, { state: 'FAILED', reason, now: now() });
    if (ended !== undefined) emit(ended);
  } catch (storeError) {
    log.error(
      { scan: scan.key, err: storeError },
      'the end of a scan could not be written; it is taken up when the store answers',
    );
    return { kind: 'lost' };
  }
  return ENDED;
}

/** A branch that does not exist and a policy that is wrong stay so; git, the network, the store and its disk may do better next time. */
function mayPass(error: unknown): boolean {
  return !(error instanceof LeakgateError) || PASSING.has(error.code);
}

const PASSING: ReadonlySet<ErrorCode> = new Set(['GIT_FAILED', 'INTERNAL', 'STORE_FAILED', 'STORE_FULL']);
