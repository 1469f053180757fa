/** What the queue is to those who use it, and what it needs. */
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { Policy } from '../model/policy.ts';
import type { Store } from '../store/open-store.ts';
import type { FindingRow, ScanRow } from '../store/schema.ts';

export interface ScanRequest {
  readonly repositoryId: number;
  /** A branch's full name (`refs/heads/main`). */
  readonly ref: string;
  readonly trigger: 'request' | 'schedule' | 'push' | 'settings';
  /** User name, or `system`. */
  readonly requestedBy: string;
  /** Higher goes first; default 0. */
  readonly priority?: number;
  /** Everything again, whatever has been scanned before. */
  readonly full?: boolean;
  /** Addresses to write to when it has ended. */
  readonly notify?: readonly string[];
}

/** A scan has got further or has changed its state. */
export interface ScanEvent {
  readonly type: 'scan';
  readonly scan: ScanRow;
}

export interface QueueStats {
  readonly queued: number;
  readonly running: number;
  /** When the scan was queued that has waited longest; undefined when none waits. */
  readonly oldestQueued: number | undefined;
}

export interface ScanQueue {
  /**
   * One active scan per repository and ref: an active one is returned instead of a second, also while results are up to date. No scan is returned
   * when there is nothing to do: none is active, and the branch's result is of its tip and of the policy in force; or when it may not be scanned
   * unasked (an exempt repository).
   *
   * @throws LeakgateError `TARGET_INVALID` when the repository or the branch does not exist
   */
  schedule(request: ScanRequest): Promise<{ readonly scan: ScanRow | undefined; readonly created: boolean }>;
  /** Queued, running or already cancelled: `cancelled`. A running one has ended within two seconds. */
  cancel(scanId: number): Promise<'cancelled' | 'finished' | 'unknown'>;
  stats(): Promise<QueueStats>;
  /** Progress and changes of state. Returns what ends it. */
  subscribe(listener: (event: ScanEvent) => void): () => void;
  /** Schedules every branch of a repository that is not up to date. Returns the scans that wait or run for it. */
  scheduleRepository(request: Omit<ScanRequest, 'ref'>): Promise<readonly ScanRow[]>;
  /**
   * Notes in the store what a repository's branches are now, and whether their results are of the policy in force.
   *
   * @throws LeakgateError when it cannot be read
   */
  syncRefs(repositoryId: number): Promise<void>;
  /** The cron expression of the scan of everything has changed (setting `scanSchedule`). */
  reschedule(): Promise<void>;
  /** Takes up what an earlier process left and begins to run scans. */
  start(): Promise<void>;
  /** Starts nothing more; what runs may finish within `ms`, the rest is queued again for the next start. */
  drain(ms: number): Promise<void>;
  /** `drain` without patience. */
  close(): Promise<void>;
}

export interface ScanQueueDeps {
  readonly store: Store;
  /** Seals the texts of findings. */
  readonly keys: KeyRing;
  readonly fingerprintKey: Uint8Array;
  /** Mirrors of repositories with a clone URL lie in `mirrors/` of it. */
  readonly dataDir: string;
  /** The policy in force; the digest leaves reviews out (they are looked up). */
  policyOf(repositoryId: number): Promise<{
    readonly policy: Policy;
    readonly digest: string;
    readonly ruleset?: CompiledRuleset;
    /** Nothing scans it unasked. */
    readonly exempt?: boolean;
  }>;
  /** Scans that run at the same time; default 2. */
  readonly concurrency?: number;
  /** Threads of each scan; default: the processors, shared. 0: none, which would keep a server from answering. */
  readonly workers?: number;
  now(): number;
  readonly log: QueueLog;
  /** Called once a scan has completed, with the findings that the branch did not have before. */
  onFinished?(scan: ScanRow, newFindings: readonly FindingRow[]): Promise<void>;
  /** Allows clone URLs with `file://`. */
  readonly allowFileUrls?: boolean;
  /** Wait before a scan that failed is tried again, times the number of attempts; default 5 s. */
  readonly retryDelayMs?: number;
}

/** As pino's. */
export interface QueueLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
