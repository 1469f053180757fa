import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { branchTip, defaultBranch, listRefs, resolveRevision } from '../../src/git/refs.ts';
import { openRepository } from '../../src/git/repository.ts';
import { createRepo, isolatedEnv } from '../helpers/temp-repo.ts';

const env = isolatedEnv();

describe('resolveRevision', () => {
  it('resolves what a person types, to the commit', async () => {
    const repo = createRepo().write('a', 'a').commit().commit().tag('v1', 'HEAD~1', 'words');
    const opened = await openRepository(repo.path, { env });
    assert.equal(await resolveRevision(opened, 'main~1'), repo.oid('HEAD~1'));
    assert.equal(await resolveRevision(opened, 'v1'), repo.oid('HEAD~1'));
    assert.equal(await resolveRevision(opened, 'v1', { type: 'object' }), repo.oid('v1'));
    assert.equal(await resolveRevision(opened, repo.head.slice(0, 12)), repo.head);
  });

  it('never takes a revision for an option, nor one for another', async () => {
    const repo = createRepo().write('a', 'a').commit();
    repo.setRef('refs/heads/--all', repo.head);
    const opened = await openRepository(repo.path, { env });
    for (const text of [
      '',
      '--git-dir',
      '-n1',
      'nosuch',
      'main\n',
      'nosuch\nmain',
      'ma\0in',
      'HEAD:a',
      'a..b',
      'f'.repeat(40),
    ])
      assert.equal(await resolveRevision(opened, text), undefined, JSON.stringify(text));
    assert.equal(await resolveRevision(opened, '--all'), repo.head);
  });
});

describe('defaultBranch', () => {
  it('is where HEAD points, born or not', async () => {
    const repo = createRepo({ defaultBranch: 'trunk' });
    const opened = await openRepository(repo.path, { env });
    assert.equal(await defaultBranch(opened), 'refs/heads/trunk');
    assert.equal(await resolveRevision(opened, 'HEAD'), undefined);
    repo.write('a', 'a').commit().checkout(repo.head);
    assert.equal(await defaultBranch(opened), undefined);
  });
});

describe('branchTip', () => {
  it('takes exact names only', async () => {
    const repo = createRepo().write('a', 'a').commit();
    for (const name of ['-x', 'a/b', 'ünï', "it's"]) repo.setRef(`refs/heads/${name}`, repo.head);
    const opened = await openRepository(repo.path, { env });
    for (const name of ['main', 'refs/heads/main', '-x', 'a/b', 'ünï', "it's"])
      assert.equal(await branchTip(opened, name), repo.head, name);
    for (const name of [
      'a',
      'mai',
      'main~0',
      'main^{tree}',
      'ma*',
      '*',
      '',
      `x-1-g${repo.head.slice(0, 8)}`,
      repo.head,
      'HEAD',
    ])
      assert.equal(await branchTip(opened, name), undefined, name);
  });
});

describe('listRefs', () => {
  it('lists many refs with odd names and passes over broken ones', async () => {
    const repo = createRepo().write('a', 'a').commit().tag('v1', 'HEAD', 'words');
    const { head } = repo;
    const packed = Array.from({ length: 3000 }, (_, i) => `${head} refs/heads/x/${1000 + i}\n`).join('');
    writeFileSync(join(repo.gitDir, 'packed-refs'), `# pack-refs with: sorted \n${packed}`);
    writeFileSync(join(repo.gitDir, 'refs/heads/broken'), 'nonsense\n');
    const refs = await listRefs(await openRepository(repo.path, { env }));
    assert.equal(refs.filter(({ name }) => name.startsWith('refs/heads/x/')).length, 3000);
    assert.equal(refs.find(({ name }) => name === 'refs/tags/v1')?.oid, repo.oid('v1'));
    assert.ok(refs.every(({ name }) => name !== 'refs/heads/broken'));
    assert.deepEqual(await listRefs(await openRepository(createRepo({ bare: true }).path, { env })), []);
  });
});
