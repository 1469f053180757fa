import type { Readable } from 'node:stream';
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import type { Repository } from '../git/repository.ts';
import type { Oid } from '../model/oid.ts';
import type { Policy } from '../model/policy.ts';
import type { RefUpdate } from '../model/ref-update.ts';
import type { KeptThreads } from './kept-threads.ts';
import type { StartedPush } from './start-push.ts';

/** What can be scanned. Revisions (`from`, `to`, `branch`) are as the user wrote them. */
export type ScanTarget =
  /**
   * A working tree or any folder, or a single file. `top` is a folder above it to which paths are then relative: a part of a
   * repository is scanned under the paths that its allowlists and the ignore files above know.
   */
  | { readonly kind: 'directory'; readonly path: string; readonly top?: string }
  | { readonly kind: 'stdin'; readonly stream: Readable; readonly name?: string }
  /** What the next commit would hold. */
  | { readonly kind: 'staged'; readonly repository: Repository }
  /** What `to` reaches and `from` does not. */
  | { readonly kind: 'range'; readonly repository: Repository; readonly from: string; readonly to: string }
  | BranchTarget
  | { readonly kind: 'all'; readonly repository: Repository }
  /** What a push brings in, seen from its pre-receive hook. */
  | PushTarget;

/** The files at the tip of a branch, or everything the branch reaches. */
export interface BranchTarget {
  readonly kind: 'branch';
  readonly repository: Repository;
  readonly branch: string;
  /** The branch's full name, when `branch` is an id. */
  readonly refName?: string;
  readonly history: boolean;
  /**
   * Content is reported at every path that has or had it, not at the first alone: what is kept of a branch from scan to scan must not depend on
   * where earlier scans stopped.
   */
  readonly everyPlace?: boolean;
  /** With `everyPlace`: only what came after this commit, at paths where it was not before. */
  readonly since?: Oid;
}

export interface PushTarget {
  readonly kind: 'push';
  readonly repository: Repository;
  readonly updates: readonly RefUpdate[];
  /** For these updates, when the caller has started it already. In strict mode it is made anew. */
  readonly started?: StartedPush;
}

/** The targets that live in a repository and are scanned object by object. */
export type HistoryTarget = Extract<ScanTarget, { kind: 'range' | 'branch' | 'all' | 'push' }>;

export interface Progress {
  /** Objects or files, and bytes of content, scanned so far. */
  readonly objects: number;
  readonly bytes: number;
  /** How many there are; absent while they are still being listed. */
  readonly totalObjects?: number;
  readonly bytesPerSecond: number;
  /** Seconds left at the rate so far; absent while that cannot be told. */
  readonly secondsLeft?: number;
}

export interface ScanOptions {
  readonly policy: Policy;
  /** Key of the fingerprints, see keyring/. */
  readonly fingerprintKey: Uint8Array;
  /** Findings hold secrets in clear. Only for a person at a terminal who asked for it. */
  readonly showSecrets?: boolean;
  /** Findings hold their line in clear. Only for a caller that seals it before anything else sees it. */
  readonly lineText?: boolean;
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
  /** Called at most every 100 ms, and once at the end. */
  readonly onProgress?: (progress: Progress) => void;
  /** Threads that read and match; default: one for each processor. Small scans use none. 0: never any. */
  readonly workers?: number;
  /** Threads for small scans where `workers` are asked for, kept from scan to scan by whoever does many (kept-threads.ts). */
  readonly keptThreads?: KeptThreads;
  /** How objects are read. There is one way so far; `auto` picks it. */
  readonly source?: 'auto' | 'cat-file';
  /** Directory scans leave out what `.gitignore` files name. */
  readonly gitignore?: boolean;
  /** Whether inline marks suppress; default: `policy.settings.inlineMarks`. */
  readonly inlineMarks?: boolean;
  /** `policy.rules` compiled already (the hook keeps them in a cache). */
  readonly ruleset?: CompiledRuleset;
  /** The clock that expiry of reviews is held against. */
  readonly now?: Date;
}
