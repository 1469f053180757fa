import { isUtf8 } from 'node:buffer';
import type { Match } from '../detect/match.ts';
import { redact } from '../model/redact.ts';

/** Most characters of a match that are kept on either side of its secret. */
const CONTEXT_CHARS = 80;

/** Text of bytes that are UTF-8 where they can be, latin-1 otherwise; so a secret has one spelling wherever it is found. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/**
 * What is shown of a match: its secret redacted, and so is every other secret of the same content that overlaps it
 * (a connection string may match as a whole while its password is a finding of its own).
 */
export function redactMatch(content: Uint8Array, match: Match, all: readonly Match[]): string {
  const before = redactSpan(content, match.start, match.secretStart, all);
  const after = redactSpan(content, match.secretEnd, match.end, all);
  const secret = textOf(content.subarray(match.secretStart, match.secretEnd));
  const hidden = redact(secret);
  return `${clip(before.replaceAll(secret, hidden), 'end')}${hidden}${clip(after.replaceAll(secret, hidden), 'start')}`;
}

function redactSpan(content: Uint8Array, start: number, end: number, all: readonly Match[]): string {
  let out = '';
  let at = start;
  for (const { secretStart, secretEnd } of secretsWithin(start, end, all)) {
    if (secretEnd <= at) continue;
    if (secretStart > at) out += textOf(content.subarray(at, secretStart));
    out += redact(textOf(content.subarray(Math.max(secretStart, at), Math.min(secretEnd, end))));
    at = secretEnd;
  }
  return at < end ? out + textOf(content.subarray(at, end)) : out;
}

/** Matches whose secret lies in the span, or partly, in the order of their secrets. */
function secretsWithin(start: number, end: number, all: readonly Match[]): Match[] {
  const within: Match[] = [];
  for (const match of all) {
    // They are in the order of where they start, which is not always that of their secrets.
    if (match.start >= end) break;
    if (match.secretEnd > start && match.secretStart < end) within.push(match);
  }
  return within.sort((a, b) => a.secretStart - b.secretStart);
}

function clip(text: string, keep: 'start' | 'end'): string {
  if (text.length <= CONTEXT_CHARS) return text;
  return keep === 'start' ? `${text.slice(0, CONTEXT_CHARS)}…` : `…${text.slice(-CONTEXT_CHARS)}`;
}
