import { lstatSync, readdirSync, readFileSync, type Dirent } from 'node:fs';
import { parseIgnoreFile, type IgnoreRules } from './ignore-rules.ts';

/** Something met on the way through a folder. Paths are bytes relative to the root, `/` between folders. */
export type WalkEntry =
  | { readonly kind: 'file' | 'symlink'; readonly path: Buffer; readonly size: number }
  | { readonly kind: 'folder'; readonly path: Buffer }
  /** Left out knowingly: `.git`, what is ignored, sockets and the like. */
  | { readonly kind: 'skipped'; readonly path: Buffer }
  | { readonly kind: 'unreadable'; readonly path: Buffer; readonly detail: string };

const SEPARATOR = Buffer.from('/');

interface Level {
  /** Folder that holds the `.gitignore`, relative to the root. */
  readonly folder: string;
  readonly rules: IgnoreRules;
}

export interface WalkOptions {
  readonly gitignore: boolean;
  /** Starts at this folder, relative to the root, under the ignore files of the folders above it. */
  readonly from?: string;
}

/**
 * Everything below a folder, sorted by name, links not followed. It reads with `fs` alone: git, asked about a working tree, would run what
 * the repository's configuration names.
 */
export function* walkDirectory(root: string, options: WalkOptions): Generator<WalkEntry> {
  const from: Buffer = Buffer.from(options.from ?? '');
  // A stack of its own: folders can be nested deeper than functions.
  const stack: { readonly path: Buffer; readonly levels: readonly Level[] }[] = [
    { path: from, levels: options.gitignore ? levelsAbove(root, from) : [] },
  ];
  for (let folder = stack.pop(); folder !== undefined; folder = stack.pop()) {
    const listed = list(root, folder.path);
    if (typeof listed === 'string') {
      yield { kind: 'unreadable', path: folder.path, detail: listed };
      continue;
    }
    const levels = options.gitignore ? withIgnoreFile(root, folder.path, folder.levels, listed) : folder.levels;
    const folders: { path: Buffer; levels: readonly Level[] }[] = [];
    for (const { name, isFolder } of listed) {
      const path = folder.path.length === 0 ? name : Buffer.concat([folder.path, SEPARATOR, name]);
      if (name.equals(DOT_GIT) || isIgnored(levels, path, isFolder)) {
        yield { kind: 'skipped', path };
      } else if (isFolder && name.equals(OBJECTS) && isObjectStore(root, path, listed)) {
        yield {
          kind: 'unreadable',
          path,
          detail: 'compressed objects of a repository; scan that repository by itself',
        };
      } else if (isFolder) {
        yield { kind: 'folder', path };
        folders.push({ path, levels });
      } else yield inspect(root, path);
    }
    stack.push(...folders.reverse());
  }
}

/** The ignore files of the root and of every folder between it and `path`. */
function levelsAbove(root: string, path: Buffer): readonly Level[] {
  let levels: readonly Level[] = [];
  for (let end = 0; end >= 0 && end < path.length; end = path.indexOf(SEPARATOR, end + 1)) {
    const folder = path.subarray(0, end);
    const listed = list(root, folder);
    if (typeof listed !== 'string') levels = withIgnoreFile(root, folder, levels, listed);
  }
  return levels;
}

const DOT_GIT = Buffer.from('.git');
const OBJECTS = Buffer.from('objects');

/**
 * Whether `path` is the `objects` of a bare repository (`siblings` are what stands beside it) and holds any. Read as files these are
 * compressed, nothing can be found in them, and a folder of repositories would be called clean.
 */
function isObjectStore(root: string, path: Buffer, siblings: readonly Listed[]): boolean {
  const has = (wanted: string, folder: boolean): boolean =>
    siblings.some(({ name, isFolder }) => isFolder === folder && name.toString('latin1') === wanted);
  if (!has('HEAD', false) || !has('refs', true)) return false;
  const names = (folder: Buffer): string[] => {
    const listed = list(root, folder);
    return typeof listed === 'string' ? [] : listed.map(({ name }) => name.toString('latin1'));
  };
  return (
    names(path).some((name) => /^[0-9a-f]{2}$/.test(name)) ||
    names(Buffer.concat([path, Buffer.from('/pack')])).some((name) => name.endsWith('.pack')) ||
    names(Buffer.concat([path, Buffer.from('/info')])).includes('alternates')
  );
}

interface Listed {
  readonly name: Buffer;
  readonly isFolder: boolean;
}

/** Path of an entry for system calls: names may be no UTF-8. */
export function absolutePath(root: string, path: Buffer): Buffer {
  return path.length === 0
    ? Buffer.from(root)
    : Buffer.concat([Buffer.from(root.endsWith('/') ? root : `${root}/`), path]);
}

function list(root: string, path: Buffer): Listed[] | string {
  try {
    const entries = readdirSync(absolutePath(root, path), {
      withFileTypes: true,
      encoding: 'buffer',
    }) as unknown as (Dirent & { name: Buffer })[];
    return entries
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
      .sort((a, b) => Buffer.compare(a.name, b.name));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function inspect(root: string, path: Buffer): WalkEntry {
  try {
    const stats = lstatSync(absolutePath(root, path));
    if (stats.isFile()) return { kind: 'file', path, size: stats.size };
    if (stats.isSymbolicLink()) return { kind: 'symlink', path, size: stats.size };
    return { kind: 'skipped', path };
  } catch (error) {
    return { kind: 'unreadable', path, detail: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

function withIgnoreFile(
  root: string,
  path: Buffer,
  levels: readonly Level[],
  listed: readonly Listed[],
): readonly Level[] {
  if (!listed.some(({ name, isFolder }) => !isFolder && name.equals(GITIGNORE))) return levels;
  const file = path.length === 0 ? GITIGNORE : Buffer.concat([path, SEPARATOR, GITIGNORE]);
  const entry = inspect(root, file);
  if (entry.kind !== 'file' || entry.size > MAX_IGNORE_BYTES) return levels;
  try {
    return [
      ...levels,
      { folder: path.toString('latin1'), rules: parseIgnoreFile(readFileSync(absolutePath(root, file), 'latin1')) },
    ];
  } catch {
    return levels;
  }
}

const GITIGNORE = Buffer.from('.gitignore');
const MAX_IGNORE_BYTES = 1 << 20;

// The deepest file that has something to say decides.
function isIgnored(levels: readonly Level[], path: Buffer, isFolder: boolean): boolean {
  const text = path.toString('latin1');
  for (let i = levels.length - 1; i >= 0; i--) {
    const { folder, rules } = levels[i] as Level;
    const answer = rules.ignores(folder === '' ? text : text.slice(folder.length + 1), isFolder);
    if (answer !== undefined) return answer;
  }
  return false;
}
