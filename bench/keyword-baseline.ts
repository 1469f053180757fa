/**
 * The usual way to match many rules, written as well as this runtime allows: one Aho-Corasick automaton over the content says which rules have a
 * keyword in it, then each of those rules' RE2 runs over the whole content. It is given what the engine has: the same rules, the literals derived for
 * them (fewer hits than the vendors' keywords), the same RE2; and content of plain ASCII as a Buffer, which spares RE2 the conversion.
 */
import { isAscii } from 'node:buffer';
import { createRequire } from 'node:module';
import { DEFAULT_MAX_LENGTH, LARGEST_MAX_LENGTH } from '../src/detect/compile-ruleset.ts';
import type { Match } from '../src/detect/match.ts';
import type { Rule } from '../src/model/rule.ts';
import { planLiterals } from '../src/regex/literals.ts';
import { SECRET_GROUP } from '../src/regex/pattern.ts';

export type FindRawMatches = (content: Uint8Array, found: (match: Match) => void) => void;

interface RE2Match {
  readonly index: number;
  readonly indices: ReadonlyArray<readonly [number, number] | undefined> & {
    readonly groups?: Record<string, readonly [number, number] | undefined>;
  };
}
interface RE2Object {
  lastIndex: number;
  exec(text: string | Buffer): RE2Match | null;
}
type RE2Constructor = new (source: string, flags: string) => RE2Object;

export function createKeywordBaseline(rules: readonly Rule[]): FindRawMatches {
  const RE2 = createRequire(import.meta.url)('re2') as RE2Constructor;
  const plans = rules.map(({ pattern, keywords }) =>
    pattern === undefined ? undefined : planLiterals(pattern, keywords),
  );
  const findRules = createKeywordSearch(
    plans.map((plan) => (plan?.kind === 'literals' ? plan.literals.map(({ text }) => text) : [])),
  );
  const always = plans.flatMap((plan, rule) => (plan?.kind === 'none' ? [rule] : []));
  const caps = rules.map(({ maxLength }, rule) => {
    const natural = plans[rule]?.length.max ?? 0;
    return natural <= (maxLength ?? LARGEST_MAX_LENGTH) ? Infinity : (maxLength ?? DEFAULT_MAX_LENGTH);
  });
  const compiled: RE2Object[] = [];
  return (content, found) => {
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    let text: string | Buffer | undefined;
    for (const rule of [...findRules(bytes), ...always]) {
      const re = (compiled[rule] ??= new RE2(rules[rule]?.pattern as string, 'gd'));
      text ??= isAscii(bytes) ? bytes : bytes.toString('latin1');
      searchWhole(rule, re, text, caps[rule] as number, found);
    }
  };
}

/** Every match of one rule, leftmost first. A pattern without a bound of its own sees `cap` bytes from where it starts, as in the engine. */
function searchWhole(
  rule: number,
  re: RE2Object,
  text: string | Buffer,
  cap: number,
  found: (match: Match) => void,
): void {
  for (let from = 0; from < text.length;) {
    re.lastIndex = from;
    let hit = re.exec(text);
    if (hit === null) return;
    const leftmost = hit.index;
    let base = 0;
    if (cap !== Infinity) {
      // With the byte before it, which `\b` looks at.
      base = Math.max(0, leftmost - 1);
      re.lastIndex = leftmost - base;
      hit = re.exec(text.slice(base, leftmost + cap));
      if (hit === null || base + hit.index !== leftmost) {
        from = leftmost + 1;
        continue;
      }
    }
    const [start, end] = hit.indices[0] as readonly [number, number];
    const [secretStart, secretEnd] = hit.indices.groups?.[SECRET_GROUP] ?? [start, end];
    const match = { rule, start: base + start, end: base + end };
    if (end > start) found({ ...match, secretStart: base + secretStart, secretEnd: base + secretEnd });
    from = Math.max(base + end, leftmost + 1);
  }
}

/** Rules that have one of their keywords in the content, in any case of letters. */
function createKeywordSearch(keywords: readonly (readonly string[])[]): (content: Uint8Array) => Iterable<number> {
  const trie = buildTrie(keywords);
  const { classOf, table, firstEnd, rulesAt, width } = trie;
  return (content) => {
    const hits = new Set<number>();
    let state = 0;
    for (let at = 0; at < content.length; at++) {
      state = table[state * width + (classOf[content[at] as number] as number)] as number;
      if (state >= firstEnd) for (const rule of rulesAt[state - firstEnd] as readonly number[]) hits.add(rule);
    }
    return hits;
  };
}

/** Dense transitions over classes of bytes; states where a keyword ends are numbered last, so that one comparison finds them. */
interface KeywordTables {
  readonly classOf: Uint8Array;
  readonly table: Uint16Array;
  readonly width: number;
  readonly firstEnd: number;
  readonly rulesAt: readonly (readonly number[])[];
}

interface State {
  readonly next: Map<number, State>;
  readonly rules: Set<number>;
  fail: State;
  number: number;
}

function buildTrie(keywords: readonly (readonly string[])[]): KeywordTables {
  const { classOf, classes } = classesOf(keywords);
  const root = makeState();
  keywords.forEach((words, rule) => {
    for (const word of words) {
      let state = root;
      for (const byte of Buffer.from(word, 'latin1')) {
        const step = classOf[byte] as number;
        let next = state.next.get(step);
        if (next === undefined) state.next.set(step, (next = makeState()));
        state = next;
      }
      state.rules.add(rule);
    }
  });
  const states = breadthFirst(root);
  const ordered = [...states.filter(({ rules }) => rules.size === 0), ...states.filter(({ rules }) => rules.size > 0)];
  if (ordered.length > 65_536) throw new Error(`${ordered.length} states are more than fit`);
  ordered.forEach((state, number) => (state.number = number));
  const table = new Uint16Array(ordered.length * classes);
  // In the order of depth: what a state lacks, it takes from the state it falls back to, whose row is filled by then.
  for (const state of states) {
    for (let step = 0; step < classes; step++) {
      const next = state.next.get(step)?.number ?? (state === root ? 0 : table[state.fail.number * classes + step]);
      table[state.number * classes + step] = next as number;
    }
  }
  const firstEnd = ordered.findIndex(({ rules }) => rules.size > 0);
  return { classOf, table, width: classes, firstEnd, rulesAt: ordered.slice(firstEnd).map(({ rules }) => [...rules]) };
}

/** States by depth, each with the state to fall back to, whose rules it has as well. */
function breadthFirst(root: State): State[] {
  const states = [root];
  for (const state of states) {
    for (const [step, next] of state.next) {
      let fail = state.fail;
      while (fail !== root && !fail.next.has(step)) fail = fail.fail;
      next.fail = state === root ? root : (fail.next.get(step) ?? root);
      for (const rule of next.fail.rules) next.rules.add(rule);
      states.push(next);
    }
  }
  return states;
}

/** Bytes no keyword has are one class, and both cases of a letter are one. */
function classesOf(keywords: readonly (readonly string[])[]): { classOf: Uint8Array; classes: number } {
  const classOf = new Uint8Array(256);
  let classes = 1;
  for (const byte of new Set(Buffer.from(keywords.flat().join('').toLowerCase(), 'latin1'))) classOf[byte] = classes++;
  for (let upper = 0x41; upper <= 0x5a; upper++) classOf[upper] = classOf[upper + 0x20] as number;
  return { classOf, classes };
}

function makeState(): State {
  const state = { next: new Map<number, State>(), rules: new Set<number>(), number: 0 } as unknown as State;
  state.fail = state;
  return state;
}
