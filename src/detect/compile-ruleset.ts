/**
 * Turns rules into what the matcher runs: literal automaton, follow automata, and per literal where a match may start.
 * All of it is flat data, so that it can be cached in a file and shared with workers; RE2 programs are made later, when a candidate asks.
 */
import { loosenPattern, type LoosePattern } from '../regex/loosen.ts';
import { planLiterals, type DerivedLiteral } from '../regex/literals.ts';
import { precedingBytes } from '../regex/preceding.ts';
import type { Rule } from '../model/rule.ts';
import { FollowBuilder, type FollowEntry, type FollowTables } from './follow-automaton.ts';
import { buildLiteralTables, type Literal, type LiteralTables } from './literal-automaton.ts';

/** Longest match of a pattern that has no bound of its own and states none, in bytes. */
export const DEFAULT_MAX_LENGTH = 4096;
/** No rule may ask for more: a match is looked for in a window of this size. */
export const LARGEST_MAX_LENGTH = 65_536;

/** Columns of `entries`: which rule, where a match may start before the literal. */
export const ENTRY = { rule: 0, minBefore: 1, maxBefore: 2, columns: 3 } as const;

/** Columns of `checks`. */
export const CHECK_COLUMNS = 4;
const ACCEPT_AT_END = 0x8000_0000;
const END_IS_ENOUGH = 0x4000_0000;

export interface CompiledRuleset {
  readonly rules: readonly Rule[];
  readonly literals: LiteralTables;
  readonly follow: FollowTables;
  /** One row of `ENTRY.columns` numbers for each use of a literal by a rule. */
  readonly entries: Int32Array;
  /** Rows of `CHECK_COLUMNS` numbers, one for each entry, which the search for candidates checks: see `checkRow`. */
  readonly checks: Uint32Array;
  /** The same, one for each literal, for what follows in all its entries: asked first where there are several. */
  readonly gates: Uint32Array;
  /** Sets of bytes, 256 flags each: what may stand right before a literal. Set 0 holds every byte. */
  readonly precedingSets: Uint8Array;
  /** Longest match of each rule in bytes. */
  readonly maxLength: Int32Array;
  /** 1 where the pattern itself bounds its length, 0 where only `maxLength` does. */
  readonly bounded: Uint8Array;
  /** Rules with a pattern but no usable literal: they run over the whole content. */
  readonly unfiltered: Int32Array;
  /** For rules whose pattern has long counts: the same without them, which is asked first. */
  readonly loose: readonly { readonly rule: number; readonly pattern: LoosePattern }[];
  /** Rules without a pattern: a path is all they look at. */
  readonly pathOnly: Int32Array;
}

/** @throws PatternSyntaxError for a pattern outside the subset; rules are checked when they are loaded, so this is a defect */
export function compileRuleset(rules: readonly Rule[]): CompiledRuleset {
  const uses = new Map<string, Use[]>();
  const unfiltered: number[] = [];
  const pathOnly: number[] = [];
  const loose: { rule: number; pattern: LoosePattern }[] = [];
  const maxLength = new Int32Array(rules.length);
  const bounded = new Uint8Array(rules.length);
  rules.forEach((rule, index) => {
    if (rule.pattern === undefined) {
      pathOnly.push(index);
      return;
    }
    const loosened = loosenPattern(rule.pattern);
    if (loosened !== undefined) loose.push({ rule: index, pattern: loosened });
    const plan = planLiterals(rule.pattern, rule.keywords);
    const own = rule.maxLength ?? DEFAULT_MAX_LENGTH;
    const isBounded = plan.length.max <= (rule.maxLength ?? LARGEST_MAX_LENGTH);
    bounded[index] = isBounded ? 1 : 0;
    maxLength[index] = isBounded ? plan.length.max : Math.min(own, LARGEST_MAX_LENGTH);
    if (plan.kind === 'none') {
      unfiltered.push(index);
      return;
    }
    for (const literal of plan.literals) {
      const key = literal.exact.map((byte, at) => byte ?? `${literal.text.charCodeAt(at)}?`).join();
      const list = uses.get(key);
      if (list === undefined) uses.set(key, [{ rule: index, literal }]);
      else list.push({ rule: index, literal });
    }
  });
  return {
    rules,
    ...layOut([...uses.values()], maxLength, bounded),
    maxLength,
    bounded,
    unfiltered: Int32Array.from(unfiltered),
    loose,
    pathOnly: Int32Array.from(pathOnly),
  };
}

/** Whether `compileRuleset` makes the same tables for both, by all that it looks at in a rule. */
export function haveSameTables(some: readonly Rule[], others: readonly Rule[]): boolean {
  return (
    some.length === others.length &&
    some.every((rule, index) => {
      const other = others[index] as Rule;
      return (
        rule === other ||
        (rule.pattern === other.pattern &&
          rule.maxLength === other.maxLength &&
          rule.keywords.length === other.keywords.length &&
          rule.keywords.every((keyword, at) => keyword === other.keywords[at]))
      );
    })
  );
}

interface Use {
  readonly rule: number;
  readonly literal: DerivedLiteral;
}

/** Numbers the entries so that those of one literal lie together. */
function layOut(
  uses: readonly Use[][],
  maxLength: Int32Array,
  bounded: Uint8Array,
): Pick<CompiledRuleset, 'literals' | 'follow' | 'entries' | 'checks' | 'gates' | 'precedingSets'> {
  const follow = new FollowBuilder();
  const preceding = new SetTable();
  const literals: Literal[] = [];
  const rows: number[] = [];
  const tails: number[] = [];
  const heads: number[] = [];
  const gates: (number | undefined)[] = [];
  for (const list of uses) {
    const { text, exact } = (list[0] as Use).literal;
    literals.push({ text, exact, firstEntry: tails.length, entryCount: list.length });
    for (const { rule, literal } of list) {
      const longest = maxLength[rule] as number;
      rows.push(rule, Math.min(literal.before.min, longest), Math.min(literal.before.max, longest));
      tails.push(follow.add(literal.tail, bounded[rule] === 0));
      heads.push(preceding.add(precedingBytes(literal.head, text.charCodeAt(0))));
    }
    gates.push(follow.addGate(tails.slice(-list.length)));
  }
  const built = follow.build();
  const noGate: FollowEntry = { part: 0, map: 0, walk: 0, acceptAtEnd: false, ends: false };
  return {
    literals: buildLiteralTables(literals),
    follow: built.tables,
    entries: Int32Array.from(rows),
    checks: Uint32Array.from(
      tails.flatMap((tail, entry) => checkRow(built.entries[tail] as FollowEntry, heads[entry] as number)),
    ),
    gates: Uint32Array.from(
      gates.flatMap((gate) => checkRow(gate === undefined ? noGate : (built.entries[gate] as FollowEntry), 0)),
    ),
    precedingSets: preceding.bytes(),
  };
}

/**
 * Part of the follow table, 0 where nothing has to follow; most bytes to walk, with bit 31 set when a walk of that length accepts and bit 30 when the end
 * of the content does; set of bytes before; map of the part.
 */
function checkRow({ part, map, walk, acceptAtEnd, ends }: FollowEntry, precedingSet: number): number[] {
  return [part, (walk | (acceptAtEnd ? ACCEPT_AT_END : 0) | (ends ? END_IS_ENOUGH : 0)) >>> 0, precedingSet, map];
}

/** Sets of bytes, each kept once. */
class SetTable {
  readonly #sets: Uint8Array[] = [new Uint8Array(256).fill(1)];
  readonly #index = new Map<string, number>();

  add(set: Uint8Array | undefined): number {
    if (set === undefined) return 0;
    const key = Buffer.from(set).toString('latin1');
    const index = this.#index.get(key) ?? this.#sets.push(set) - 1;
    this.#index.set(key, index);
    return index;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#sets);
  }
}
