import type { Coverage } from '../model/coverage.ts';
import type { Finding } from '../model/finding.ts';
import type { Rule } from '../model/rule.ts';

/** Everything a report may tell: the result of one scan, and what it was made with. */
export interface ReportInput {
  /** New and pre-existing findings, in the order in which they are shown. */
  readonly findings: readonly Finding[];
  /** Suppressed and reviewed findings: recorded, not counted. */
  readonly suppressed: readonly Finding[];
  readonly coverage: Coverage;
  /** The rules that ran; SARIF lists them. */
  readonly rules: readonly Rule[];
  /** What was scanned, as the user named it. */
  readonly target: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly toolVersion: string;
  /** Where the content lives, when it is a clone of something; user names and passwords in the address are never shown. */
  readonly provenance?: Provenance;
}

export interface Provenance {
  readonly repositoryUri: string;
  readonly revisionId?: string;
  readonly branch?: string;
}

export interface ReportOptions {
  /** Whether the text report may use terminal colours; the other formats never do. */
  readonly color: boolean;
}

/**
 * Writes one format: yields the report piece by piece, so that its memory does not follow the number of findings.
 * Pure: no clock, no environment, no I/O.
 */
export type Printer = (input: ReportInput, options: ReportOptions) => Iterable<string>;
