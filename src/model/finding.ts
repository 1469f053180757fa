import type { Confidence, Origin, Severity } from './rule.ts';

/**
 * - `new`           introduced by what was scanned; counts
 * - `pre-existing`  every parent version of the file already had it; reported, does not block unless configured
 * - `suppressed`    an allowlist or an inline mark says it is none; recorded, does not count
 * - `reviewed`      a person decided on it; recorded, does not count
 */
export const FINDING_STATES = ['new', 'pre-existing', 'suppressed', 'reviewed'] as const;
export type FindingState = (typeof FINDING_STATES)[number];

/** What was scanned when the secret was found. */
export const FINDING_KINDS = ['blob', 'commit', 'tag', 'ref', 'path', 'file', 'stdin'] as const;
/**
 * `blob`: file content in git; `commit`/`tag`: the raw object (message, names, headers); `ref`: the name of a branch or tag; `path`: a file or folder name;
 * `file`: a file of a working tree; `stdin`: standard input.
 */
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Why a finding does not count. */
export interface Suppression {
  readonly kind: 'allowlist' | 'inline-mark' | 'review';
  readonly reason: string;
  /** Which entry decided; absent for an inline mark, whose place is the finding's own line. */
  readonly origin?: Origin;
  readonly reviewer?: string;
}

/** A line with a secret in it, in clear. */
export interface LineText {
  /** The whole line, or the secret alone. */
  readonly text: string;
  /** Where the secret stands in `text`, in UTF-16 code units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** `text` is the secret alone: the line is too long, or the secret spans several. */
  readonly truncated: boolean;
}

/** A finding in more blobs than this names only its own. */
export const MAX_LISTED_BLOBS = 1_000;

/** A finding on more further lines of the same content names so many. */
export const MAX_OTHER_LINES = 100;

/**
 * A reported secret. Lines and columns count from 1; columns are UTF-16 code units, `endColumn` is exclusive (SARIF's convention).
 * `secret` and `match` are redacted when the finding is made, unless the caller asked for clear text.
 */
export interface Finding {
  readonly ruleId: string;
  readonly ruleName: string;
  readonly kind: FindingKind;
  /** Path inside the repository or target, `/` between folders; for commits and tags their id, for refs their name. Raw bytes as UTF-8 with `\xNN` for what is not. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** Further lines of the same content that have the same secret, when there are any; no more than `MAX_OTHER_LINES`. */
  readonly otherLines?: readonly number[];
  readonly secret: string;
  readonly match: string;
  /** `lgf1:` + HMAC of rule and secret under the installation's key: stable over moves and rebases. */
  readonly fingerprint: string;
  /** The same of the secret whatever the rule (`ANY_RULE`): what reviews of a text are compared with. In no report. */
  readonly matchFingerprint: string;
  /** Only when the caller asked for it, which seals it at once. In no report. */
  readonly lineText?: LineText;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** Object id of the blob, commit or tag; absent outside git. */
  readonly blob?: string;
  /** All `occurrences` when they are several and not very many (`MAX_LISTED_BLOBS`), this one among them. In no report. */
  readonly blobs?: readonly string[];
  /** Commit that brought it in. */
  readonly commit?: string;
  readonly author?: string;
  readonly email?: string;
  /** Author date, ISO 8601. */
  readonly date?: string;
  readonly state: FindingState;
  /** Whether the rule refuses pushes. */
  readonly blocking: boolean;
  /** How many blobs have this rule, secret and path; this finding is the earliest. */
  readonly occurrences: number;
  readonly suppression?: Suppression;
}
