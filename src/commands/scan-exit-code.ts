import type { ScanResult } from '../scan/scan-result.ts';
import type { ExitCode } from './cli-context.ts';

/**
 * What a scan's result means for a script. Findings win over gaps: what was found is certain. What was there before the range
 * or the staged change is reported and does not count.
 */
export function scanExitCode({ findings, coverage }: Pick<ScanResult, 'findings' | 'coverage'>): ExitCode {
  if (findings.some(({ state }) => state === 'new')) return 1;
  return coverage.outcome === 'complete' ? 0 : 2;
}
