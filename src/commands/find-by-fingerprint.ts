import { loadFingerprintKey } from '../keyring/fingerprint-key.ts';
import { LeakgateError } from '../model/errors.ts';
import type { Coverage } from '../model/coverage.ts';
import type { Finding } from '../model/finding.ts';
import type { Policy } from '../model/policy.ts';
import { describeUnread } from '../report/describe-coverage.ts';
import { runScan } from '../scan/run-scan.ts';
import type { ScanTarget } from '../scan/scan-target.ts';
import type { CliContext } from './cli-context.ts';
import { placeAt } from './load-policy-here.ts';
import { loadScanPolicy } from './load-scan-policy.ts';
import { createProgressBar } from './progress-bar.ts';

export interface FullScan {
  readonly policy: Policy;
  /** Counted, suppressed and reviewed ones. */
  readonly findings: readonly Finding[];
  /** Of each scan that was made. */
  readonly coverage: readonly Coverage[];
}

/** Every finding with a fingerprint, in the files at a place and in its whole history. */
export async function findByFingerprint(
  context: CliContext,
  fingerprint: string,
  flags: { readonly repository: string; readonly config?: string },
): Promise<FullScan> {
  const scan = await scanEverything(context, flags);
  return { ...scan, findings: scan.findings.filter((finding) => finding.fingerprint === fingerprint) };
}

/** When nothing was found: that it is not there is known only of a place that was read whole. */
export function notFound(repository: string, { coverage }: FullScan, whereItIsNot: string): LeakgateError {
  const gap = coverage.find(({ outcome }) => outcome !== 'complete');
  if (gap === undefined) return new LeakgateError('USAGE_INVALID', whereItIsNot);
  return new LeakgateError(
    'TARGET_INVALID',
    `the fingerprint is not in what was read of ${repository}, which is not all: ${gap.error?.message ?? describeUnread(gap)}`,
  );
}

/** Files and history of a place, suppressed findings included. */
export async function scanEverything(
  context: CliContext,
  flags: { readonly repository: string; readonly config?: string },
): Promise<FullScan> {
  const place = await placeAt(context, flags.repository);
  const { policy, ruleset } = await loadScanPolicy(context, flags, place);
  const fingerprintKey = await loadFingerprintKey({ env: context.env });
  const folder = place.repository?.workTree ?? place.folder;
  const targets: ScanTarget[] = [
    ...(place.repository === undefined ? [] : [{ kind: 'all', repository: place.repository } as const]),
    ...(folder === undefined ? [] : [{ kind: 'directory', path: folder } as const]),
  ];
  const bar = createProgressBar(context, true);
  const findings: Finding[] = [];
  const coverage: Coverage[] = [];
  try {
    for (const target of targets) {
      const result = await runScan(target, {
        policy,
        ruleset,
        fingerprintKey,
        signal: context.signal,
        onProgress: (state) => bar.update(state),
      });
      findings.push(...result.findings, ...result.suppressed);
      coverage.push(result.coverage);
    }
  } finally {
    bar.close();
  }
  return { policy, findings, coverage };
}
