import { compileGlob } from '../glob/glob.ts';
import type { Allowlist } from '../model/rule.ts';
import { compilePattern } from '../regex/pattern.ts';

/** Whether an allowlist asks for something of the path: globs, patterns or both. */
export function hasPathCondition(entry: Pick<Allowlist, 'paths' | 'pathPatterns'>): boolean {
  return entry.paths.length > 0 || entry.pathPatterns.length > 0;
}

type Test = (path: string) => boolean;

const compiled = new WeakMap<object, Test>();

/** Whether a path meets what an allowlist asks of it; every path does when it asks for nothing. Compiled at its first use. */
export function matchesPath(entry: Pick<Allowlist, 'paths' | 'pathPatterns'>, path: string): boolean {
  let test = compiled.get(entry);
  if (test === undefined) compiled.set(entry, (test = compileTest(entry)));
  return test(path);
}

function compileTest({ paths, pathPatterns }: Pick<Allowlist, 'paths' | 'pathPatterns'>): Test {
  const globs = paths.map((glob) => compileGlob(glob));
  const patterns = pathPatterns.map((source) => compilePattern(source));
  return (path) => {
    if (globs.length > 0 && !globs.some((matches) => matches(path))) return false;
    // Patterns see bytes, one character for each.
    const bytes = Buffer.from(path, 'utf8').toString('latin1');
    return patterns.length === 0 || patterns.some((pattern) => pattern.test(bytes));
  };
}
