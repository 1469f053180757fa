import { isUtf8 } from 'node:buffer';
import { readFileAt } from '../git/read-file-at.ts';
import type { Repository } from '../git/repository.ts';
import { configLimits } from '../policy/config-limits.ts';
import { readContent, type PolicyTexts } from '../policy/read-sources.ts';
import { CONTENT_PREFIX } from './content-object.ts';
import { CONTENT_CONFIG, SOTERI_CONFIG, type ContentConfig, type PolicySources } from '../policy/policy-sources.ts';

/** The files by which the content says what is looked for in it. */
export type ContentConfigs = Pick<PolicySources, 'content' | 'soteri'>;

/**
 * `.leakgate.yml` of the default branch as it was before the push: refs move only after the hook has accepted, so `HEAD` still is the old tip.
 * On the first push of a repository there is none, whatever the push brings.
 */
export async function readContentConfig(
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<ContentConfig | undefined> {
  return readConfigAt(repository, CONTENT_CONFIG, signal);
}

/** `soteri-security.yml` beside it, of the same moment. */
export async function readSoteriConfig(
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<ContentConfig | undefined> {
  return readConfigAt(repository, SOTERI_CONFIG, signal);
}

/** Both. */
export async function readContentConfigs(
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<ContentConfigs> {
  const [content, soteri] = await Promise.all([
    readContentConfig(repository, signal),
    readSoteriConfig(repository, signal),
  ]);
  return { ...(content ? { content } : {}), ...(soteri ? { soteri } : {}) };
}

/** Files of the content as texts, as far as they are there. */
export async function readContents(configs: {
  readonly content: ContentConfig | undefined;
  readonly soteri: ContentConfig | undefined;
}): Promise<Pick<PolicyTexts, 'content' | 'soteri'>> {
  const content = configs.content && (await readContent(configs.content));
  const soteri = configs.soteri && (await readContent(configs.soteri));
  return { ...(content ? { content } : {}), ...(soteri ? { soteri } : {}) };
}

async function readConfigAt(
  repository: Repository,
  name: string,
  signal: AbortSignal | undefined,
): Promise<ContentConfig | undefined> {
  const file = `${CONTENT_PREFIX}${name}`;
  const { maxBytes } = configLimits('content');
  const found = await readFileAt(repository, 'HEAD', name, { maxBytes, signal });
  switch (found.kind) {
    case 'file':
      return isUtf8(found.content)
        ? { file, text: found.content.toString('utf8') }
        : { file, refused: 'it is not UTF-8 text' };
    case 'absent':
      return undefined;
    case 'refused':
      return { file, refused: found.reason };
    default:
      return found satisfies never;
  }
}
