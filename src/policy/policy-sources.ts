/**
 * Where configuration is: which files say what is looked for in a target. Reading them is for read-sources.ts.
 *
 * | scope      | file                                                                                             |
 * |------------|--------------------------------------------------------------------------------------------------|
 * | global     | LEAKGATE_CONFIG, else /etc/leakgate/leakgate.yml, else $XDG_CONFIG_HOME/leakgate/leakgate.yml    |
 * | project    | leakgate.yml in the folder that holds a bare repository                                          |
 * | repository | leakgate.yml in the git directory                                                                |
 * | content    | .leakgate.yml of the default branch (given by the caller) or of the folder that is scanned       |
 * |            | soteri-security.yml beside it, where `settings.content.soteriYml` says so                         |
 *
 * Reviews stand beside: reviews.jsonl in the global folder, in `leakgate/` of the project folder and in `leakgate/` of the git directory.
 */
import { dirname, join } from 'node:path';
import type { Allowlist, Rule, ScopeName } from '../model/rule.ts';
import { builtinRulesFolder } from '../rules/builtin-folder.ts';
import { userFolders } from '../util/xdg.ts';
import { isAbsent } from './is-absent.ts';

/** The rules that come with Leakgate: to be read from a folder, or loaded already; `digest` then tells one set from another. */
export type BuiltinRules =
  | { readonly folder: string }
  | { readonly rules: readonly Rule[]; readonly allowlists: readonly Allowlist[]; readonly digest: string };

/** `.leakgate.yml`: its text, the place to read it from, or why it is not honoured (a symbolic link, too large). */
export type ContentConfig =
  | { readonly file: string; readonly text: string }
  | { readonly file: string; readonly path: string }
  | { readonly file: string; readonly refused: string };

/** A file of a scope. It need not exist, unless a person named it. */
export interface ScopeFile {
  readonly scope: ScopeName;
  readonly path: string;
  readonly required?: boolean;
}

export interface PolicySources {
  readonly builtin: BuiltinRules;
  /** Configuration files, higher scopes first. */
  readonly files: readonly ScopeFile[];
  /** Review files, higher scopes first; the one of its scope is where a new review goes. */
  readonly reviews: readonly ScopeFile[];
  readonly content?: ContentConfig;
  /** `soteri-security.yml`, beside it. Read, and then used only where the settings say so. */
  readonly soteri?: ContentConfig;
}

/** What a policy is for. */
export interface PolicyTarget {
  readonly repository?: {
    readonly gitDir: string;
    /** Where its own files are, when that is somewhere else: see `Repository`. */
    readonly commonDir?: string;
    readonly bare: boolean;
  };
  /** A folder whose `.leakgate.yml` counts. */
  readonly folder?: string;
  /** Overrides `folder`: the hook passes the file of the default branch as it was before the push. */
  readonly content?: ContentConfig;
  readonly soteri?: ContentConfig;
  readonly env?: NodeJS.ProcessEnv;
  readonly builtin?: BuiltinRules;
  /** Folder of the installation-wide configuration. */
  readonly systemFolder?: string;
}

/** Finds the files that apply to a target. */
export async function findPolicySources(target: PolicyTarget): Promise<PolicySources> {
  const { repository, folder, env = process.env, systemFolder = '/etc/leakgate' } = target;
  const named = env['LEAKGATE_CONFIG'];
  const global = named || join(isAbsent(join(systemFolder, CONFIG)) ? userFolders(env).config : systemFolder, CONFIG);
  const files: ScopeFile[] = [{ scope: 'global', path: global, ...(named ? { required: true } : {}) }];
  const reviews: ScopeFile[] = [{ scope: 'global', path: join(dirname(global), REVIEWS) }];
  if (repository?.bare) {
    const project = dirname(repository.gitDir);
    files.push({ scope: 'project', path: join(project, CONFIG) });
    reviews.push({ scope: 'project', path: join(project, 'leakgate', REVIEWS) });
  }
  if (repository) {
    const own = repository.commonDir ?? repository.gitDir;
    files.push({ scope: 'repository', path: join(own, CONFIG) });
    reviews.push({ scope: 'repository', path: join(own, 'leakgate', REVIEWS) });
  }
  const content =
    target.content ?? (folder === undefined ? undefined : { file: CONTENT_CONFIG, path: join(folder, CONTENT_CONFIG) });
  const soteri =
    target.soteri ?? (folder === undefined ? undefined : { file: SOTERI_CONFIG, path: join(folder, SOTERI_CONFIG) });
  return {
    builtin: target.builtin ?? { folder: builtinRulesFolder() },
    files,
    reviews,
    ...(content ? { content } : {}),
    ...(soteri ? { soteri } : {}),
  };
}

const CONFIG = 'leakgate.yml';
const REVIEWS = 'reviews.jsonl';
/** Name of the configuration in a repository's content. */
export const CONTENT_CONFIG = '.leakgate.yml';
/** Name of the one that servers with Soteri's scanner have there. */
export const SOTERI_CONFIG = 'soteri-security.yml';
