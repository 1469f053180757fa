/**
 * Shannon entropy of a text in bits per character, from the frequencies of its own characters. 0 for an empty text.
 *
 * It grows with length: 20 random hex digits have 3.4 bits in the mean, 64 of them 3.8 (rules/README.md has a table), so a threshold
 * belongs to an alphabet and a length.
 */
export function shannonEntropy(text: string): number {
  const counts = new Map<number, number>();
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  let sum = 0;
  for (const count of counts.values()) sum += count * Math.log2(count);
  return text.length === 0 ? 0 : Math.max(0, Math.log2(text.length) - sum / text.length);
}
