import { createHash } from 'node:crypto';
import type { PolicyTexts, SourceText } from './read-sources.ts';

/**
 * SHA-256 in hex over everything that was read, for keys of caches: equal digests mean equal policies under one version of Leakgate.
 * A new review changes it; with `reviews: false` it does not, and `withReviews` brings a cached policy up to date.
 */
export function policySourcesDigest(texts: PolicyTexts, options: { readonly reviews?: boolean } = {}): string {
  const { builtin, files, content } = texts;
  const reviews = options.reviews === false ? [] : texts.reviews;
  const hash = createHash('sha256');
  // Each part is preceded by its length, so that no two lists of parts give the same bytes.
  const add = (part: string | Uint8Array): void => {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
    hash.update(`${bytes.length}:`).update(bytes);
  };
  const addAll = (label: string, list: readonly SourceText[]): void => {
    add(`${label} ${list.length}`);
    for (const { scope, file, bytes } of list) [scope, file, bytes].forEach(add);
  };
  if ('digest' in builtin) ['loaded', builtin.digest].forEach(add);
  else addAll('builtin', builtin);
  addAll('files', files);
  addAll('reviews', reviews);
  for (const file of [content, texts.soteri]) {
    if (file === undefined) continue;
    ('refused' in file ? ['refused', file.file, file.refused] : ['content', file.file, file.bytes]).forEach(add);
  }
  return hash.digest('hex');
}
