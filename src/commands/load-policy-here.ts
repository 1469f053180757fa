import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openRepository } from '../git/repository.ts';
import type { Repository } from '../git/repository.ts';
import { readContentConfigs } from '../hook/content-config.ts';
import { LeakgateError } from '../model/errors.ts';
import type { Policy } from '../model/policy.ts';
import { loadPolicy } from '../policy/load-policy.ts';
import { findPolicySources } from '../policy/policy-sources.ts';
import type { PolicySources } from '../policy/policy-sources.ts';
import type { CliContext } from './cli-context.ts';
import { printWarnings } from './print-error.ts';
import { printText } from './terminal-text.ts';

/** What is scanned or asked about. */
export interface PolicyPlace {
  readonly repository?: Repository;
  /** Folder whose `.leakgate.yml` counts when there is no working tree. */
  readonly folder?: string;
}

/** The flag `--config`. */
export interface ConfigFlag {
  readonly config?: string;
}

/** The policy of the current folder, or of `path`; warnings are printed. */
export async function loadPolicyHere(context: CliContext, flags: ConfigFlag, path = context.cwd): Promise<Policy> {
  return loadPolicyOf(context, flags, await placeAt(context, path));
}

/** The policy that applies to a place; warnings are printed. */
export async function loadPolicyOf(context: CliContext, flags: ConfigFlag, place: PolicyPlace): Promise<Policy> {
  const policy = await loadPolicy(await policySourcesOf(context, flags, place));
  printWarnings(context, policy.problems);
  return policy;
}

/** The files which that policy comes from. `--config` stands in for LEAKGATE_CONFIG. */
export async function policySourcesOf(
  context: CliContext,
  flags: ConfigFlag,
  place: PolicyPlace,
): Promise<PolicySources> {
  const { repository } = place;
  const folder = repository?.workTree ?? place.folder;
  const contents =
    repository !== undefined && folder === undefined ? await readContentConfigsIfReadable(context, repository) : {};
  const env =
    flags.config === undefined ? context.env : { ...context.env, LEAKGATE_CONFIG: resolve(context.cwd, flags.config) };
  return findPolicySources({
    env,
    ...(repository === undefined ? {} : { repository }),
    ...(folder === undefined ? {} : { folder }),
    ...contents,
  });
}

/** A damaged repository is scanned as far as it goes, without the configuration it cannot show. */
async function readContentConfigsIfReadable(
  context: CliContext,
  repository: Repository,
): ReturnType<typeof readContentConfigs> {
  try {
    return await readContentConfigs(repository, context.signal);
  } catch (error) {
    if (!(error instanceof LeakgateError) || error.code !== 'GIT_FAILED') throw error;
    printText(
      context.stderr,
      `leakgate: warning: going on without .leakgate.yml of the default branch: ${error.message}`,
    );
    return {};
  }
}

/** The repository around a path when there is one, else the folder itself. */
export async function placeAt(context: CliContext, path: string): Promise<PolicyPlace> {
  const folder = resolve(context.cwd, path);
  const repository = await openRepository(folder, { env: context.env, signal: context.signal }).catch(
    async (error: unknown) => {
      if (!(error instanceof LeakgateError) || error.code !== 'TARGET_INVALID') throw error;
      // A mistyped path, or a file, has no policy of its own: nothing may be said under the one of nowhere.
      const stats = await stat(folder).catch(() => undefined);
      if (stats?.isDirectory() !== true) throw error;
      return undefined;
    },
  );
  return repository === undefined ? { folder } : { repository };
}
