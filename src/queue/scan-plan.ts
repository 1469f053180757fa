/** What a scan has to read: everything, what is new, or nothing. */
import type { Repository } from '../git/repository.ts';
import { runGit } from '../git/spawn.ts';
import type { Coverage, UnreadReason } from '../model/coverage.ts';
import type { Oid } from '../model/oid.ts';
import type { BranchRow, ScanRow } from '../store/schema.ts';

export type ScanPlan =
  | { readonly kind: 'full'; readonly why: string }
  /** The branch has grown since `since`. */
  | { readonly kind: 'new'; readonly since: Oid; readonly base: Coverage | undefined }
  /** The branch and its policy are what they were. */
  | { readonly kind: 'nothing'; readonly base: Coverage | undefined };

/** Unread for a reason that another try will not change: what was found with them stays what it is. */
const LASTING: readonly UnreadReason[] = ['too-large', 'too-many-findings', 'too-many-paths'];

export interface PlanInput {
  readonly scan: Pick<ScanRow, 'full'>;
  readonly branch: BranchRow;
  /** The scan whose result the branch has. */
  readonly last: Pick<ScanRow, 'outcome' | 'coverage'> | undefined;
  readonly digest: string;
  readonly depth: 'history' | 'tip';
  readonly repository: Repository;
  readonly signal: AbortSignal;
}

export async function planScan(input: PlanInput): Promise<ScanPlan> {
  const { scan, branch, last, digest, depth, repository, signal } = input;
  const { scannedCommit, tip } = branch;
  if (scan.full === 1) return { kind: 'full', why: 'it was asked for' };
  if (scannedCommit === null) return { kind: 'full', why: 'the branch was not scanned before' };
  if (branch.policyDigest !== digest) return { kind: 'full', why: 'the rules have changed' };
  const base = last === undefined ? undefined : parseCoverage(last.coverage);
  if (last?.outcome !== 'complete' && !isLasting(base))
    return { kind: 'full', why: 'the last scan could not read everything' };
  if (scannedCommit === tip) return { kind: 'nothing', base };
  if (depth === 'tip') return { kind: 'full', why: 'the branch has another tip' };
  if (await isAncestor(repository, scannedCommit, tip, signal))
    return { kind: 'new', since: scannedCommit as Oid, base };
  return { kind: 'full', why: 'the branch was rewritten' };
}

async function isAncestor(repository: Repository, old: string, tip: string, signal: AbortSignal): Promise<boolean> {
  const answer = await runGit(repository, ['merge-base', '--is-ancestor', old, tip], { accept: [1, 128], signal });
  return answer.status === 0;
}

function parseCoverage(text: string | null): Coverage | undefined {
  return text === null ? undefined : (JSON.parse(text) as Coverage);
}

/** Whether all that a scan left unread would be left unread again. */
export function isLasting(coverage: Coverage | undefined): boolean {
  return (
    coverage?.outcome === 'partial' &&
    Object.keys(coverage.unread).every((reason) => LASTING.includes(reason as UnreadReason))
  );
}

/** The coverage of a branch after a scan of what is new: what the scans before it did not read is still not read. */
export function addCoverage(base: Coverage | undefined, more: Coverage): Coverage {
  if (base === undefined || base.outcome !== 'partial') return more;
  const unread = { ...base.unread };
  for (const [reason, count] of Object.entries(more.unread) as [UnreadReason, number][])
    unread[reason] = (unread[reason] ?? 0) + count;
  return {
    ...more,
    outcome: 'partial',
    unread,
    unreadSamples: [...base.unreadSamples, ...more.unreadSamples].slice(0, 100),
  };
}

/** The coverage of a scan that had nothing to read. */
export const NOTHING_READ: Coverage = {
  outcome: 'complete',
  blobs: 0,
  commits: 0,
  tags: 0,
  trees: 0,
  bytes: 0,
  skipped: 0,
  unread: {},
  unreadSamples: [],
};
