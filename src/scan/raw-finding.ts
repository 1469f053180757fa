import type { FindingKind, LineText } from '../model/finding.ts';
import type { Confidence } from '../model/rule.ts';

/**
 * A finding as it leaves the place where the content was in memory: all that needs the content has been worked out, nothing of
 * the content is kept. It crosses threads, so it is plain data and the secret is redacted already (unless clear text was asked for).
 */
export interface RawFinding {
  readonly kind: FindingKind;
  /** Which of the objects or files of the scan, by their number in its listing; -1 where there is no listing. */
  readonly object: number;
  /** Index into the ruleset's rules. */
  readonly rule: number;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly secret: string;
  readonly match: string;
  readonly fingerprint: string;
  /** The line in clear, when the scan was asked for it. */
  readonly lineText?: LineText;
  /** The secret's fingerprint for ANY_RULE, see model/review.ts. */
  readonly matchFingerprint: string;
  /** The rule's, raised or lowered by what the checks say of this secret. */
  readonly confidence: Confidence;
  /** Allowlists whose conditions on line and secret hold, see suppress/content-conditions.ts. */
  readonly allowlists: readonly number[];
  /** The inline mark on its line, if there is one. */
  readonly inlineMark?: string;
  /** For kind `path`: the path, as git keeps it. */
  readonly path?: Uint8Array;
}
