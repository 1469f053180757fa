/**
 * How many characters of a text one token of a language model's tokeniser would hold: words and names have long tokens (4 and more
 * characters), random text short ones (below 2.5), which tells machine-made secrets from identifiers better than entropy does.
 *
 * The tokenisers' tables (byte pair encodings) weigh megabytes. This is an approximation in a few kilobytes, built on what such tables hold:
 *
 * - a token never crosses from letters to digits, nor from a small letter to a capital (`aB`); one character before a run of letters joins it
 * - digits go in threes, marks of one kind together
 * - within a run of letters: any pair; a triple of two common pairs; a common word, also with the ending of a plural or a participle.
 *   The least number of such pieces is taken.
 *
 * 2.5 separates well (test/detect/entropy.test.ts shows by how much on random and on readable text).
 */
import { COMMON_WORDS } from './common-words.ts';

/** Characters per token, at least 1; 0 for a text of nothing or of line ends. Bounded: only the first 256 characters are looked at. */
export function tokenEfficiency(text: string): number {
  const head = text.length > MAX_LENGTH ? text.slice(0, MAX_LENGTH) : text;
  const plain = head.length < 20 ? head.replace(/[\r\n]/g, '') : head;
  let tokens = 0;
  let joinable = false;
  for (const [run] of plain.matchAll(RUNS)) {
    const first = run.charCodeAt(0);
    if (isDigit(first)) tokens += Math.ceil(run.length / 3);
    else if (!isLetter(first)) tokens += run.length === 1 ? 1 : Math.ceil(run.length / 4);
    else tokens += countPieces(run.toLowerCase()) - (joinable ? 1 : 0);
    // One mark before letters becomes part of their first token: `_name`, `.com`, `-key`.
    joinable = run.length === 1 && !isDigit(first) && !isLetter(first);
  }
  return plain.length / Math.max(1, tokens);
}

const MAX_LENGTH = 256;

/** Digits; a capital with the small letters after it, small letters, or capitals; one kind of anything else. */
const RUNS = /\d+|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[A-Z]|([^A-Za-z0-9])\1*/g;

/** Least number of pieces that a run of small letters falls into. */
function countPieces(run: string): number {
  const least: number[] = [0];
  for (let end = 1; end <= run.length; end++) {
    let best = (least[end - 1] as number) + 1;
    if (end >= 2) best = Math.min(best, (least[end - 2] as number) + 1);
    if (end >= 3 && isCommonPair(run, end - 3) && isCommonPair(run, end - 2))
      best = Math.min(best, (least[end - 3] as number) + 1);
    for (let length = 4; length <= LONGEST_WORD && length <= end; length++) {
      const before = least[end - length] as number;
      if (before + 1 < best && isWord(run.slice(end - length, end))) best = before + 1;
    }
    least.push(best);
  }
  return least[run.length] as number;
}

function isWord(word: string): boolean {
  if (COMMON_WORDS.has(word) || WORD_PARTS.has(word)) return true;
  const stem = /^(.{3,}?)(?:s|es|ed|d|er|r|ing|ion|ly)$/.exec(word)?.[1];
  return stem !== undefined && (COMMON_WORDS.has(stem) || COMMON_WORDS.has(`${stem}e`));
}

const LONGEST_WORD = 16;

/** What rarer words are put together from. */
const WORD_PARTS: ReadonlySet<string> = new Set(
  (
    'tion tions sion ment ments ness able ible ance ence ency ally ious ular ility ability ation ations ative ology graph gram crypt cipher phys ture ster ight ough eous ient iant ural ical inter trans under ' +
    'auto anti semi mono poly micro mini mega tele cyber thing body time line ward wise like land ways self ized izing izer ative ities ifier ified iment rect ject port sect struct scribe script spect ' +
    'press pend tend tain form fect dict duce vert vent miss cept ceed cede clude clus plic prob pert rupt solv strat test tract quant compl cond conf cons cont corr inst invit inven multi prom prot recog ' +
    'util vuln anonym diag sema inher summ stab spec evalu trunc succ nega expan aster param keep alive mode main hand'
  ).split(' '),
);

function isCommonPair(run: string, at: number): boolean {
  return COMMON_PAIRS.has(run.slice(at, at + 2));
}

/** The letter pairs that make up most of English text, most frequent first. */
const COMMON_PAIRS: ReadonlySet<string> = new Set(
  (
    'th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ' +
    'ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op ' +
    'wo sa ay ex ke ey pi ow ck ap ag ub up ob ep ip ug og ib od'
  ).split(' '),
);

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}
