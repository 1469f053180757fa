/**
 * RE2 behind two words, `exec` and `test`. The native engine (re2) is used where it could be built, its JavaScript port (re2js) elsewhere;
 * both are linear in the text, so a hostile pattern or text costs time in proportion to its size and no more.
 *
 * The engine is loaded at the first pattern that is compiled: most pushes never need one.
 */
import { createRequire } from 'node:module';
import type { RE2JS as RE2JSPattern } from 're2js';
import { assertWithinSubset } from './syntax.ts';

/** Where a pattern matched, as indexes into the text that was given. */
export interface PatternMatch {
  readonly start: number;
  readonly end: number;
  /** Span of the group `secret`; the whole match when the pattern has none or it took no part. */
  readonly secretStart: number;
  readonly secretEnd: number;
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
 */
export function reopenPattern(source: string): Pattern {
  return engine().compile(source);
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
  compile(source: string): Pattern;
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
    compile(source) {
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
          return secret === undefined
            ? { start, end, secretStart: start, secretEnd: end }
            : { start, end, secretStart: secret[0], secretEnd: secret[1] };
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

function portedEngine(RE2JS: typeof RE2JSPattern): Engine {
  return {
    name: 're2js',
    compile(source) {
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
          return secretStart < 0
            ? { start, end, secretStart: start, secretEnd: end }
            : { start, end, secretStart, secretEnd: matcher.end(SECRET_GROUP) };
        },
        test(text) {
          return pattern.matcher(text).find();
        },
      };
    },
  };
}
