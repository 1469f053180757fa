import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { updateMirror } from '../../src/git/mirror.ts';
import { defaultBranch, listRefs } from '../../src/git/refs.ts';
import { openRepository } from '../../src/git/repository.ts';
import { createRepo, createTempFolder, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

const env = isolatedEnv();

function mirrorOf(repo: TempRepo): { readonly url: string; readonly path: string } {
  return { url: `file://${repo.gitDir}`, path: join(createTempFolder(), 'mirrors', '7.git') };
}

async function refsAt(path: string): Promise<string[]> {
  return (await listRefs(await openRepository(path, { env }))).map(({ name, oid }) => `${name} ${oid}`);
}

function refsOf(repo: TempRepo): string[] {
  return repo.git('for-each-ref', '--format=%(refname) %(objectname)').trim().split('\n');
}

describe('updateMirror', () => {
  it('has the branches and tags of the other side: new, rewound and deleted ones', async () => {
    const repo = createRepo();
    repo.write('a.txt', 'x').commit();
    repo.git('branch', 'side');
    repo.git('tag', 'v1');
    const { url, path } = mirrorOf(repo);
    await updateMirror(url, path, { allowFile: true, env });
    assert.deepEqual(await refsAt(path), refsOf(repo));
    repo.write('a.txt', 'y').commit();
    repo.git('branch', '-D', 'side');
    repo.git('tag', '-d', 'v1');
    repo.git('commit', '-q', '--amend', '-m', 'rewritten');
    repo.git('branch', 'other');
    await updateMirror(url, path, { allowFile: true, env });
    assert.deepEqual(await refsAt(path), refsOf(repo));
    assert.deepEqual(readdirSync(dirname(path)), ['7.git']);
  });

  it('follows the default branch of the other side, and keeps it while that has none', async () => {
    const repo = createRepo();
    repo.write('a.txt', 'x').commit();
    repo.git('branch', 'trunk');
    const { url, path } = mirrorOf(repo);
    const headHere = async () => {
      await updateMirror(url, path, { allowFile: true, env });
      return defaultBranch(await openRepository(path, { env }));
    };
    assert.equal(await headHere(), 'refs/heads/main');
    repo.git('symbolic-ref', 'HEAD', 'refs/heads/trunk');
    assert.equal(await headHere(), 'refs/heads/trunk');
    repo.git('checkout', '-q', '--detach');
    assert.equal(await headHere(), 'refs/heads/trunk');
  });

  it('leaves nothing of a clone that failed, and what was there of a fetch that failed', async () => {
    const repo = createRepo();
    repo.write('a.txt', 'x').commit();
    const { url, path } = mirrorOf(repo);
    const away = `${url}-away`;
    await assert.rejects(updateMirror(away, path, { allowFile: true, env }), { code: 'GIT_FAILED' });
    assert.deepEqual(readdirSync(dirname(path)), []);
    await updateMirror(url, path, { allowFile: true, env });
    const before = await refsAt(path);
    await assert.rejects(updateMirror(away, path, { allowFile: true, env }), { code: 'GIT_FAILED' });
    assert.deepEqual(await refsAt(path), before);
    const signal = AbortSignal.abort();
    await assert.rejects(updateMirror(url, path, { allowFile: true, env, signal }), { code: 'SCAN_CANCELLED' });
  });

  it('refuses addresses that a clone refuses', async () => {
    const path = join(createTempFolder(), '1.git');
    for (const url of ['file:///srv/a.git', 'ext::sh', '--upload-pack=x', 'http://example.org/a.git'])
      await assert.rejects(updateMirror(url, path, { env }), { code: 'TARGET_INVALID' });
    assert.equal(existsSync(path), false);
  });
});
