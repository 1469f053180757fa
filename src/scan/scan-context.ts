import { compileRuleset } from '../detect/compile-ruleset.ts';
import { sharedDetector } from '../detect/detector.ts';
import type { Finding } from '../model/finding.ts';
import type { Oid } from '../model/oid.ts';
import type { Policy } from '../model/policy.ts';
import type { CommitInfo } from './commit-info.ts';
import type { ScanSettings } from './content-scanner.ts';
import { createCoverageTally, type CoverageTally } from './coverage-tally.ts';
import { groupFindings, toFinding } from './group-findings.ts';
import { createJudge, type Judge } from './judge.ts';
import type { LocatedFinding } from './located-finding.ts';
import { createProgressReporter, type ProgressReporter } from './progress-reporter.ts';
import type { ScanOptions } from './scan-target.ts';
import { createStop, type Stop } from './stop.ts';
import { createTextRedactor, type TextRedactor } from './text-redactor.ts';

/** What the stages of one scan share. */
export interface ScanContext {
  readonly policy: Policy;
  readonly settings: ScanSettings;
  readonly judge: Judge;
  /** Makes texts of the repository fit for a report. */
  readonly show: TextRedactor;
  readonly tally: CoverageTally;
  readonly progress: ProgressReporter;
  readonly stop: Stop;
  readonly options: ScanOptions;
}

export function createScanContext(options: ScanOptions): ScanContext {
  const { policy, showSecrets = false } = options;
  const ruleset = options.ruleset ?? compileRuleset(policy.rules);
  const settings: ScanSettings = {
    ruleset,
    allowlists: policy.allowlists,
    fingerprintKey: options.fingerprintKey,
    showSecrets,
    lineText: options.lineText ?? false,
    maxFindingsPerBlob: policy.settings.maxFindingsPerBlob,
  };
  let show: TextRedactor | undefined;
  return {
    policy,
    settings,
    judge: createJudge(policy, {
      inlineMarks: options.inlineMarks ?? policy.settings.inlineMarks,
      now: options.now ?? new Date(),
    }),
    // Most scans find nothing and never need it.
    show: (text) => (show ??= createTextRedactor(sharedDetector(ruleset), showSecrets))(text),
    tally: createCoverageTally(),
    progress: createProgressReporter(options.onProgress),
    stop: createStop(options.signal, options.deadlineMs),
    options,
  };
}

const NO_COMMITS: ReadonlyMap<Oid, CommitInfo> = new Map();

/** Groups located findings and turns them into what is reported. */
export function toFindings(
  located: readonly LocatedFinding[],
  context: ScanContext,
  commits: ReadonlyMap<Oid, CommitInfo> = NO_COMMITS,
): Finding[] {
  return groupFindings(located).map((group) => toFinding(group, { judge: context.judge, show: context.show, commits }));
}
