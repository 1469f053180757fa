/** How bad it is when this credential leaks, most severe first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** How sure a match of this rule is a credential, surest first. */
export const CONFIDENCES = ['high', 'medium', 'low'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

/** Where a rule or setting comes from; later ones refine earlier ones. */
export const SCOPES = ['builtin', 'global', 'project', 'repository', 'content'] as const;
/** `content` is `.leakgate.yml` of the repository's default branch: the only scope that a pusher can write. */
export type ScopeName = (typeof SCOPES)[number];

/** A place in a file that a person wrote; line and column count from 1. */
export interface Origin {
  readonly scope: ScopeName;
  /** Path as the user knows it (`rules/github.yml`, `HEAD:.leakgate.yml`). */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * A condition under which a match is not a finding. Every condition that is given must hold (paths *and* lines);
 * within one condition any entry suffices.
 */
export interface Allowlist {
  readonly description: string;
  /** Globs (picomatch subset, see glob/) on the path. Empty: any path. */
  readonly paths: readonly string[];
  /** RE2 patterns searched in the path. Empty: any path. With `paths`: both must hold for the same path. */
  readonly pathPatterns: readonly string[];
  /** RE2 patterns searched on the line(s) of the match. Empty: any line. */
  readonly lines: readonly string[];
  /** RE2 patterns searched on each line that the secret stands on; what they find there must overlap the secret. Empty: any line. */
  readonly covering: readonly string[];
  /** RE2 patterns searched on the secret. Empty: any secret. */
  readonly secrets: readonly string[];
  /** Full commit ids. Empty: any commit. */
  readonly commits: readonly string[];
  /** Substrings of the secret, compared without case. Empty: any secret. */
  readonly stopWords: readonly string[];
  /** Rule ids it applies to. Empty: every rule (of the rule, when it is written inside one). */
  readonly rules: readonly string[];
  readonly origin: Origin;
}

/** A rule as used: checked, defaults filled in. Plain data, so it crosses threads and caches. */
export interface Rule {
  /** `vendor-kind` in kebab-case; gitleaks' id where it has one. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** RE2 pattern, matched over a latin-1 view of the bytes; absent for a rule on paths alone. Secret = group `secret`, else the whole match. */
  readonly pattern?: string;
  /** Literals of which every match contains one. Empty: derived from the pattern. */
  readonly keywords: readonly string[];
  /** RE2 pattern on the path. With `pattern`: the rule runs only there. Alone: the path itself is the finding. */
  readonly path?: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** Shannon entropy of the secret in bits per character must be above this. */
  readonly minEntropy?: number;
  /** Characters per token of the secret must be below this (random text has few characters per token). */
  readonly maxTokenEfficiency?: number;
  /** Names of offline checks (detect/checks); a secret that fails one is dropped. */
  readonly checks: readonly string[];
  /** Substrings of the secret, compared without case, that make it no finding. */
  readonly stopWords: readonly string[];
  readonly allowlists: readonly Allowlist[];
  /** Longest match in bytes; needed for a pattern without a bound of its own (default 4096, at most 65536). */
  readonly maxLength?: number;
  /** Whether a finding refuses a push (false: reported only). */
  readonly blocking: boolean;
  /** A scope has locked it against those below. */
  readonly locked?: true;
  readonly references: readonly string[];
  readonly examples: readonly string[];
  readonly negativeExamples: readonly string[];
  readonly origin: Origin;
}
