import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Oid } from '../../src/model/oid.ts';
import { openRepository } from '../../src/git/repository.ts';
import { resolvePaths } from '../../src/scan/resolve-paths.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { brief, scanAll } from '../helpers/scan-repo.ts';
import { createRepo, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

/** A bare repository with the same file at the root, and in folders named `.` and `..`, which git does not make and takes in all the same. */
function bareWithDots(): { repo: TempRepo; commit: Oid; blob: Oid } {
  const repo = createRepo({ bare: true });
  const blob = repo.hashObject(`key = "${fakeGithubPat('dots')}"\n`);
  const tree = (...entries: (readonly [mode: string, name: string, oid: string])[]): Oid => {
    const raw = entries.flatMap(([mode, name, oid]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
    const options = ['-t', 'tree', '-w', '--literally', '--stdin'];
    return repo.gitWith({ input: Buffer.concat(raw) }, 'hash-object', ...options).trim() as Oid;
  };
  const folder = tree(['100644', 'f', blob]);
  const root = tree(['40000', '.', folder], ['40000', '..', folder], ['100644', 'f', blob]);
  const commit = repo.commitTree(root);
  repo.setRef('refs/heads/main', commit);
  return { repo, commit, blob };
}

describe('resolvePaths', () => {
  it('asks for no path that git would take as relative, and for the others all the same', async () => {
    const { repo, commit, blob } = bareWithDots();
    const repository = await openRepository(repo.path, { env: isolatedEnv() });
    const places = ['./f', '../f', 'f', '.hidden/f', 'a\nb', 'f\r'].map((path) => ({
      commit,
      path: Buffer.from(path),
    }));
    const answers = await resolvePaths(repository, places, new AbortController().signal);
    assert.deepEqual(answers, [undefined, undefined, blob, undefined, undefined, undefined]);
  });

  it('takes no name for what git describe prints, which would name any object of the repository', async () => {
    const repo = createRepo({ bare: true });
    const blob = repo.hashObject('x\n');
    const name = `v1-g${blob.slice(0, 10)}`;
    const names = [name, `${name}^{}`, `${name}^{blob}`, `${name.toUpperCase()}.txt`];
    const commit = repo.commitTree(repo.makeTree([{ mode: '100644', oid: blob, name: 'f' }]));
    const later = repo.commitTree(repo.makeTree(names.map((file) => ({ mode: '100644', oid: blob, name: file }))));
    repo.setRef('refs/heads/main', later);
    const repository = await openRepository(repo.path, { env: isolatedEnv() });
    const ofCommits = [`v1-g${commit.slice(0, 10)}`, `v1-g${commit.slice(0, 10)}~0`, `v1-g${later.slice(0, 10)}^1`];
    const places = [...names, ...ofCommits, 'f'].map((path) => ({ commit, path: Buffer.from(path) }));
    const answers = await resolvePaths(repository, places, new AbortController().signal);
    assert.deepEqual(answers, [...Array<undefined>(7).fill(undefined), blob]);
  });
});

describe('a scan of a bare repository with folders named as dots', () => {
  it('is complete', async () => {
    const { findings, coverage } = await scanAll(bareWithDots().repo);
    assert.deepEqual([coverage.outcome, coverage.error], ['complete', undefined]);
    assert.deepEqual(brief(findings), ['./f:1 github-pat new']);
  });
});
