/** The repositories that cases scan, and what git itself says about them. */
import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { packOrder } from '../src/git/pack-order.ts';
import { openRepository } from '../src/git/repository.ts';
import type { Oid } from '../src/model/oid.ts';
import { createTempFolder, isolatedEnv } from '../test/helpers/temp-repo.ts';
import type { BenchRepository, Scale } from './bench-case.ts';
import { generateRepositories } from './corpus.ts';

/** Bare repositories, separated as in PATH. */
export const REPOSITORIES_VARIABLE = 'LEAKGATE_BENCH_REPOS';

export function loadRepositories(scale: Scale, given = process.env[REPOSITORIES_VARIABLE]): BenchRepository[] {
  if (given === undefined || given === '') return generateRepositories(scale);
  return given
    .split(delimiter)
    .filter((path) => path !== '')
    .map((path) => {
      if (!existsSync(path)) throw new Error(`${REPOSITORIES_VARIABLE} names ${path}, which does not exist`);
      return { name: nameOf(realpathSync(path)), path: realpathSync(path) };
    });
}

/** `app` for `/srv/git/app.git`; the folder above for one that is called just `repo` or `.git`. */
function nameOf(path: string): string {
  const name = basename(path).replace(/\.git$/, '');
  return name === '' || name === 'repo' ? basename(dirname(path)) : name;
}

export interface RepositoryFacts {
  readonly blobs: number;
  readonly commits: number;
  readonly blobBytes: number;
  /** File with the ids of all blobs in pack order, one a line: what the floor reads. */
  readonly blobList: string;
  readonly blobIds: readonly Oid[];
  /** Objects that are referred to and not there. */
  readonly missing: number;
}

/** Counts what all refs reach, by git's own commands: our listing is held against this. */
export async function describeRepository(path: string): Promise<RepositoryFacts> {
  const objects = git(path, ['rev-list', '--objects', '--all', '--no-object-names', '--missing=print']).split('\n');
  const present = objects.filter((line) => line !== '' && !line.startsWith('?'));
  const checked = git(
    path,
    ['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)'],
    present.join('\n'),
  );
  const blobIds: Oid[] = [];
  let [commits, blobBytes, missing] = [0, 0, objects.filter((line) => line.startsWith('?')).length];
  for (const line of checked.split('\n')) {
    const [oid = '', type, size] = line.split(' ');
    if (type === 'commit') commits++;
    else if (type === 'missing') missing++;
    else if (type === 'blob') {
      blobIds.push(oid as Oid);
      blobBytes += Number(size);
    }
  }
  const order = await packOrder(await openRepository(path, { env: isolatedEnv() }), blobIds);
  const ordered = Array.from(order, (position) => blobIds[position] as Oid);
  const blobList = join(createTempFolder('leakgate-bench-'), 'blobs');
  writeFileSync(blobList, ordered.map((oid) => `${oid}\n`).join(''));
  return { blobs: blobIds.length, commits, blobBytes, blobList, blobIds: ordered, missing };
}

export function git(path: string, args: readonly string[], input = ''): string {
  return execFileSync('git', ['--git-dir', path, ...args], {
    env: isolatedEnv(),
    input,
    encoding: 'latin1',
    maxBuffer: 1 << 30,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}
