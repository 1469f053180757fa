/**
 * Where configuration is: which files say what is looked for in a target, and reading them once, so that what is digested is what is parsed.
 *
 * | scope      | file                                                                                             |
 * |------------|--------------------------------------------------------------------------------------------------|
 * | global     | LEAKGATE_CONFIG, else /etc/leakgate/leakgate.yml, else $XDG_CONFIG_HOME/leakgate/leakgate.yml    |
 * | project    | leakgate.yml in the folder that holds a bare repository                                          |
 * | repository | leakgate.yml in the git directory                                                                |
 * | content    | .leakgate.yml of the default branch (given by the caller) or of the folder that is scanned       |
 *
 * Reviews stand beside: reviews.jsonl in the global folder, in `leakgate/` of the project folder and in `leakgate/` of the git directory.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import type { Allowlist, Rule, ScopeName } from '../model/rule.ts';
import { builtinRulesFolder } from '../rules/load-rules.ts';
import { userFolders } from '../util/xdg.ts';
import { configLimits } from './config-limits.ts';

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
}

/** What a policy is for. */
export interface PolicyTarget {
  readonly repository?: { readonly gitDir: string; readonly bare: boolean };
  /** A folder whose `.leakgate.yml` counts. */
  readonly folder?: string;
  /** Overrides `folder`: the hook passes the file of the default branch as it was before the push. */
  readonly content?: ContentConfig;
  readonly env?: NodeJS.ProcessEnv;
  readonly builtin?: BuiltinRules;
  /** Folder of the installation-wide configuration. */
  readonly systemFolder?: string;
}

/** Finds the files that apply to a target. */
export async function findPolicySources(target: PolicyTarget): Promise<PolicySources> {
  const { repository, folder, env = process.env, systemFolder = '/etc/leakgate' } = target;
  const named = env['LEAKGATE_CONFIG'];
  const global =
    named || join((await exists(join(systemFolder, CONFIG))) ? systemFolder : userFolders(env).config, CONFIG);
  const files: ScopeFile[] = [{ scope: 'global', path: global, ...(named ? { required: true } : {}) }];
  const reviews: ScopeFile[] = [{ scope: 'global', path: join(dirname(global), REVIEWS) }];
  if (repository?.bare) {
    const project = dirname(repository.gitDir);
    files.push({ scope: 'project', path: join(project, CONFIG) });
    reviews.push({ scope: 'project', path: join(project, 'leakgate', REVIEWS) });
  }
  if (repository) {
    files.push({ scope: 'repository', path: join(repository.gitDir, CONFIG) });
    reviews.push({ scope: 'repository', path: join(repository.gitDir, 'leakgate', REVIEWS) });
  }
  const content =
    target.content ?? (folder === undefined ? undefined : { file: CONTENT_CONFIG, path: join(folder, CONTENT_CONFIG) });
  return {
    builtin: target.builtin ?? { folder: builtinRulesFolder() },
    files,
    reviews,
    ...(content ? { content } : {}),
  };
}

const CONFIG = 'leakgate.yml';
const REVIEWS = 'reviews.jsonl';
/** Name of the configuration in a repository's content. */
export const CONTENT_CONFIG = '.leakgate.yml';

/** One file as read. */
export interface SourceText {
  readonly scope: ScopeName;
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** All that a policy is made of, read. Files that do not exist are not among it. */
export interface PolicyTexts {
  readonly builtin: readonly SourceText[] | Exclude<BuiltinRules, { folder: string }>;
  readonly files: readonly SourceText[];
  readonly reviews: readonly SourceText[];
  readonly content?: SourceText | Extract<ContentConfig, { refused: string }>;
}

/**
 * Reads all files of a policy, without parsing any.
 * @throws LeakgateError CONFIG_INVALID when one cannot be read or everybody may write it.
 */
export async function readPolicySources(sources: PolicySources): Promise<PolicyTexts> {
  const [builtin, files, reviews, content] = await Promise.all([
    'folder' in sources.builtin ? readBuiltin(sources.builtin.folder) : sources.builtin,
    Promise.all(sources.files.map(readScopeFile)),
    Promise.all(sources.reviews.map(readScopeFile)),
    sources.content === undefined ? undefined : readContent(sources.content),
  ]);
  return { builtin, files: files.filter(isThere), reviews: reviews.filter(isThere), ...(content ? { content } : {}) };
}

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
  if (content !== undefined)
    ('refused' in content
      ? ['refused', content.file, content.refused]
      : ['content', content.file, content.bytes]
    ).forEach(add);
  return hash.digest('hex');
}

/** Rule files under the name by which users know them: `rules/github.yml`. */
async function readBuiltin(folder: string): Promise<readonly SourceText[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.yml')).sort();
    return await Promise.all(
      names.map(async (name) => ({
        scope: 'builtin' as const,
        file: `rules/${name}`,
        bytes: await readFile(join(folder, name)),
      })),
    );
  } catch (error) {
    throw new LeakgateError(
      'RULE_INVALID',
      `the built-in rules cannot be read from ${folder}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

async function readScopeFile({ scope, path, required }: ScopeFile): Promise<SourceText | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw new LeakgateError('CONFIG_INVALID', `${path} is not a regular file`);
      if (process.platform !== 'win32' && (stats.mode & 0o002) !== 0) {
        throw new LeakgateError(
          'CONFIG_INVALID',
          `${path} may be written by everybody, so it cannot be trusted; run: chmod o-w on it`,
        );
      }
      return { scope, file: path, bytes: await file.readFile() };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof LeakgateError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (!required && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    throw new LeakgateError('CONFIG_INVALID', `${path} cannot be read: ${message}`, { cause: error });
  }
}

async function readContent(content: ContentConfig): Promise<PolicyTexts['content']> {
  const { file } = content;
  if ('refused' in content) return content;
  const { maxBytes } = configLimits('content');
  const tooLarge = { file, refused: `it is larger than ${maxBytes} bytes` };
  if ('text' in content) {
    const bytes = Buffer.from(content.text, 'utf8');
    return bytes.length > maxBytes ? tooLarge : { scope: 'content', file, bytes };
  }
  try {
    // Not through a link: it could show parts of any file on the machine in messages.
    const handle = await open(content.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return { file, refused: 'it is not a regular file' };
      if (stats.size > maxBytes) return tooLarge;
      return { scope: 'content', file, bytes: await handle.readFile() };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return { file, refused: code === 'ELOOP' ? 'it is a symbolic link' : `it cannot be read: ${message}` };
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}
