import { redact } from '../model/redact.ts';

/** Letters and digits without a break, as tokens have them. */
const LONG_WORD = /\w{20,}/g;
/** Ids of commits, scans and fingerprints have to stay readable. */
const HEXADECIMAL = /^[0-9a-f]+$/i;

/**
 * Redacts words that look like a token. Names and addresses that a client gave are repeated in answers and logs, and now and then somebody puts a
 * secret where a name belongs.
 */
export function maskTokens(text: string): string {
  return text.replaceAll(LONG_WORD, (word) =>
    /\d/.test(word) && /[a-z]/i.test(word) && !HEXADECIMAL.test(word) ? redact(word) : word,
  );
}
