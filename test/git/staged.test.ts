import assert from 'node:assert/strict';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openRepository } from '../../src/git/repository.ts';
import { listStaged } from '../../src/git/staged.ts';
import { createRepo, createTempFolder, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

const env = isolatedEnv();

async function staged(repo: TempRepo, options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): Promise<string[]> {
  const opened = await openRepository(repo.path, { env });
  const changes = await listStaged(opened, { env, ...options });
  return changes.map(({ status, path, newOid }) => `${status} ${path.toString('latin1')} ${newOid.slice(0, 7)}`);
}

describe('listStaged', () => {
  it('lists everything before the first commit', async () => {
    for (const objectFormat of ['sha1', 'sha256'] as const) {
      const repo = createRepo({ objectFormat }).write('a', 'a').write('dir/b', 'b');
      assert.deepEqual(await staged(repo), [
        `A a ${repo.oid(':a').slice(0, 7)}`,
        `A dir/b ${repo.oid(':dir/b').slice(0, 7)}`,
      ]);
    }
  });

  it('lists what was added, changed or made a link, with what was there before', async () => {
    const repo = createRepo()
      .write('same', '1')
      .write('changed', '1')
      .write('deleted', '1')
      .write('typed', '1')
      .commit();
    const before = repo.oid('HEAD:changed');
    repo.write('changed', '2').remove('deleted').write('new\nline', 'x').remove('typed').symlink('typed', 'target');
    repo.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
    const opened = await openRepository(repo.path, { env });
    const changes = await listStaged(opened, { env });
    assert.deepEqual(
      changes.map(({ status, path }) => `${status} ${path.toString()}`),
      ['M changed', 'A new\nline', 'T typed'],
    );
    assert.deepEqual(changes[0]?.oldOids, [before]);
  });

  it('does not look at the working tree', async () => {
    const repo = createRepo().write('a', 'a').commit().write('a', 'staged');
    rmSync(join(repo.path, 'a'));
    assert.deepEqual((await staged(repo)).length, 1);
  });

  it('leaves out what is only announced', async () => {
    const repo = createRepo().write('a', '1').commit();
    repo.write('announced', 'x');
    repo.git('rm', '-q', '--cached', 'announced');
    repo.git('add', '-N', 'announced');
    assert.deepEqual(await staged(repo), []);
  });

  it('lists of a conflict what the other side brings', async () => {
    const repo = createRepo().write('both', '1').write('theirs', '1').write('dir/tab\there', '1').commit();
    repo.branch('side').write('both', 'side').write('theirs', 'side').write('dir/tab\there', 'side').commit();
    repo.checkout('main').write('both', 'main').remove('theirs').write('dir/tab\there', 'main').commit();
    repo.tryGit('merge', '-q', 'side');
    const expected = ['both', 'dir/tab\there', 'theirs'].map(
      (path) => `U ${path} ${repo.oid(`side:${path}`).slice(0, 7)}`,
    );
    assert.deepEqual((await staged(repo)).sort(), expected);
    const changes = await listStaged(await openRepository(repo.path, { env }), { env });
    assert.deepEqual(changes.find(({ path }) => path.toString() === 'both')?.oldOids, [repo.oid('main:both')]);
    assert.deepEqual(changes.find(({ path }) => path.toString() === 'theirs')?.oldOids, ['0'.repeat(40)]);
    const linked = join(createTempFolder(), 'linked');
    repo.git('worktree', 'add', '-q', linked, 'HEAD~');
    const opened = await openRepository(linked, { env });
    assert.deepEqual(await listStaged(opened, { env }), []);
  });

  it("reads the index that git commit names, if it is this repository's", async () => {
    const repo = createRepo().write('a', '1').commit();
    copyFileSync(join(repo.gitDir, 'index'), join(repo.gitDir, 'next-index-1.lock'));
    repo.write('b', 'not part of this commit');
    assert.deepEqual(
      await staged(repo, { env: { ...env, GIT_INDEX_FILE: '.git/next-index-1.lock' }, cwd: repo.path }),
      [],
    );
    const elsewhere = join(createTempFolder(), 'index');
    copyFileSync(join(repo.gitDir, 'next-index-1.lock'), elsewhere);
    assert.equal((await staged(repo, { env: { ...env, GIT_INDEX_FILE: elsewhere } })).length, 1);
  });

  it('works in a linked worktree, on its own index', async () => {
    const repo = createRepo().write('a', '1').commit().write('b', 'in the main worktree');
    const linked = join(createTempFolder(), 'linked');
    repo.git('worktree', 'add', '-q', linked);
    const opened = await openRepository(linked, { env });
    assert.deepEqual(await listStaged(opened, { env }), []);
  });
});
