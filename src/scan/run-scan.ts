/**
 * One scan of one target, whatever it is:
 *
 *     const result = await runScan({ kind: 'all', repository }, { policy, fingerprintKey });
 *
 * Each kind of target has a file of its own which finds the content; from there on all go the same way: content → raw findings
 * (content-scanner.ts, in workers for large targets) → located and judged → grouped. Cancellation and deadline end a scan with what was
 * found so far. A scan that could not be done is `failed`; only a target that makes no sense is thrown.
 */
import type { Finding } from '../model/finding.ts';
import { LeakgateError } from '../model/errors.ts';
import { noteError, toCoverage } from './coverage-tally.ts';
import { createScanContext, type ScanContext } from './scan-context.ts';
import { scanHistory } from './scan-history.ts';
import type { ScanResult } from './scan-result.ts';
import type { ScanOptions, ScanTarget } from './scan-target.ts';

/** @throws LeakgateError `TARGET_INVALID` for a target that does not exist */
export async function runScan(target: ScanTarget, options: ScanOptions): Promise<ScanResult> {
  const started = performance.now();
  const startedAt = new Date().toISOString();
  const context = createScanContext(options);
  let findings: readonly Finding[] = [];
  try {
    findings = await scanTarget(target, context);
  } catch (error) {
    if (error instanceof LeakgateError && error.code === 'TARGET_INVALID') throw error;
    noteEnd(error, context);
  } finally {
    context.stop.close();
  }
  context.progress.finish();
  return {
    findings: findings.filter(({ state }) => state === 'new' || state === 'pre-existing'),
    suppressed: findings.filter(({ state }) => state === 'suppressed' || state === 'reviewed'),
    coverage: toCoverage(context.tally, context.show),
    // Names of branches, tags and folders hold secrets, too. A push's target is told to nobody.
    target: target.kind === 'push' ? describeTarget(target) : context.show(describeTarget(target)),
    startedAt,
    durationMs: Math.round(performance.now() - started),
  };
}

/** What only some targets need is loaded for them alone: a push waits for every file. */
async function scanTarget(target: ScanTarget, context: ScanContext): Promise<readonly Finding[]> {
  switch (target.kind) {
    case 'directory':
      return (await import('./scan-directory.ts')).scanDirectory(target, context);
    case 'stdin':
      return (await import('./scan-stdin.ts')).scanStdin(target, context);
    case 'staged':
      return (await import('./scan-staged.ts')).scanStaged(target, context);
    case 'range':
    case 'branch':
    case 'all':
    case 'push':
      return scanHistory(target, context);
    default:
      return target satisfies never;
  }
}

/** Being stopped before anything could be listed is no failure: it is a scan that read nothing. */
function noteEnd(error: unknown, { stop, tally }: ScanContext): void {
  const reason = stop.reason();
  if (reason === undefined) noteError(tally, error);
  else tally.unread.counts[reason] ??= 1;
}

function describeTarget(target: ScanTarget): string {
  switch (target.kind) {
    case 'directory':
      return target.path;
    case 'stdin':
      return target.name ?? 'standard input';
    case 'staged':
      return `staged changes of ${nameOf(target.repository)}`;
    case 'range':
      return `${target.from}..${target.to} of ${nameOf(target.repository)}`;
    case 'branch':
      return `${target.history ? 'history' : 'tip'} of ${target.branch} of ${nameOf(target.repository)}`;
    case 'all':
      return `all of ${nameOf(target.repository)}`;
    case 'push':
      return `push to ${nameOf(target.repository)}`;
    default:
      return target satisfies never;
  }
}

function nameOf({ workTree, gitDir }: { readonly workTree?: string; readonly gitDir: string }): string {
  return workTree ?? gitDir;
}
