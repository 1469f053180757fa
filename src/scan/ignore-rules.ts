/**
 * What `.gitignore` files leave out, without git: its own answer would depend on configuration of the folder being scanned. The
 * language is git's (last match wins, `!` brings back, `/` anchors, `**` spans folders); only these files count, not the
 * user's global list and not whether a file is tracked.
 */

/** The rules of one `.gitignore`; paths are relative to its folder. */
export interface IgnoreRules {
  /** Whether the file says something about the path; undefined when it does not. */
  ignores(path: string, isFolder: boolean): boolean | undefined;
}

interface IgnoreRule {
  readonly negated: boolean;
  readonly foldersOnly: boolean;
  /** Segments of an anchored pattern; a pattern without a slash is `**` and itself. */
  readonly segments: readonly string[];
}

/** A longer file or line is nobody's work, and every path is held against every line. */
const MAX_RULES = 10_000;
const MAX_LINE = 1_000;

export function parseIgnoreFile(text: string): IgnoreRules {
  const rules = text.split(/\r?\n/).slice(0, MAX_RULES).flatMap(parseLine);
  return {
    ignores(path, isFolder) {
      const segments = path.split('/');
      for (let i = rules.length - 1; i >= 0; i--) {
        const rule = rules[i] as IgnoreRule;
        if (rule.foldersOnly && !isFolder) continue;
        if (matchSegments(rule.segments, 0, segments, 0)) return !rule.negated;
      }
      return undefined;
    },
  };
}

function parseLine(line: string): IgnoreRule[] {
  if (line.length > MAX_LINE) return [];
  let pattern = line.replace(/(?<!\\)((?:\\\\)*) +$/, '$1');
  if (pattern === '' || pattern.startsWith('#')) return [];
  const negated = pattern.startsWith('!');
  if (negated) pattern = pattern.slice(1);
  const foldersOnly = pattern.endsWith('/');
  if (foldersOnly) pattern = pattern.slice(0, -1);
  const anchored = pattern.includes('/');
  const segments = pattern
    .replace(/^\//, '')
    .split('/')
    .filter((segment, i, all) => segment !== '**' || all[i - 1] !== '**');
  return [{ negated, foldersOnly, segments: anchored ? segments : ['**', ...segments] }];
}

// At most one `**` is open at a time, as in matchSegment below, so the work is at most the product of both lengths.
function matchSegments(pattern: readonly string[], p: number, path: readonly string[], s: number): boolean {
  let starAt = -1;
  let starFrom = 0;
  while (s < path.length) {
    if (pattern[p] === '**') {
      if (p === pattern.length - 1) return true;
      starAt = p++;
      starFrom = s;
    } else if (p < pattern.length && matchSegment(pattern[p] as string, path[s] as string)) {
      p++;
      s++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      s = ++starFrom;
    } else return false;
  }
  return p === pattern.length;
}

/** `*`, `?`, `[…]` and backslash within one segment. Going back to the last star only keeps it quadratic at worst. */
function matchSegment(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let starFrom = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      starAt = p++;
      starFrom = t;
      continue;
    }
    const length = p < pattern.length ? matchOne(pattern, p, text[t] as string) : 0;
    if (length > 0) {
      p += length;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++starFrom;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** How many characters of the pattern match this one character; 0 for no match. */
function matchOne(pattern: string, p: number, char: string): number {
  const first = pattern[p];
  if (first === '?') return 1;
  if (first === '\\') return pattern[p + 1] === char ? 2 : 0;
  if (first !== '[') return first === char ? 1 : 0;
  const negated = pattern[p + 1] === '!' || pattern[p + 1] === '^';
  let at = p + (negated ? 2 : 1);
  let found = false;
  for (const start = at; at < pattern.length && (pattern[at] !== ']' || at === start); at++) {
    if (pattern[at] === '\\') at++;
    const from = pattern[at] as string;
    let to = from;
    if (pattern[at + 1] === '-' && pattern[at + 2] !== ']' && at + 2 < pattern.length) {
      at += 2;
      if (pattern[at] === '\\') at++;
      to = pattern[at] ?? from;
    }
    if (char >= from && char <= to) found = true;
  }
  if (at >= pattern.length) return 0;
  return found !== negated ? at + 1 - p : 0;
}
