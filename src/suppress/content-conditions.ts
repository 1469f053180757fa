import type { Allowlist, Rule } from '../model/rule.ts';
import { reopenPattern, type Pattern } from '../regex/pattern.ts';

/** What of the content an allowlist may look at. Patterns see bytes: texts are turned into the bytes of their UTF-8 form. */
export interface MatchedContent {
  /** The line, or lines, that the match stands on. */
  readonly line: string;
  /** The secret in clear. */
  readonly secret: string;
  /** The line, or lines, that the secret stands on, and where it stands in them. */
  readonly place: SecretPlace;
}

/** The secret where it stands. */
export interface SecretPlace {
  /** Whole lines, as far as they are looked at: one character for each byte. */
  readonly lines: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The first half of suppression, done where the content is (in a worker): indexes of the allowlists that are for this rule and whose
 * conditions on line, secret and stop words all hold. A condition that is not given holds. The other half, which needs path, commit and
 * locks, is `decide`.
 *
 * `allowlists` are those of the policy; those written inside rules are among them (see `Policy.allowlists`), `rule.allowlists` is not read.
 */
export function contentConditions(
  rule: Rule,
  allowlists: readonly Allowlist[],
  content: MatchedContent,
): readonly number[] {
  const holding: number[] = [];
  let bytes: MatchedContent | undefined;
  for (let i = 0; i < allowlists.length; i++) {
    const allowlist = allowlists[i] as Allowlist;
    if (allowlist.rules.length > 0 && !allowlist.rules.includes(rule.id)) continue;
    bytes ??= { line: latin1View(content.line), secret: latin1View(content.secret), place: content.place };
    if (holds(allowlist, bytes)) holding.push(i);
  }
  return holding;
}

function holds(allowlist: Allowlist, { line, secret, place }: MatchedContent): boolean {
  return (
    anyPattern(allowlist.lines, line) &&
    anyPattern(allowlist.secrets, secret) &&
    (allowlist.stopWords.length === 0 || containsAny(secret.toLowerCase(), allowlist.stopWords)) &&
    (allowlist.covering.length === 0 || anyCovers(allowlist.covering, place))
  );
}

function containsAny(text: string, words: readonly string[]): boolean {
  return words.some((word) => text.includes(latin1View(word).toLowerCase()));
}

const compiled = new WeakMap<readonly string[], readonly Pattern[]>();

/** Each list is compiled once, at its first use. */
function patternsOf(sources: readonly string[]): readonly Pattern[] {
  let patterns = compiled.get(sources);
  if (patterns === undefined) compiled.set(sources, (patterns = sources.map((source) => reopenPattern(source))));
  return patterns;
}

/** Whether any of the patterns is found in the text; true when there are none. */
function anyPattern(sources: readonly string[], text: string): boolean {
  return sources.length === 0 || patternsOf(sources).some((pattern) => pattern.test(text));
}

/** Whether any of the patterns, searched line by line, finds something that has a byte in common with the secret. */
function anyCovers(sources: readonly string[], { lines, start, end }: SecretPlace): boolean {
  const patterns = patternsOf(sources);
  let at = 0;
  for (const line of lines.split(/\r\n|\n|\r/)) {
    // How the line before ended is read off the text: one byte or two.
    if (at < end && at + line.length > start && patterns.some((pattern) => covers(pattern, line, start - at, end - at)))
      return true;
    at += line.length;
    at += lines.startsWith('\r\n', at) ? 2 : 1;
    if (at >= end) return false;
  }
  return false;
}

function covers(pattern: Pattern, line: string, start: number, end: number): boolean {
  for (let from = 0; from < Math.min(end, line.length);) {
    const match = pattern.exec(line, from, false);
    if (match === undefined || match.start >= end) return false;
    if (match.end > start && match.end > match.start) return true;
    from = Math.max(match.end, match.start + 1);
  }
  return false;
}

/** One character per byte of the UTF-8 form, which is how patterns are written. */
export function latin1View(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}
