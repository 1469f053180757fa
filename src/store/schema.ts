/**
 * The server's tables, as Kysely sees them. One schema for SQLite and PostgreSQL, so it keeps to what both have:
 *
 * - times are milliseconds since 1970 in integers, booleans are 0 or 1, lists and objects are JSON texts;
 * - ids are assigned by the database and never used twice;
 * - `scope` and `resourceId` say whom a row is for; GLOBAL rows have the resource 0, because NULL is never equal to itself in a unique index;
 * - columns that end in `Sealed` hold text encrypted by the key ring (keyring/key-ring.ts). No column holds a secret in clear.
 */
import type { Generated, Selectable } from 'kysely';

/** 0 or 1. */
export type Flag = number;
/** Milliseconds since 1970. */
export type Time = number;
/** A JSON text. */
export type Json = string;
/** Encrypted text, see keyring/key-ring.ts. */
export type Sealed = string;

export const SCOPE_TYPES = ['GLOBAL', 'PROJECT', 'REPOSITORY'] as const;
export type ScopeType = (typeof SCOPE_TYPES)[number];

/** Whom a row is for. */
export interface ScopeColumns {
  scope: ScopeType;
  /** Id of the project or repository; 0 for GLOBAL. */
  resourceId: number;
}

/** Settings of the whole server, by name (store/settings.ts lists them). */
export interface SettingTable {
  name: string;
  value: Json;
}

export interface ProjectTable {
  id: Generated<number>;
  /** As shown; found without regard to case through `lookupKey`. Personal projects: `~slug`. */
  key: string;
  lookupKey: string;
  name: string;
  description: string | null;
  /** Owner of a personal project. */
  ownerId: number | null;
  isPublic: Flag;
  created: Time;
}

export interface RepositoryTable {
  id: Generated<number>;
  projectId: number;
  slug: string;
  name: string;
  description: string | null;
  /** Absolute path of a repository on this machine; or `cloneUrl` is set, and a mirror of it lies in the data directory. */
  path: string | null;
  cloneUrl: string | null;
  /** `refs/heads/main`; null: what HEAD says. */
  defaultBranch: string | null;
  /** What HEAD said when it was last read; null: nothing, or not read yet. */
  head: string | null;
  isPublic: Flag;
  created: Time;
}

export const GLOBAL_PERMISSIONS = ['LICENSED_USER', 'PROJECT_CREATE', 'ADMIN', 'SYS_ADMIN'] as const;
export type GlobalPermission = (typeof GLOBAL_PERMISSIONS)[number];
export const PROJECT_PERMISSIONS = ['PROJECT_READ', 'PROJECT_WRITE', 'PROJECT_ADMIN'] as const;
export type ProjectPermission = (typeof PROJECT_PERMISSIONS)[number];
export const REPOSITORY_PERMISSIONS = ['REPO_READ', 'REPO_WRITE', 'REPO_ADMIN'] as const;
export type RepositoryPermission = (typeof REPOSITORY_PERMISSIONS)[number];

export interface UserTable {
  id: Generated<number>;
  /** What one logs in with; found without regard to case through `slug`. */
  name: string;
  slug: string;
  displayName: string;
  email: string | null;
  /** See store/password.ts; null: no password can be right. */
  passwordHash: string | null;
  active: Flag;
  permission: GlobalPermission;
  /** Soteri's "app access": its settings and reports, for the repositories one may read. */
  appAccess: Flag;
  created: Time;
  lastAuthenticated: Time | null;
}

export interface GroupTable {
  id: Generated<number>;
  name: string;
  permission: GlobalPermission | null;
  appAccess: Flag;
}

export interface GroupMemberTable {
  groupId: number;
  userId: number;
}

/** A user or a group (the other is 0) has a permission on a project or repository. */
export interface GrantTable {
  scope: 'PROJECT' | 'REPOSITORY';
  resourceId: number;
  userId: number;
  groupId: number;
  permission: ProjectPermission | RepositoryPermission;
}

/** An HTTP access token: of a user, a project or a repository (the others are null). */
export interface TokenTable {
  id: Generated<number>;
  name: string;
  userId: number | null;
  projectId: number | null;
  repositoryId: number | null;
  /** The most it may do; never a global permission. */
  permission: ProjectPermission | RepositoryPermission;
  /** SHA-256 of the token in hex. */
  hash: string;
  created: Time;
  expires: Time | null;
  lastUsed: Time | null;
}

/** A rule of Bitbucket's interface. */
export interface ScanningRuleTable extends ScopeColumns {
  id: Generated<number>;
  name: string;
  lineRegex: string | null;
  pathRegex: string | null;
  created: Time;
  updated: Time;
}

/** An allowlist rule of Bitbucket's interface; never GLOBAL. */
export interface ScanningAllowlistTable extends ScopeColumns {
  id: Generated<number>;
  name: string;
  lineRegex: string | null;
  pathRegex: string | null;
  created: Time;
  updated: Time;
}

export interface ExemptionTable {
  repositoryId: number;
  scope: 'GLOBAL' | 'PROJECT';
  created: Time;
}

/** A global custom rule of Soteri's interface. */
export interface CustomRuleTable {
  id: Generated<number>;
  name: string;
  regexp: string;
  enabled: Flag;
  blocking: Flag;
  validationError: string | null;
  /** Whether `validationError` switched it off. */
  disabledByError: Flag;
  created: Time;
  updated: Time;
}

/** Built-in rules that were switched off or on for all. */
export interface BuiltinRuleTable {
  /** Our rule id. */
  ruleId: string;
  enabled: Flag;
}

/** A reviewed match of Soteri's interface: a text, whichever rule finds it. */
export interface ReviewedMatchTable {
  id: Generated<number>;
  scope: 'GLOBAL' | 'REPOSITORY';
  resourceId: number;
  /** `fingerprint(key, '*', matchText)`: unique in its scope. */
  fingerprint: string;
  matchSealed: Sealed;
  ruleName: string;
  reviewer: string;
  created: Time;
}

/** A review of our own interface: a finding's fingerprint, with reason and expiry. Unique in its scope. */
export interface ReviewTable extends ScopeColumns {
  id: Generated<number>;
  fingerprint: string;
  ruleId: string;
  resolution: string;
  reviewer: string;
  reason: string;
  created: Time;
  expires: Time | null;
}

/** Set states of the hook; no row: inherited. */
export interface HookStateTable extends ScopeColumns {
  enabled: Flag;
  /** The settings as they were sent, `{"warnOnVulnerabilities":false}`. */
  settings: Json;
}

/** What is known of a branch: its tip, and the last scan that came to an end. */
export interface BranchTable {
  id: Generated<number>;
  repositoryId: number;
  /** `refs/heads/main`. */
  ref: string;
  /** As last seen. */
  tip: string;
  /** Commit that `scanId` covered; null: never scanned. */
  scannedCommit: string | null;
  scanId: number | null;
  /** Digest of the policy it was scanned under: another one means the result is outdated. */
  policyDigest: string | null;
  scanned: Time | null;
  /** Findings that count. */
  vulnerabilities: number;
}

export const SCAN_STATES = ['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export type ScanState = (typeof SCAN_STATES)[number];

export interface ScanTable {
  id: Generated<number>;
  /** The `scanKey` of the interfaces. */
  key: string;
  repositoryId: number;
  ref: string;
  state: ScanState;
  /** Higher goes first. */
  priority: number;
  /** `request`, `schedule`, `push`, `settings`. */
  trigger: string;
  requestedBy: string;
  /** Everything again, not only what is new since the last scan. */
  full: Flag;
  attempt: number;
  /** 0 to 100; never falls. */
  progress: number;
  objects: number;
  bytes: number;
  /** The commit that is being or was scanned. */
  commitId: string | null;
  policyDigest: string | null;
  /** `complete`, `partial` or `failed`; null before the end. */
  outcome: string | null;
  /** Coverage of the scan (model/coverage.ts). */
  coverage: Json | null;
  /** Why it failed, was cancelled or is being tried again. */
  reason: string | null;
  cancelRequested: Flag;
  /** Addresses to write to when it has ended, as a list. */
  notify: Json;
  queued: Time;
  started: Time | null;
  ended: Time | null;
  heartbeat: Time | null;
}

/** A finding on a branch. Unique by repository, ref, rule, secret and path. */
export interface FindingTable {
  id: Generated<number>;
  repositoryId: number;
  ref: string;
  /** The scan that found it first. */
  scanId: number;
  ruleId: string;
  ruleName: string;
  /** `lgf1:…` of rule and secret. */
  fingerprint: string;
  /** `lgf1:…` of the secret whatever the rule: what reviewed matches are compared with. */
  matchFingerprint: string;
  kind: string;
  path: string;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  /** Redacted. */
  secret: string;
  /** The line, or the secret alone when the line is too long. */
  textSealed: Sealed;
  /** Where the secret stands in that text, in UTF-16 units; the end is exclusive. */
  textStart: number;
  textEnd: number;
  truncated: Flag;
  blob: string | null;
  commitId: string | null;
  author: string | null;
  email: string | null;
  commitDate: Time | null;
  severity: string;
  confidence: string;
  blocking: Flag;
  /** `new`, `suppressed` or `reviewed`: what allowlists and marks said when it was scanned. Reviews made since are looked up. */
  state: string;
  suppression: Json | null;
  /** No longer at the tip of the branch. */
  historical: Flag;
  occurrences: number;
  created: Time;
}

export interface AuditEventTable {
  id: Generated<number>;
  time: Time;
  category: string;
  action: string;
  /** User name, or `system`, or who pushed. */
  actor: string;
  address: string | null;
  scope: ScopeType;
  resourceId: number;
  details: Json;
}

/** What the hook decided on a push, taken in from its audit log. */
export interface PushTable {
  id: Generated<number>;
  repositoryId: number;
  time: Time;
  /** Digest of the event: taking the same log in twice changes nothing. */
  digest: string;
  decision: string;
  mode: string;
  pusher: string;
  findings: number;
  blockingFindings: number;
  durationMs: number;
  details: Json;
}

export interface WebhookTable extends ScopeColumns {
  id: Generated<number>;
  name: string;
  url: string;
  /** List of event keys. */
  events: Json;
  active: Flag;
  /** Signs the body (`X-Hub-Signature`). */
  secretSealed: Sealed | null;
  created: Time;
  updated: Time;
}

/** A mail or webhook call on its way. */
export interface DeliveryTable {
  id: Generated<number>;
  kind: 'webhook' | 'mail';
  /** Of a webhook; 0 for mail. */
  webhookId: number;
  /** Address to write to; for webhooks the event key. */
  subject: string;
  body: string;
  state: 'WAITING' | 'DELIVERED' | 'GIVEN_UP';
  attempt: number;
  due: Time;
  lastError: string | null;
  created: Time;
}

export interface RateLimitTable {
  userId: number;
  whitelisted: Flag;
  capacity: number | null;
  fillRate: number | null;
}

export interface RateLimitRejectTable {
  userId: number;
  /** Start of the interval. */
  time: Time;
  rejects: number;
}

export interface GpgKeyTable {
  id: Generated<number>;
  userId: number;
  fingerprint: string;
  keyId: string;
  text: string;
  email: string | null;
  expires: Time | null;
  subKeys: Json;
  created: Time;
}

export interface HookScriptTable {
  id: Generated<number>;
  name: string;
  description: string | null;
  type: 'PRE' | 'POST';
  content: string;
  version: number;
  created: Time;
  updated: Time;
}

export interface HookScriptUseTable extends ScopeColumns {
  scriptId: number;
  triggerIds: Json;
}

/** All tables, under their names in the database. */
export interface Database {
  settings: SettingTable;
  projects: ProjectTable;
  repositories: RepositoryTable;
  users: UserTable;
  groups: GroupTable;
  groupMembers: GroupMemberTable;
  grants: GrantTable;
  tokens: TokenTable;
  scanningRules: ScanningRuleTable;
  scanningAllowlists: ScanningAllowlistTable;
  exemptions: ExemptionTable;
  customRules: CustomRuleTable;
  builtinRules: BuiltinRuleTable;
  reviewedMatches: ReviewedMatchTable;
  reviews: ReviewTable;
  hookStates: HookStateTable;
  branches: BranchTable;
  scans: ScanTable;
  findings: FindingTable;
  auditEvents: AuditEventTable;
  pushes: PushTable;
  webhooks: WebhookTable;
  deliveries: DeliveryTable;
  rateLimits: RateLimitTable;
  rateLimitRejects: RateLimitRejectTable;
  gpgKeys: GpgKeyTable;
  hookScripts: HookScriptTable;
  hookScriptUses: HookScriptUseTable;
}

export type ProjectRow = Selectable<ProjectTable>;
export type RepositoryRow = Selectable<RepositoryTable>;
export type UserRow = Selectable<UserTable>;
export type GroupRow = Selectable<GroupTable>;
export type TokenRow = Selectable<TokenTable>;
export type ScanningRuleRow = Selectable<ScanningRuleTable>;
export type CustomRuleRow = Selectable<CustomRuleTable>;
export type BranchRow = Selectable<BranchTable>;
export type ScanRow = Selectable<ScanTable>;
export type FindingRow = Selectable<FindingTable>;
export type WebhookRow = Selectable<WebhookTable>;
