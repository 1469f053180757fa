/** The operators' files that bear on a repository: read for a policy, and looked at from time to time for changes. */
import { stat } from 'node:fs/promises';
import { findPolicySources, type PolicySources } from '../policy/policy-sources.ts';
import { readPolicySources, type PolicyTexts } from '../policy/read-sources.ts';
import type { RepositoryPlace } from './registered-repository.ts';

export interface ScopeFilesOptions {
  /** Says where the global file is. */
  readonly env: NodeJS.ProcessEnv;
  /** Folder of the installation-wide configuration. */
  readonly systemFolder?: string;
}

/** The built-in rules are added by whoever merges. */
const NO_RULES = { rules: [], allowlists: [], digest: '' } as const;

async function sourcesOf(place: RepositoryPlace | undefined, options: ScopeFilesOptions): Promise<PolicySources> {
  return findPolicySources({ builtin: NO_RULES, ...options, ...(place === undefined ? {} : { repository: place }) });
}

/** @throws LeakgateError `CONFIG_INVALID` when a file cannot be read or trusted */
export async function readScopeFiles(
  place: RepositoryPlace | undefined,
  options: ScopeFilesOptions,
): Promise<Pick<PolicyTexts, 'files' | 'reviews'>> {
  return readPolicySources(await sourcesOf(place, options));
}

/** Equal stamps: no file has been edited, come or gone. */
export async function stampScopeFiles(place: RepositoryPlace | undefined, options: ScopeFilesOptions): Promise<string> {
  const { files, reviews } = await sourcesOf(place, options);
  const stamps = await Promise.all(
    [...files, ...reviews].map(async ({ path }) => {
      const stats = await stat(path).catch(() => undefined);
      return stats === undefined
        ? ''
        : `${path} ${stats.size} ${stats.mtimeMs} ${stats.ino} ${stats.mode} ${stats.uid}`;
    }),
  );
  return stamps.join('\n');
}
