/**
 * One scan of one branch, from the register to rows of findings. Nothing is written but at the end, by `completeScan`, in one transaction: a scan that
 * is killed, cancelled or fails leaves the branch as it was.
 */
import type { CompiledRuleset } from '../detect/compile-ruleset.ts';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { Repository } from '../git/repository.ts';
import type { Coverage } from '../model/coverage.ts';
import { LeakgateError, type ErrorCode } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { Oid } from '../model/oid.ts';
import type { Policy } from '../model/policy.ts';
import { findGone } from '../scan/find-gone.ts';
import type { KeptThreads } from '../scan/kept-threads.ts';
import { runScan } from '../scan/run-scan.ts';
import type { Progress, ScanOptions } from '../scan/scan-target.ts';
import { findBranch, tipDigest } from '../store/branches.ts';
import { branchFindings, completeScan, findingKey, findingWeight, type CompletedScan } from '../store/complete-scan.ts';
import type { Store } from '../store/open-store.ts';
import { findScan } from '../store/scans.ts';
import type { BranchRow, FindingRow, ScanRow } from '../store/schema.ts';
import { addCoverage, isLasting, NOTHING_READ, planScan, type ScanPlan } from './scan-plan.ts';
import { applyReviews, sealFinding } from './seal-finding.ts';

export interface BranchScan {
  readonly scan: ScanRow;
  readonly repository: Repository;
  readonly store: Store;
  readonly keys: KeyRing;
  readonly fingerprintKey: Uint8Array;
  readonly policy: Policy;
  readonly digest: string;
  readonly ruleset?: CompiledRuleset | undefined;
  readonly depth: 'history' | 'tip';
  readonly workers: number;
  readonly keptThreads?: KeptThreads | undefined;
  readonly signal: AbortSignal;
  now(): number;
  onProgress(progress: Progress): void;
}

/** Undefined when the scan was cancelled meanwhile, or its branch is gone. */
export async function scanBranch(job: BranchScan): Promise<CompletedScan | undefined> {
  const { scan, repository, store, depth, signal } = job;
  const digest = depth === 'tip' ? tipDigest(job.digest) : job.digest;
  const branch = await findBranch(store.db, scan.repositoryId, scan.ref);
  if (branch === undefined)
    throw new LeakgateError('TARGET_INVALID', `there is no branch ${scan.ref} in this repository`);
  const last = branch.scanId === null ? undefined : await findScan(store.db, branch.scanId);
  const plan = await planScan({ scan, branch, last, digest, depth, repository, signal });
  const read = await readBranch(job, branch, plan);
  const before = await branchFindings(store.db, scan.repositoryId, scan.ref);
  const gone = depth === 'tip' ? new Set<string>() : await findGoneKeys(job, branch, before, read.findings);
  const { outcome } = read.coverage;
  if (outcome === 'failed') throw new LeakgateError('INTERNAL', 'a failed scan has no findings to keep');
  return job.keys.using(() =>
    completeScan(store.db, {
      scanId: scan.id,
      now: job.now(),
      commitId: branch.tip,
      policyDigest: digest,
      outcome,
      coverage: JSON.stringify(read.coverage),
      objects: read.coverage.blobs + read.coverage.commits + read.coverage.trees + read.coverage.tags,
      bytes: read.coverage.bytes,
      mode: plan.kind === 'full' ? 'replace' : 'add',
      stays: staysWhenPartial(job.policy, read.coverage),
      findings: read.findings.map((finding) => sealFinding(finding, job.keys)),
      gone,
    }),
  );
}

interface BranchRead {
  readonly findings: readonly Finding[];
  readonly coverage: Coverage;
}

async function readBranch(job: BranchScan, branch: BranchRow, plan: ScanPlan): Promise<BranchRead> {
  if (plan.kind === 'nothing') return { findings: [], coverage: addCoverage(plan.base, NOTHING_READ) };
  const { findings, suppressed, coverage } = await runScan(
    {
      kind: 'branch',
      repository: job.repository,
      branch: branch.tip,
      refName: branch.ref,
      history: job.depth === 'history',
      everyPlace: true,
      ...(plan.kind === 'new' ? { since: plan.since } : {}),
    },
    { ...scanOptions(job), lineText: true, onProgress: job.onProgress },
  );
  if (coverage.error !== undefined) throw new LeakgateError(coverage.error.code as ErrorCode, coverage.error.message);
  if (job.signal.aborted) throw new LeakgateError('SCAN_CANCELLED', 'the scan was cancelled');
  const judged = applyReviews([...findings, ...suppressed], job.policy.reviews, job.now());
  return {
    findings: onePerKey(judged),
    coverage: addCoverage(plan.kind === 'new' ? plan.base : undefined, coverage),
  };
}

function scanOptions({ policy, fingerprintKey, ruleset, workers, keptThreads, signal, now }: BranchScan): ScanOptions {
  return {
    // Reviews are looked at afterwards, see applyReviews.
    policy: { ...policy, reviews: [] },
    fingerprintKey,
    ...(ruleset === undefined ? {} : { ruleset }),
    workers,
    ...(keptThreads === undefined ? {} : { keptThreads }),
    signal,
    now: new Date(now()),
  };
}

/** A secret in the name of a file and in the file is one finding here; the one that counts, and of these that in the content, is kept. */
function onePerKey(findings: readonly Finding[]): Finding[] {
  const kept = new Map<string, Finding>();
  for (const finding of findings) {
    const key = findingKey(finding);
    const known = kept.get(key);
    if (known === undefined || findingWeight(finding) > findingWeight(known)) kept.set(key, finding);
  }
  return [...kept.values()];
}

async function findGoneKeys(
  job: BranchScan,
  branch: BranchRow,
  before: readonly FindingRow[],
  found: readonly Finding[],
): Promise<ReadonlySet<string>> {
  const known = [...before, ...found].map(({ kind, path, fingerprint, blob }) => ({
    kind: kind as Finding['kind'],
    path,
    fingerprint,
    blob: blob ?? null,
  }));
  const gone = await findGone(job.repository, branch.tip as Oid, known, scanOptions(job));
  if (job.signal.aborted) throw new LeakgateError('SCAN_CANCELLED', 'the scan was cancelled');
  return new Set([...gone].map(findingKey));
}

/** What was found before and could not be read now is not gone, unless its rule is. */
function staysWhenPartial({ rules }: Policy, coverage: Coverage): (row: FindingRow) => boolean {
  if (coverage.outcome === 'complete' || isLasting(coverage)) return () => false;
  const known = new Set(rules.map(({ id }) => id));
  return ({ ruleId }) => known.has(ruleId);
}
