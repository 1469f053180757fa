/** Where a registered repository lies: a path on this server, or an address to mirror. Both are looked at before they are kept. */
import { realpath } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import type { FastifyRequest } from 'fastify';
import { parseCloneUrl } from '../../git/clone-url.ts';
import { isPrivateHost } from '../../git/public-host.ts';
import { openRepository } from '../../git/repository.ts';
import { LeakgateError } from '../../model/errors.ts';
import { escapeControls } from '../../model/escape.ts';
import { notPermitted } from '../authorize.ts';
import { HttpError } from '../http-error.ts';

/** As a client sends it. */
export interface PlaceFields {
  readonly path?: string | null | undefined;
  readonly cloneUrl?: string | null | undefined;
}

/** As it is kept: one of the two. */
export type RepositoryPlace =
  | { readonly path: string; readonly cloneUrl: null }
  | { readonly path: null; readonly cloneUrl: string };

/** What this server allows. */
export interface PlaceLimits {
  /** Folders that repositories must lie below; empty: anywhere. */
  readonly roots: readonly string[];
  /** Whether https addresses may lead into private networks. */
  readonly allowPrivateTargets: boolean;
}

/**
 * Checks a place; undefined when none is given. Whoever may say which folders of this server are read, or what its ssh key is used for, could
 * read other people's repositories by that: it takes an administrator. Public addresses are for admins of the project.
 *
 * @throws HttpError 400, or what a caller without the permission is told
 */
export async function readPlace(
  request: FastifyRequest,
  { path, cloneUrl }: PlaceFields,
  { roots, allowPrivateTargets }: PlaceLimits,
): Promise<RepositoryPlace | undefined> {
  const hasPath = path !== undefined && path !== null;
  const hasUrl = cloneUrl !== undefined && cloneUrl !== null;
  if (hasPath && hasUrl) throw wrong('cloneUrl', 'A repository has either a path or a cloneUrl, not both.');
  if (hasUrl) {
    const { protocol } = readCloneUrl(cloneUrl);
    if (protocol !== 'https' && !request.rights.has('ADMIN')) throw notPermitted(request);
    // Names are judged by what they resolve to, when they are used.
    if (protocol === 'https' && !allowPrivateTargets && isPrivateHost(cloneUrl))
      throw wrong(
        'cloneUrl',
        'This host is in a private network; an administrator can allow such targets (setting allowPrivateTargets).',
      );
    return { path: null, cloneUrl };
  }
  if (!hasPath) return undefined;
  if (!request.rights.has('ADMIN')) throw notPermitted(request);
  return { path: await readPath(path, roots), cloneUrl: null };
}

function readCloneUrl(url: string) {
  try {
    return parseCloneUrl(url);
  } catch (error) {
    if (error instanceof LeakgateError) throw wrong('cloneUrl', error.message);
    throw error;
  }
}

async function readPath(path: string, roots: readonly string[]): Promise<string> {
  if (!isAbsolute(path) || path.includes('\0')) throw wrong('path', 'path must be absolute.');
  const folder = await realpath(path).catch(() => {
    throw wrong('path', `${escapeControls(path)} does not exist or cannot be read.`);
  });
  const allowed = await Promise.all(roots.map((root) => realpath(root).catch(() => undefined)));
  if (roots.length > 0 && !allowed.some((root) => root !== undefined && isWithin(root, folder)))
    throw wrong('path', 'path is not below a folder in which this server may have repositories.');
  const { gitDir } = await openRepository(folder, { registered: true }).catch((error: unknown) => {
    if (error instanceof LeakgateError) throw wrong('path', error.message);
    throw error;
  });
  // git looks for a repository in the folders above too: that would be another one than was named.
  const found = await realpath(gitDir);
  if (found !== folder && found !== (await realpath(join(folder, '.git')).catch(() => undefined)))
    throw wrong('path', `${escapeControls(path)} is inside of a repository and none itself.`);
  return folder;
}

function isWithin(root: string, folder: string): boolean {
  const rest = relative(root, folder);
  return rest !== '..' && !rest.startsWith('../') && !isAbsolute(rest);
}

function wrong(context: string, message: string): HttpError {
  return new HttpError(400, message, { context });
}
