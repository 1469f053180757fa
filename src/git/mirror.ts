/** Copies of repositories that live elsewhere, kept in the data directory and brought up to date before each scan. */
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { SimpleGit } from 'simple-git';
import { parseCloneUrl, type CloneUrl } from './clone-url.ts';
import { talkTo, type CloneOptions } from './clone.ts';
import { pinPublicHost, type LookupAll, type PinnedUrl } from './public-host.ts';

/** Branches and tags as they are there: moved, rewound and deleted ones too. */
const REFSPECS = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

export interface MirrorOptions extends CloneOptions {
  /** Whether hosts of https addresses must be public ones: see public-host.ts. */
  readonly publicOnly?: boolean;
  /** How their names are looked up then; default: as the system does. */
  readonly resolve?: LookupAll;
}

/**
 * Makes `path` a bare repository with the branches, tags and default branch of `url`: cloned when it is not there, fetched into when it is. A clone that is broken off
 * leaves nothing behind, a fetch that is broken off what was there before. One at a time for each path. `TARGET_INVALID` for an address that is
 * refused, `GIT_FAILED` when it did not work.
 */
export async function updateMirror(url: string, path: string, settings: MirrorOptions = {}): Promise<void> {
  const { address, config } = await reach(parseCloneUrl(url, { allowFile: settings.allowFile ?? false }), settings);
  const options = { ...settings, config };
  if (await exists(join(path, 'HEAD'))) {
    await talkTo(address, path, options, async (git) => {
      await git.raw([
        'fetch',
        '--prune',
        '--force',
        '--no-tags',
        '--no-recurse-submodules',
        '--no-write-fetch-head',
        '--no-auto-maintenance',
        '--progress',
        '--end-of-options',
        address.url,
        ...REFSPECS,
      ]);
      await followHead(git, address.url);
    });
    return;
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(dirname(path), `.new-${basename(path)}-`));
  const fresh = join(folder, 'repository.git');
  try {
    await talkTo(address, folder, options, (git) =>
      git.clone(address.url, fresh, ['--bare', '--no-local', '--no-recurse-submodules', '--progress']),
    );
    await rm(path, { recursive: true, force: true });
    await rename(fresh, path);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A fetch leaves HEAD as the clone made it; the other side may have another default branch by now. One that is detached or empty changes nothing. */
async function followHead(git: SimpleGit, url: string): Promise<void> {
  const answer = await git.raw(['ls-remote', '--symref', '--end-of-options', url, 'HEAD']);
  const head = /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(answer)?.[1];
  if (head !== undefined) await git.raw(['symbolic-ref', 'HEAD', head]);
}

async function reach(
  address: CloneUrl,
  { publicOnly = false, resolve, env = process.env }: MirrorOptions,
): Promise<PinnedUrl> {
  if (!publicOnly) return { address, config: [] };
  const proxied = (env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '') !== '';
  return pinPublicHost(address, { proxied, ...(resolve === undefined ? {} : { resolve }) });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
