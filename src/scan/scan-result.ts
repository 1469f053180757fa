import type { Coverage } from '../model/coverage.ts';
import type { Finding } from '../model/finding.ts';

/** What a scan found and how much it saw. Only `coverage.outcome === 'complete'` with no finding means "clean". */
export interface ScanResult {
  /** New and pre-existing ones, in the order in which history brought them in. */
  readonly findings: readonly Finding[];
  /** Suppressed and reviewed ones: on record, not counted. */
  readonly suppressed: readonly Finding[];
  readonly coverage: Coverage;
  /** What was scanned, in words. */
  readonly target: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
}
