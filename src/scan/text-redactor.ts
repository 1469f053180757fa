import type { Detector } from '../detect/detector.ts';
import { redact } from '../model/redact.ts';
import { textOf } from './redact-match.ts';

/**
 * Hides secrets in the short texts that go out with findings: paths, author names. A file may be named after the key it holds, and
 * a report must not give away what it found elsewhere.
 */
export type TextRedactor = (text: string) => string;

export function createTextRedactor(detector: Detector, showSecrets: boolean): TextRedactor {
  const known = new Map<string, string>();
  return (text) => {
    if (showSecrets) return text;
    let shown = known.get(text);
    if (shown === undefined) known.set(text, (shown = redactAll(detector, text)));
    return shown;
  };
}

function redactAll(detector: Detector, text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  let out = '';
  let at = 0;
  for (const { secretStart, secretEnd } of detector.findMatches(bytes).matches) {
    if (secretEnd <= at) continue;
    const from = Math.max(at, secretStart);
    out += textOf(bytes.subarray(at, from)) + redact(textOf(bytes.subarray(from, secretEnd)));
    at = secretEnd;
  }
  return at === 0 ? text : out + textOf(bytes.subarray(at));
}
