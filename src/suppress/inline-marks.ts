/**
 * Inline marks: comments in the content itself which say that a line holds no secret. Our own, which can name the rules it is for,
 * and those of other scanners, so that files need not be marked twice:
 *
 *     token = "…"  # leakgate:allow
 *     token = "…"  # leakgate:allow github-pat, slack-bot-token -- keys of the test double
 *     # leakgate:allow-next-line
 *
 * Whether marks count is for the caller (settings, and off in the hook unless the operator says otherwise). When in doubt a mark does not
 * count: text behind `leakgate:allow` that is not set off by ` -- ` is a list of rule ids, and a list without this rule allows nothing.
 */

/** The mark that applies to this rule on this line, as it is called in records; `undefined` when there is none. */
export function inlineMark(lineText: string, previousLineText: string, ruleId: string): string | undefined {
  const here = PIECE.test(lineText);
  const before = PIECE.test(previousLineText);
  if (!here && !before) return undefined;
  for (const mark of MARKS) {
    if (here && mark.on !== 'previous' && allows(mark, lineText, ruleId)) return mark.name;
    if (before && mark.on !== 'same' && allows(mark, previousLineText, ruleId)) return mark.name;
  }
  return undefined;
}

/** Each of the marks below has one of these in it. Lines may have thousands of characters, and hardly one has a mark. */
const PIECE = /:allow|:ignore|pragma:|secretlint-|nosecret|ggignore/;

interface Mark {
  readonly name: string;
  /** Which line bears it, seen from the secret. */
  readonly on: 'same' | 'previous' | 'either';
  readonly pattern: RegExp;
  /** Whether rule ids may follow it. */
  readonly rules: boolean;
}

/** A word with a colon or hyphen in it, wherever it stands: in JSON there are no comments to put it in. */
function word(name: string): RegExp {
  return new RegExp(`(?<![\\w:-])${name}(?![\\w:-])`, 'g');
}

/**
 * Plain words must be the first thing in a comment, or an identifier of that name would be taken for a mark. An apostrophe begins a comment (of
 * Basic) only between blanks: elsewhere it begins a text.
 */
function comment(words: string): RegExp {
  return new RegExp(`(?:#|//|/\\*|<!--|--|;|(?<![^ \\t])'(?=[ \\t])|%)[ \\t]*${words}(?![\\w:-])`, 'g');
}

const MARKS: readonly Mark[] = [
  { name: 'leakgate:allow', on: 'same', pattern: word('leakgate:allow'), rules: true },
  { name: 'leakgate:allow-next-line', on: 'previous', pattern: word('leakgate:allow-next-line'), rules: true },
  { name: 'gitleaks:allow', on: 'same', pattern: word('gitleaks:allow'), rules: false },
  { name: 'betterleaks:allow', on: 'same', pattern: word('betterleaks:allow'), rules: false },
  { name: 'trufflehog:ignore', on: 'same', pattern: word('trufflehog:ignore'), rules: false },
  { name: 'kingfisher:ignore', on: 'same', pattern: word('kingfisher:ignore'), rules: false },
  // detect-secrets, older spelling included, and Bitbucket's with a hyphen.
  {
    name: 'pragma: allowlist secret',
    on: 'same',
    pattern: comment('pragma: ?(?:allow|white)list[ -]secret'),
    rules: false,
  },
  {
    name: 'pragma: allowlist nextline secret',
    on: 'previous',
    pattern: comment('pragma: ?(?:allow|white)list[ -]nextline[ -]secret'),
    rules: false,
  },
  { name: 'secretlint-disable-line', on: 'same', pattern: word('secretlint-disable-line'), rules: true },
  { name: 'secretlint-disable-next-line', on: 'previous', pattern: word('secretlint-disable-next-line'), rules: true },
  // Opens a block in secretlint. We see two lines only, so it holds for its own and the next.
  { name: 'secretlint-disable', on: 'either', pattern: word('secretlint-disable'), rules: true },
  { name: 'nosecret', on: 'same', pattern: comment('nosecret'), rules: false },
  { name: 'ggignore', on: 'same', pattern: comment('ggignore'), rules: false },
];

function allows(mark: Mark, line: string, ruleId: string): boolean {
  for (const match of line.matchAll(mark.pattern)) {
    if (!mark.rules) return true;
    const ids = listedRules(line.slice(match.index + match[0].length));
    if (ids.length === 0 || ids.includes(ruleId)) return true;
  }
  return false;
}

/** Rule ids behind a mark, up to the reason (`--`), the end of the comment or of a quoted text, or the end of the line. */
function listedRules(rest: string): readonly string[] {
  const end = rest.search(/--|\*\/|#\}|["'`]/);
  const list = end < 0 ? rest : rest.slice(0, end);
  return list.split(/[\s,]+/).filter((id) => id !== '');
}
