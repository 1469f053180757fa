/**
 * Turns rules into what the matcher runs: literal automaton, follow automata, and per literal where a match may start.
 * All of it is flat data, so that it can be cached in a file and shared with workers; RE2 programs are made later, when a candidate asks.
 */
import { planLiterals } from '../regex/literals.ts';
import type { Rule } from '../model/rule.ts';
import { FollowBuilder, type FollowTables } from './follow-automaton.ts';
import { buildLiteralTables, type LiteralTables } from './literal-automaton.ts';

/** Longest match of a pattern that has no bound of its own and states none, in bytes. */
export const DEFAULT_MAX_LENGTH = 4096;
/** No rule may ask for more: a match is looked for in a window of this size. */
export const LARGEST_MAX_LENGTH = 65_536;

/** Columns of `entries`, one row for each literal of each rule. */
export const ENTRY = { rule: 0, length: 1, follow: 2, exactStart: 3, minBefore: 4, maxBefore: 5, columns: 6 } as const;

export interface CompiledRuleset {
  readonly rules: readonly Rule[];
  readonly literals: LiteralTables;
  readonly follow: FollowTables;
  /** One row of `ENTRY.columns` numbers for each literal; a literal's number in `literals.outputs` is its row. */
  readonly entries: Int32Array;
  /** Bytes a case-sensitive literal must have, 0 where any case will do; `ENTRY.exactStart` points here, -1 for none. */
  readonly exact: Uint8Array;
  /** Longest match of each rule in bytes. */
  readonly maxLength: Int32Array;
  /** 1 where the pattern itself bounds its length, 0 where only `maxLength` does. */
  readonly bounded: Uint8Array;
  /** Rules with a pattern but no usable literal: they run over the whole content. */
  readonly unfiltered: readonly number[];
}

/** @throws PatternSyntaxError for a pattern outside the subset; rules are checked when they are loaded, so this is a defect */
export function compileRuleset(rules: readonly Rule[]): CompiledRuleset {
  const follow = new FollowBuilder();
  const texts: string[] = [];
  const rows: number[][] = [];
  const exact: number[] = [];
  const unfiltered: number[] = [];
  const maxLength = new Int32Array(rules.length);
  const bounded = new Uint8Array(rules.length);
  rules.forEach((rule, index) => {
    if (rule.pattern === undefined) return;
    const plan = planLiterals(rule.pattern, rule.keywords);
    const own = rule.maxLength ?? DEFAULT_MAX_LENGTH;
    const isBounded = plan.length.max <= LARGEST_MAX_LENGTH && (rule.maxLength === undefined || plan.length.max <= own);
    bounded[index] = isBounded ? 1 : 0;
    maxLength[index] = isBounded ? plan.length.max : Math.min(own, LARGEST_MAX_LENGTH);
    if (plan.kind === 'none') {
      unfiltered.push(index);
      return;
    }
    for (const literal of plan.literals) {
      const needsExact = literal.exact.some((byte) => byte !== undefined);
      const exactStart = needsExact ? exact.length : -1;
      if (needsExact) exact.push(...literal.exact.map((byte) => byte ?? 0));
      const maxBefore = Math.min(literal.before.max, maxLength[index] as number);
      texts.push(literal.text);
      rows.push([index, literal.text.length, follow.add(literal.tail), exactStart, Math.min(literal.before.min, maxBefore), maxBefore]);
    }
  });
  const built = follow.build();
  for (const row of rows) row[ENTRY.follow] = built.starts[row[ENTRY.follow] as number] as number;
  return {
    rules,
    literals: buildLiteralTables(texts),
    follow: built.tables,
    entries: Int32Array.from(rows.flat()),
    exact: Uint8Array.from(exact),
    maxLength,
    bounded,
    unfiltered,
  };
}
