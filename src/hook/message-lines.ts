import { escapeControls } from '../model/escape.ts';

/**
 * A paragraph of what the client prints after `remote: `. git colours the words at the start of a line itself, so no colour codes are sent:
 * web interfaces would show them raw.
 */
export interface Paragraph {
  /** Word at the start of each line; absent: the text is indented instead. */
  readonly label?: 'error' | 'warning' | 'hint';
  readonly text: string;
  /** Spaces before the text. */
  readonly indent?: number;
  /** One thing to be copied: it may be longer than a line and is not cut. */
  readonly whole?: boolean;
}

/** git adds `remote: ` in front: together that fits a terminal of 80. */
export const COLUMNS = 72;
/** A word that is longer than this is not a word but a name somebody made to fill the screen. */
const MAX_WORD = 200;

/** Lays paragraphs out in lines of at most `COLUMNS` characters. An empty text makes an empty line. Control characters are escaped here. */
export function layOutMessage(paragraphs: readonly Paragraph[]): string {
  return paragraphs.map((paragraph) => layOut(paragraph)).join('');
}

function layOut({ label, text, indent = 0, whole = false }: Paragraph): string {
  const prefix = `${label === undefined ? '' : `${label}: `}${' '.repeat(indent)}`;
  const safe = escapeControls(text);
  const lines = whole ? [safe] : wrap(safe, COLUMNS - prefix.length);
  return lines.map((line) => `${prefix}${line}`.trimEnd()).join('\n') + '\n';
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((part) => cut(shorten(part), width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function cut(word: string, width: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < word.length; at += width) pieces.push(word.slice(at, at + width));
  return pieces.length === 0 ? [''] : pieces;
}

function shorten(word: string): string {
  if (word.length <= MAX_WORD) return word;
  const half = MAX_WORD / 2;
  return `${word.slice(0, half)}…${word.slice(-half)}`;
}
