/**
 * Real pushes between two repositories made for the purpose, to see what hooks do. Nothing of the user's repositories takes part, and nothing
 * of the user's configuration that would change how the client behaves.
 */
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Oid } from '../model/oid.ts';
import { hardenedEnv } from './environment.ts';
import type { ObjectFormat } from './repository.ts';
import { runGit, spawnGit, type GitPlace } from './spawn.ts';

export interface ScratchPush {
  readonly accepted: boolean;
  /** The first lines that the client printed, the words of the server's hooks among them. */
  readonly output: string;
}

export interface ScratchServer {
  /** The bare repository that is pushed to; its HEAD has the files of `createScratchServer`. */
  readonly gitDir: string;
  /** Pushes one commit with these files to a branch of its own. */
  push(branch: string, files: Readonly<Record<string, string>>): Promise<ScratchPush>;
  remove(): Promise<void>;
}

const IDENTITY = ['-c', 'user.name=leakgate', '-c', 'user.email=leakgate@localhost', '-c', 'commit.gpgSign=false'];

export async function createScratchServer(options: {
  readonly objectFormat: ObjectFormat;
  readonly files: Readonly<Record<string, string>>;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}): Promise<ScratchServer> {
  const { objectFormat, files, signal } = options;
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'leakgate-scratch-')));
  const env = { ...hardenedEnv(options.env), GIT_ALLOW_PROTOCOL: 'file' };
  const create = async (name: string): Promise<GitPlace> => {
    const gitDir = join(folder, name);
    await mkdir(gitDir, { mode: 0o700 });
    const place = { gitDir, env: { ...env, GIT_DIR: gitDir } };
    await runGit(
      place,
      ['init', '--quiet', '--bare', '--template=', `--object-format=${objectFormat}`, '--initial-branch=main'],
      { signal },
    );
    return place;
  };
  try {
    const server = await create('server.git');
    const client = await create('client.git');
    await runGit(server, ['update-ref', 'refs/heads/main', await commit(server, files, signal)], { signal });
    return {
      gitDir: server.gitDir,
      async push(branch, content) {
        const oid = await commit(client, content, signal);
        return push(client, server.gitDir, `${oid}:refs/heads/${branch}`, signal);
      },
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function commit(
  place: GitPlace,
  files: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Oid> {
  const entries: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const blob = await runGit(place, ['hash-object', '-w', '--stdin'], { input: text, signal });
    entries.push(`100644 blob ${blob.stdout.toString('latin1').trim()}\t${name}\0`);
  }
  const tree = await runGit(place, ['mktree', '-z'], { input: entries.join(''), signal });
  const args = [...IDENTITY, 'commit-tree', tree.stdout.toString('latin1').trim(), '-m', 'leakgate hook verify'];
  return (await runGit(place, args, { signal })).stdout.toString('latin1').trim() as Oid;
}

async function push(
  client: GitPlace,
  server: string,
  refspec: string,
  signal: AbortSignal | undefined,
): Promise<ScratchPush> {
  const git = spawnGit(client, ['-c', 'protocol.allow=always', 'push', '--porcelain', server, refspec], { signal });
  git.stdout.resume();
  const exit = await git.exit;
  return { accepted: exit.status === 0, output: exit.stderr };
}
