import type { Problem } from '../model/errors.ts';
import type { ScopeName } from '../model/rule.ts';
import type { PatternBudget } from './pattern-limits.ts';

/** What every entry of a file needs to know about where it stands. */
export interface EntryContext {
  readonly file: string;
  readonly scope: ScopeName;
  /** Problems are appended here. */
  readonly problems: Problem[];
  /** For the patterns of the file, where they are bounded. */
  readonly budget?: PatternBudget;
}

/** `vendor-kind`: words of small letters and digits joined by single hyphens. */
export const RULE_ID = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
