import type { Allowlist, Rule } from '../model/rule.ts';
import { compilePattern } from '../regex/pattern.ts';

/** What of the content an allowlist may look at, as text; patterns see its UTF-8 bytes. */
export interface MatchedContent {
  /** The line, or lines, that the match stands on. */
  readonly line: string;
  /** The secret in clear. */
  readonly secret: string;
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
    bytes ??= { line: latin1View(content.line), secret: latin1View(content.secret) };
    if (holds(allowlist, bytes)) holding.push(i);
  }
  return holding;
}

function holds(allowlist: Allowlist, { line, secret }: MatchedContent): boolean {
  return (
    anyPattern(allowlist.lines, line) &&
    anyPattern(allowlist.secrets, secret) &&
    (allowlist.stopWords.length === 0 || containsAny(secret.toLowerCase(), allowlist.stopWords))
  );
}

function containsAny(text: string, words: readonly string[]): boolean {
  return words.some((word) => text.includes(latin1View(word).toLowerCase()));
}

const compiled = new WeakMap<readonly string[], (text: string) => boolean>();

/** Whether any of the patterns is found in the text; true when there are none. Each list is compiled once, at its first use. */
function anyPattern(sources: readonly string[], text: string): boolean {
  if (sources.length === 0) return true;
  let test = compiled.get(sources);
  if (test === undefined) {
    const patterns = sources.map((source) => compilePattern(source));
    test = (subject) => patterns.some((pattern) => pattern.test(subject));
    compiled.set(sources, test);
  }
  return test(text);
}

/** One character per byte of the UTF-8 form, which is how patterns are written. */
export function latin1View(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}
