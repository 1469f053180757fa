/**
 * RE2 behind two words, `exec` and `test`. The native engine (re2) is used where it could be built, its JavaScript port (re2js) elsewhere;
 * both are linear in the text, so a hostile pattern or text costs time in proportion to its size and no more.
 *
 * The engine is loaded at the first pattern that is compiled: most pushes never need one.
 */
import { createRequire } from 'node:module';
import type { RE2JS as RE2JSPattern } from 're2js';
import type { LoosePattern } from './loosen.ts';
import { assertWithinSubset } from './syntax.ts';

/** Where a pattern matched, as indexes into the text that was given. */
export interface PatternMatch {
  readonly start: number;
  readonly end: number;
  /** Span of the group `secret`; the whole match when the pattern has none or it took no part. */
  readonly secretStart: number;
  readonly secretEnd: number;
  /** Of groups that were asked for; 0 for one that took no part. */
  readonly lengths?: readonly number[];
}

/** A compiled pattern. Texts are latin-1 views: one character per byte. */
export interface Pattern {
  /** The leftmost match that starts at or after `from`; with `anchored` it must start exactly there. */
  exec(text: string, from: number, anchored: boolean): PatternMatch | undefined;
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
}

export const ENGINE_NAMES = ['re2', 're2js'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** Name of the group that captures the secret. */
export const SECRET_GROUP = 'secret';

/**
 * Compiles an RE2 pattern.
 * @throws Error with the engine's own message when RE2 refuses it, PatternSyntaxError when only one of the two engines would take it.
 */
export function compilePattern(source: string): Pattern {
  assertWithinSubset(source);
  const pattern = engine().compile(source);
  pattern.test('');
  return pattern;
}

/**
 * A pattern that `compilePattern` has taken before, in this process or in the one that made a cache. Nothing is checked again, and the engine's program
 * is made when it is first asked for: a push waits for each of them.
 * @param loose of `source`
 */
export function reopenPattern(source: string, loose?: LoosePattern): Pattern {
  return loose === undefined ? engine().compile(source) : tryLoose(source, loose);
}

/** Asks the loose pattern, and the bounded one only where that one's answer does not hold. */
function tryLoose(source: string, { source: looseSource, bounds }: LoosePattern): Pattern {
  const loose = engine().compile(
    looseSource,
    bounds.map(({ group }) => group),
  );
  let bounded: Pattern | undefined;
  return {
    exec(text, from, anchored) {
      const match = loose.exec(text, from, anchored);
      const holds = match?.lengths?.every((length, index) => length <= (bounds[index]?.max ?? 0)) ?? true;
      return holds ? match : (bounded ??= engine().compile(source)).exec(text, from, anchored);
    },
    test: (text) => (bounded ??= engine().compile(source)).test(text),
  };
}

/** Loads the engine now, when there is nothing else to do: whoever waits for git has the 2 ms that it takes. */
export function loadEngine(): void {
  engine();
}

/** Which engine runs in this process. `LEAKGATE_REGEX_ENGINE=re2js` asks for the fallback. */
export function engineName(): EngineName {
  return engine().name;
}

interface Engine {
  readonly name: EngineName;
  /** @param groups whose lengths every match is to tell */
  compile(source: string, groups?: readonly number[]): Pattern;
}

const load = createRequire(import.meta.url);
let chosen: Engine | undefined;

function engine(): Engine {
  chosen ??= chooseEngine();
  return chosen;
}

function chooseEngine(): Engine {
  if (process.env['LEAKGATE_REGEX_ENGINE'] !== 're2js') {
    try {
      return nativeEngine(load('re2') as RE2Constructor);
    } catch {
      // Not built on this machine (no compiler, or npm refused its install script): the port does the same, slower.
    }
  }
  return portedEngine((load('re2js') as { RE2JS: typeof RE2JSPattern }).RE2JS);
}

interface RE2Match extends Array<string> {
  index: number;
  indices: Array<[number, number] | undefined> & { groups?: Record<string, [number, number] | undefined> };
}
interface RE2Object {
  lastIndex: number;
  exec(text: string): RE2Match | null;
  test(text: string): boolean;
}
type RE2Constructor = new (source: string, flags: string) => RE2Object;

function nativeEngine(RE2: RE2Constructor): Engine {
  return {
    name: 're2',
    compile(source, groups) {
      // One object per way of use, made when it is first used: flags are fixed at construction and each holds a program of its own.
      const objects: { search?: RE2Object; sticky?: RE2Object } = {};
      return {
        exec(text, from, anchored) {
          const re = anchored ? (objects.sticky ??= new RE2(source, 'yd')) : (objects.search ??= new RE2(source, 'gd'));
          re.lastIndex = from;
          const match = re.exec(text);
          if (match === null) return undefined;
          const [start, end] = match.indices[0] as [number, number];
          const secret = match.indices.groups?.[SECRET_GROUP];
          const [secretStart, secretEnd] = secret ?? [start, end];
          const place = { start, end, secretStart, secretEnd };
          if (groups === undefined) return place;
          return { ...place, lengths: groups.map((group) => lengthOf(match.indices[group])) };
        },
        test(text) {
          const re = (objects.search ??= new RE2(source, 'gd'));
          re.lastIndex = 0;
          return re.test(text);
        },
      };
    },
  };
}

function lengthOf(span: readonly [number, number] | undefined): number {
  return span === undefined ? 0 : span[1] - span[0];
}

function portedEngine(RE2JS: typeof RE2JSPattern): Engine {
  return {
    name: 're2js',
    compile(source, groups) {
      const pattern = RE2JS.compile(source.replaceAll('(?<', '(?P<'));
      const hasSecret = SECRET_GROUP in pattern.namedGroups();
      return {
        exec(text, from, anchored) {
          if (from > text.length) return undefined;
          const matcher = pattern.matcher(text);
          // A leftmost match that starts later than `from` proves that none starts at `from`.
          if (!matcher.find(from) || (anchored && matcher.start() !== from)) return undefined;
          const start = matcher.start();
          const end = matcher.end();
          const secretStart = hasSecret ? matcher.start(SECRET_GROUP) : -1;
          const place =
            secretStart < 0
              ? { start, end, secretStart: start, secretEnd: end }
              : { start, end, secretStart, secretEnd: matcher.end(SECRET_GROUP) };
          if (groups === undefined) return place;
          return { ...place, lengths: groups.map((group) => lengthOf([matcher.start(group), matcher.end(group)])) };
        },
        test(text) {
          return pattern.matcher(text).find();
        },
      };
    },
  };
}
