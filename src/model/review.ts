import type { Origin } from './rule.ts';

/** What a person decided about a finding; every one of them keeps it from counting until the review expires. */
export const RESOLUTIONS = ['false-positive', 'used-in-tests', 'revoked', 'wont-fix'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** Stands for every rule, in a review and in the fingerprint that it goes by: a rule's own id is kebab-case and cannot be this. */
export const ANY_RULE = '*';

/**
 * A review as stored, one JSON object a line. It is keyed to rule and secret through the fingerprint, never to a place,
 * so it survives moves, rebases and squashes, and a changed secret alerts again. It holds no secret.
 */
export interface ReviewRecord {
  /** `lgf1:` and 32 hex digits, see keyring/fingerprint.ts. */
  readonly fingerprint: string;
  /** For people and reports: the fingerprint contains it already. `*` (ANY_RULE): the secret is reviewed whatever rule finds it. */
  readonly ruleId: string;
  readonly resolution: Resolution;
  /** Who decided. */
  readonly reviewer: string;
  /** Why, in the reviewer's words. */
  readonly reason: string;
  /** ISO 8601, UTC (`2026-11-22T08:00:00.000Z`). */
  readonly created: string;
  /** ISO 8601, UTC. From this instant on the review no longer holds. Absent: it holds for good. */
  readonly expires?: string;
}

/** A review as used: with the file and line it was read from. */
export interface Review extends ReviewRecord {
  readonly origin: Origin;
}
