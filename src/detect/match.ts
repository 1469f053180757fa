/** One match of one rule; offsets are bytes of the content. */
export interface Match {
  /** Index into the ruleset's rules. */
  readonly rule: number;
  readonly start: number;
  readonly end: number;
  readonly secretStart: number;
  readonly secretEnd: number;
}

export interface MatchList {
  /** By start of the match. */
  readonly matches: readonly Match[];
  /** Further matches beyond the cap per rule: counted, not kept. */
  readonly dropped: number;
}
