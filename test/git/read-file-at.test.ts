import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readFileAt } from '../../src/git/read-file-at.ts';
import { openHookRepository, openRepository } from '../../src/git/repository.ts';
import { insidePush } from '../helpers/inside-push.ts';
import { createRepo, isolatedEnv } from '../helpers/temp-repo.ts';

const env = isolatedEnv();
const LIMIT = { maxBytes: 1000 };

describe('readFileAt', () => {
  it('reads a file of a commit', async () => {
    const repo = createRepo().write('.leakgate.yml', 'one').write('dir/file', 'two').commit();
    const opened = await openRepository(repo.path, { env });
    const found = await readFileAt(opened, 'HEAD', '.leakgate.yml', LIMIT);
    assert.deepEqual(found, { kind: 'file', oid: repo.oid('HEAD:.leakgate.yml'), content: Buffer.from('one') });
    assert.equal((await readFileAt(opened, repo.head, 'dir/file', LIMIT)).kind, 'file');
  });

  it('is absent where there is no file, no commit, or only a name like it', async () => {
    const repo = createRepo();
    const opened = await openRepository(repo.path, { env });
    assert.deepEqual(await readFileAt(opened, 'HEAD', 'a', LIMIT), { kind: 'absent' });
    repo.write('ab', 'x').write('a*', 'x').commit();
    for (const path of ['a', 'a?', '*', 'ab/c', ':/', ':(glob)*', 'nosuch'])
      assert.deepEqual(await readFileAt(opened, 'HEAD', path, LIMIT), { kind: 'absent' }, path);
  });

  it('refuses a symbolic link, a folder, a submodule and what is too large', async () => {
    const repo = createRepo()
      .symlink('link', '/etc/passwd')
      .write('folder/x', 'x')
      .write('large', 'x'.repeat(1001))
      .write('fits', 'x'.repeat(1000));
    repo.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
    repo.commit();
    const opened = await openRepository(repo.path, { env });
    const reason = async (path: string): Promise<string> => {
      const found = await readFileAt(opened, 'HEAD', path, LIMIT);
      return found.kind === 'refused' ? found.reason : found.kind;
    };
    assert.match(await reason('link'), /symbolic link/);
    assert.match(await reason('folder'), /folder/);
    assert.match(await reason('sub'), /submodule/);
    assert.match(await reason('large'), /1001 bytes/);
    assert.equal(await reason('fits'), 'file');
  });

  it('reads in a hook what the default branch was before the push', async () => {
    const client = createRepo().write('.leakgate.yml', 'before').commit();
    const server = client.addBareRemote();
    client.push('main');
    client.write('.leakgate.yml', 'after').commit();
    const { result } = await insidePush(client, server, ['main'], async ({ env: given, cwd }) =>
      readFileAt(await openHookRepository({ env: given, cwd }), 'HEAD', '.leakgate.yml', LIMIT),
    );
    assert.equal(result.kind === 'file' && result.content.toString(), 'before');
  });

  it('fails when the file or its commit is damaged: that is not the same as absent', async () => {
    const repo = createRepo().write('a', 'a').commit();
    const opened = await openRepository(repo.path, { env });
    for (const oid of [repo.oid('HEAD:a'), repo.head]) {
      rmSync(join(repo.gitDir, 'objects', oid.slice(0, 2), oid.slice(2)));
      await assert.rejects(readFileAt(opened, 'HEAD', 'a', LIMIT), { code: 'GIT_FAILED' });
    }
  });
});
