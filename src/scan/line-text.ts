import type { LineText } from '../model/finding.ts';
import { textOf } from './redact-match.ts';

/** Longer lines are not kept: of them the secret alone. In bytes. */
const MAX_LINE_BYTES = 4096;

/**
 * The line that a secret stands on, in clear, for whoever shows it to people who may see it (and seals it until then). The secret alone where
 * it spans lines, where the line is too long, and where columns cannot be told because bytes are cut inside of a character.
 */
export function lineTextOf(content: Uint8Array, secretStart: number, secretEnd: number): LineText {
  const secret = textOf(content.subarray(secretStart, secretEnd));
  const alone: LineText = { text: secret, start: 0, end: secret.length, truncated: true };
  if (secretEnd - secretStart > MAX_LINE_BYTES || hasBreak(content.subarray(secretStart, secretEnd))) return alone;
  const from = startOfLine(content, secretStart);
  const to = endOfLine(content, secretEnd);
  if (from === undefined || to === undefined || to - from > MAX_LINE_BYTES) return alone;
  const line = content.subarray(from, to);
  const text = textOf(line);
  const start = textOf(line.subarray(0, secretStart - from)).length;
  const end = start + secret.length;
  return text.slice(start, end) === secret ? { text, start, end, truncated: false } : alone;
}

const LF = 0x0a;
const CR = 0x0d;

function hasBreak(bytes: Uint8Array): boolean {
  return bytes.includes(LF) || bytes.includes(CR);
}

function startOfLine(content: Uint8Array, offset: number): number | undefined {
  const limit = Math.max(0, offset - MAX_LINE_BYTES - 1);
  for (let i = offset - 1; i >= limit; i--) if (content[i] === LF || content[i] === CR) return i + 1;
  if (limit > 0) return undefined;
  // Editors hide a byte order mark.
  return content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf && offset >= 3 ? 3 : 0;
}

function endOfLine(content: Uint8Array, offset: number): number | undefined {
  const limit = Math.min(content.length, offset + MAX_LINE_BYTES + 1);
  for (let i = offset; i < limit; i++) if (content[i] === LF || content[i] === CR) return i;
  return limit === content.length ? limit : undefined;
}
