/**
 * Whether a pattern that is stored can be used. It was checked when it came; but rules outlive versions of this program and its engine, and
 * one that fails must cost itself only, not the scans of everybody.
 */
import { translatePattern, type ForeignPattern } from '../regex/foreign-syntax.ts';
import { compilePattern, type Pattern } from '../regex/pattern.ts';

/** Slower than this is no rule for a server: 100 KiB take a second. */
const MS_PER_MIB = 10_000;
/** What even the first run of a pattern may take: the program is made then. */
const START_MS = 250;
const SAMPLE = makeSample(256 * 1024);
const remembered = new Map<string, string | undefined>();
const MAX_REMEMBERED = 20_000;

/** What is wrong with it, in a sentence; `undefined` when nothing is. Each pattern is tried once. */
export function storedPatternProblem(pattern: ForeignPattern): string | undefined {
  const key = `${pattern.dialect} ${pattern.unit} ${pattern.source}`;
  if (remembered.has(key)) return remembered.get(key);
  const problem = tryPattern(pattern);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(key, problem);
  return problem;
}

function tryPattern(source: ForeignPattern): string | undefined {
  let pattern: Pattern;
  try {
    pattern = compilePattern(translatePattern(source));
  } catch (error) {
    return `the pattern is not a valid regular expression: ${(error as Error).message}`;
  }
  for (let size = 4096; size <= SAMPLE.length; size *= 4) {
    const most = START_MS + (size / 2 ** 20) * MS_PER_MIB;
    const text = SAMPLE.slice(0, size);
    let ms = Infinity;
    // A busy machine makes anything slow once; a rule that is switched off for it would be missed by everybody.
    for (let attempt = 0; attempt < ATTEMPTS && ms > most; attempt++) ms = Math.min(ms, timeOf(pattern, text));
    if (ms > most) return `the pattern is too slow: ${Math.round(ms)} ms for ${size} bytes`;
  }
  return undefined;
}

const ATTEMPTS = 3;

/** Milliseconds, of the clock or of this process's own work: other processes stretch the one, other threads of ours the other. */
function timeOf(pattern: Pattern, text: string): number {
  const started = performance.now();
  const before = process.cpuUsage();
  pattern.test(text);
  const { user, system } = process.cpuUsage(before);
  return Math.min(performance.now() - started, (user + system) / 1000);
}

/** Text that keeps patterns busy: long runs, words, and what looks like tokens; the same in every run. */
function makeSample(length: number): string {
  let text = '';
  for (let seed = 1; text.length < length;) {
    seed = (seed * 48_271) % 2_147_483_647;
    const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+/=.:"\' \t\n';
    text += seed % 5 === 0 ? 'a'.repeat(seed % 300) : (letters[seed % letters.length] as string);
  }
  return text.slice(0, length);
}
