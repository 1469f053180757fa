import { readFileAt } from '../git/read-file-at.ts';
import type { Repository } from '../git/repository.ts';
import { configLimits } from '../policy/config-limits.ts';
import { CONTENT_CONFIG, type ContentConfig } from '../policy/policy-sources.ts';

/** As git is asked for it. */
export const CONTENT_OBJECT = `HEAD:${CONTENT_CONFIG}`;

/**
 * `.leakgate.yml` of the default branch as it was before the push: refs move only after the hook has accepted, so `HEAD` still is the old tip.
 * On the first push of a repository there is none, whatever the push brings.
 */
export async function readContentConfig(
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<ContentConfig | undefined> {
  const file = CONTENT_OBJECT;
  const { maxBytes } = configLimits('content');
  const found = await readFileAt(repository, 'HEAD', CONTENT_CONFIG, { maxBytes, signal });
  switch (found.kind) {
    case 'file':
      return { file, text: found.content.toString('utf8') };
    case 'absent':
      return undefined;
    case 'refused':
      return { file, refused: found.reason };
    default:
      return found satisfies never;
  }
}
