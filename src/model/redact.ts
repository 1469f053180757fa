/** Longest clear prefix that `redact` ever lets through. */
export const REDACT_KEEP = 4;

/**
 * Hides a secret but for a hint of which one it is: at most its first four characters and never more than a quarter of it,
 * then its length. `ghp_0123…` becomes `ghp_…(40)`. Length is in characters of the given text.
 */
export function redact(secret: string): string {
  const keep = Math.min(REDACT_KEEP, Math.floor(secret.length / 4));
  return `${secret.slice(0, keep)}…(${secret.length})`;
}
