/** What a repository itself says of its policy: `.leakgate.yml` of its default branch and, where the server allows it, `soteri-security.yml`. */
import { access } from 'node:fs/promises';
import { openRepository } from '../git/repository.ts';
import { readContentConfigs } from '../hook/content-config.ts';
import type { Rule } from '../model/rule.ts';
import { withContent } from '../policy/load-policy.ts';
import { readPolicySources, type PolicyTexts } from '../policy/read-sources.ts';
import { finishPolicy, type CompiledPolicy } from './compile-server-policy.ts';
import type { PolicySettings } from './server-configs.ts';

/** Files of a default branch, as read. */
export type RepositoryContent = Pick<PolicyTexts, 'content' | 'soteri'>;

/** @param gitDir of a repository or a mirror. One without commits says nothing, nor does a mirror that is still to be made. */
export async function readContent(gitDir: string): Promise<RepositoryContent> {
  if (!(await exists(gitDir))) return {};
  const repository = await openRepository(gitDir, { registered: true });
  const configs = await readContentConfigs(repository, undefined);
  const builtin = { rules: [], allowlists: [], digest: '' };
  const { content, soteri } = await readPolicySources({ builtin, files: [], reviews: [], ...configs });
  return { ...(content ? { content } : {}), ...(soteri ? { soteri } : {}) };
}

/** A policy with what the repository itself says on top. */
export function addContent(
  base: CompiledPolicy,
  content: RepositoryContent,
  { settings, builtin }: { readonly settings: PolicySettings; readonly builtin: readonly Rule[] },
): CompiledPolicy {
  if (content.content === undefined && content.soteri === undefined) return base;
  return finishPolicy(withContent(base.policy, content, builtin), settings);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
