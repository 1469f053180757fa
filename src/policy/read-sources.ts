/**
 * Reads the files of a policy, once: what is digested for caches is what is parsed, whatever happens to the files in between.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LeakgateError } from '../model/errors.ts';
import type { ScopeName } from '../model/rule.ts';
import { configLimits } from './config-limits.ts';
import { isAbsent } from './is-absent.ts';
import type { BuiltinRules, ContentConfig, PolicySources, ScopeFile } from './policy-sources.ts';

/** One file as read. */
export interface SourceText {
  readonly scope: ScopeName;
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** A file of the content: as read, or why it was not. */
export type ContentText = SourceText | Extract<ContentConfig, { refused: string }>;

/** All that a policy is made of, read. Files that do not exist are not among it. */
export interface PolicyTexts {
  readonly builtin: readonly SourceText[] | Exclude<BuiltinRules, { folder: string }>;
  readonly files: readonly SourceText[];
  readonly reviews: readonly SourceText[];
  readonly content?: ContentText;
  readonly soteri?: ContentText;
}

/**
 * Reads all files of a policy, without parsing any.
 * @throws LeakgateError CONFIG_INVALID when one cannot be read or everybody may write it.
 */
export async function readPolicySources(sources: PolicySources): Promise<PolicyTexts> {
  const files = sources.files.map(readScopeFile).filter(isThere);
  const reviews = sources.reviews.map(readScopeFile).filter(isThere);
  const builtin = 'folder' in sources.builtin ? await readBuiltin(sources.builtin.folder) : sources.builtin;
  const content = sources.content === undefined ? undefined : await readContent(sources.content);
  const soteri = sources.soteri === undefined ? undefined : await readContent(sources.soteri);
  return {
    builtin,
    files,
    reviews,
    ...(content ? { content } : {}),
    ...(soteri ? { soteri } : {}),
  };
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

// Without the thread pool: a push looks for six such files, mostly finds none, and waits for each. A look costs 20 microseconds, by way of the
// pool eight times as much.
function readScopeFile({ scope, path, required }: ScopeFile): SourceText | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) throw new LeakgateError('CONFIG_INVALID', `${path} is not a regular file`);
      if (process.platform !== 'win32' && (stats.mode & 0o002) !== 0) {
        throw new LeakgateError(
          'CONFIG_INVALID',
          `${path} may be written by everybody, so it cannot be trusted; run: chmod o-w on it`,
        );
      }
      refusePlanted(path, stats.uid);
      return { scope, file: path, bytes: readFileSync(file) };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof LeakgateError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      const absent = isAbsent(path);
      if (absent && required !== true) return undefined;
      if (!absent)
        throw new LeakgateError(
          'CONFIG_INVALID',
          `${path} is a link to nothing, so what it should say is not known; mend the link or remove it`,
          { cause: error },
        );
    }
    throw new LeakgateError('CONFIG_INVALID', `${path} cannot be read: ${message}`, { cause: error });
  }
}

/** In a folder where everybody may put files (/tmp), a file of somebody else is no configuration of ours. */
function refusePlanted(path: string, owner: number): void {
  if (process.geteuid === undefined || owner === 0 || owner === process.geteuid()) return;
  const folder = statSync(dirname(path));
  if ((folder.mode & 0o002) === 0) return;
  throw new LeakgateError(
    'CONFIG_INVALID',
    `${path} belongs to user ${owner} and stands in a folder where everybody may put files, so it cannot be trusted; move it, or run: chmod o-w ${dirname(path)}`,
  );
}

/** Reads a file of the content. `undefined` when it is not there. */
export async function readContent(content: ContentConfig): Promise<ContentText | undefined> {
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

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}
