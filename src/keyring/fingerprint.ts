import { createHmac } from 'node:crypto';

/** Names the recipe below. A change of the recipe gets a new prefix, so that old reviews are never compared with new values. */
export const FINGERPRINT_PREFIX = 'lgf1:';

/** `lgf1:` and 32 lower-case hex digits. */
export const FINGERPRINT_PATTERN = /^lgf1:[0-9a-f]{32}$/;

/**
 * The stable name of a finding: which rule found which secret, and nothing of where. Moving, re-indenting and rebasing keep it;
 * another secret, rule or key changes it. Without the key it cannot be found by trying likely passwords, as a plain hash could.
 *
 *     lgf1: hex( first 16 bytes of HMAC-SHA-256(key, rule id ‖ 0x00 ‖ normalised secret) )
 *
 * The rule id is UTF-8 (kebab-case, so without NUL). The secret is its bytes as they stand in the content, after decoding of
 * UTF-16 and UTF-32 to UTF-8; a string stands for its UTF-8 bytes. Normalised means, on bytes:
 *
 * 1. spaces, tabs, VT, FF, CR and LF at both ends are removed;
 * 2. each run of these bytes that contains a CR or LF becomes one LF, so line endings and indentation of a
 *    key of many lines do not count.
 *
 * All else counts, letter case too. 128 bits leave no chance of two findings sharing a name.
 */
export function fingerprint(key: Uint8Array, ruleId: string, secret: string | Uint8Array): string {
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret;
  const digest = createHmac('sha256', key)
    .update(ruleId, 'utf8')
    .update(SEPARATOR)
    .update(normaliseSecret(bytes))
    .digest('hex');
  return FINGERPRINT_PREFIX + digest.slice(0, 32);
}

/** The bytes of a secret that a fingerprint is made of. */
export function normaliseSecret(secret: Uint8Array): Uint8Array {
  const out = new Uint8Array(secret.length);
  let length = 0;
  for (let i = 0; i < secret.length;) {
    const start = i;
    let breaks = false;
    while (i < secret.length && isSpace(secret[i] as number)) {
      breaks ||= secret[i] === LF || secret[i] === CR;
      i++;
    }
    if (i === secret.length) break;
    if (length > 0 && breaks) out[length++] = LF;
    else if (length > 0) for (let j = start; j < i; j++) out[length++] = secret[j] as number;
    out[length++] = secret[i++] as number;
  }
  return out.subarray(0, length);
}

const SEPARATOR = new Uint8Array(1);
const LF = 0x0a;
const CR = 0x0d;

/** Space and the controls from TAB to CR. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= CR);
}
