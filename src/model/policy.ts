import type { Problem } from './errors.ts';
import type { Review } from './review.ts';
import type { Allowlist, Origin, Rule } from './rule.ts';

/**
 * What a scope may forbid the scopes below it to do. A lock may also be the id of one rule: that rule can then be neither
 * disabled nor overridden from below, and no allowlist or inline mark from below suppresses its findings.
 *
 * - `rules`         add or override rules
 * - `overrides`     override rules (adding stays possible)
 * - `disabledRules` disable rules
 * - `allowlists`    add allowlists
 * - `reviews`       have reviews of their own
 * - `inlineMarks`   change `settings.inlineMarks` and `settings.hook.inlineMarks`
 * - `hook`          change anything in `settings.hook`
 * - `content`       change `settings.content`
 * - `settings`      change any setting
 */
export const LOCK_NAMES = [
  'rules',
  'overrides',
  'disabledRules',
  'allowlists',
  'reviews',
  'inlineMarks',
  'hook',
  'content',
  'settings',
] as const;
export type LockName = (typeof LOCK_NAMES)[number];

/** A lock in force. The highest scope that sets it is the one that counts: it binds every scope below. */
export interface Lock {
  /** A `LockName` or a rule id. */
  readonly name: string;
  readonly origin: Origin;
}

/** How the pre-receive hook behaves. Never settable by content. */
export interface HookSettings {
  /** `warn` prints the findings and accepts the push; `off` accepts it without looking, and puts that on record. */
  readonly mode: 'block' | 'warn' | 'off';
  /** Time for the whole hook, in milliseconds. */
  readonly deadlineMs: number;
  /** What `undecided` (deadline, unreadable object, own failure) means for the push. */
  readonly onUndecided: 'reject' | 'accept';
  /** Also scan quarantined objects that no ref reaches: git keeps them and serves them by id. */
  readonly strict: boolean;
  /** Whether a secret that every parent version already had refuses the push too. */
  readonly blockPreExisting: boolean;
  /** Whether inline marks suppress in the hook. Off by default: every pusher can write one. */
  readonly inlineMarks: boolean;
  readonly bypass: {
    /** Whether a push option with a reason lets a push through, on record. */
    readonly allowed: boolean;
    /** Whether a mark in a commit message keeps what that commit brings from refusing the push, on record. Off: every pusher can write one. */
    readonly commitMessage: boolean;
  };
  /** A sentence or link shown at the end of a refusal: whom to ask, where to read. */
  readonly help?: string;
  /** Absolute path of the audit log; absent: `<gitdir>/leakgate/audit.jsonl`. */
  readonly auditLog?: string;
}

/**
 * What `.leakgate.yml` of the default branch may do, decided by the scopes above it. Everything is still subject to locks.
 * Adding rules and allowlists is allowed by default: it needs a reviewed commit on the default branch and is visible there.
 */
export interface ContentSettings {
  /** Add rules with ids of their own. */
  readonly rules: boolean;
  /** Replace keys of rules that exist. */
  readonly overrides: boolean;
  readonly disabledRules: boolean;
  readonly allowlists: boolean;
  /** Change settings other than `hook` and `content`, which content never may. */
  readonly settings: boolean;
  /** Whether `soteri-security.yml` beside it counts too, with all that such a file can say: it may disable rules. */
  readonly soteriYml: boolean;
}

export interface Settings {
  /** Whether inline marks suppress in scans (the hook has its own switch). */
  readonly inlineMarks: boolean;
  /** Larger blobs are not read and are reported as `too-large`. A blob is held whole in memory, once per worker. */
  readonly maxBlobBytes: number;
  /** Findings kept per blob; the rest are counted. */
  readonly maxFindingsPerBlob: number;
  readonly content: ContentSettings;
  readonly hook: HookSettings;
}

/** What is in force when nobody configures anything. */
export const DEFAULT_SETTINGS: Settings = {
  inlineMarks: true,
  // Above what the large hosts accept in a push (100 MB), and two workers with one each still fit a small server.
  maxBlobBytes: 256 * 1024 * 1024,
  maxFindingsPerBlob: 1000,
  content: { rules: true, overrides: false, disabledRules: false, allowlists: true, settings: false, soteriYml: false },
  hook: {
    mode: 'block',
    deadlineMs: 30_000,
    onUndecided: 'reject',
    strict: false,
    blockPreExisting: false,
    inlineMarks: false,
    bypass: { allowed: false, commitMessage: false },
  },
};

/** What a decision is about. */
export const DECISION_SUBJECTS = ['rule', 'allowlist', 'setting', 'lock', 'reviews', 'file'] as const;
export type DecisionSubject = (typeof DECISION_SUBJECTS)[number];

/** One thing that an entry of a configuration file did, or was kept from doing. `explain` reads these. */
export interface Decision {
  readonly kind: 'added' | 'overridden' | 'disabled' | 'set' | 'locked' | 'refused' | 'ignored';
  readonly about: DecisionSubject;
  /** Rule id, description of the allowlist, dotted key of the setting (`hook.mode`), name of the lock, or file. */
  readonly subject: string;
  /** The entry that did or wanted it. */
  readonly origin: Origin;
  /** For `overridden` and `disabled`: where the rule was written. For `set`: what set it before, unless that is the default. */
  readonly previous?: Origin;
  /** For `refused` by a lock: the lock. */
  readonly lock?: Origin;
  /** One sentence without place: the printer adds that from `origin`. */
  readonly message: string;
}

/**
 * Everything that the scopes together say, merged. Plain JSON data: it is cached by the hook and sent to workers.
 * Rules stand in the order of scopes (built-in, global, project, repository, content), overridden ones in their old place.
 */
export interface Policy {
  readonly rules: readonly Rule[];
  /**
   * Of all scopes. Allowlists written inside a rule are here too, with `rules` naming that rule, so that an index into this
   * list means one allowlist everywhere.
   */
  readonly allowlists: readonly Allowlist[];
  readonly settings: Settings;
  readonly locks: readonly Lock[];
  readonly reviews: readonly Review[];
  readonly decisions: readonly Decision[];
  /** Warnings: what was refused by a lock, ignored because broken, or names something unknown. */
  readonly problems: readonly Problem[];
}
