import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ObjectRange } from '../../src/git/revisions.ts';
import { parseRefUpdates } from '../../src/git/ref-updates.ts';
import { openHookRepository, openRepository } from '../../src/git/repository.ts';
import type { Oid } from '../../src/model/oid.ts';
import { insidePush } from '../helpers/inside-push.ts';
import { listObjects, type Listed } from '../helpers/list-objects.ts';
import { createRepo, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

const env = isolatedEnv();

async function list(repo: TempRepo, range: ObjectRange = { include: 'all' }): Promise<Listed> {
  return listObjects(await openRepository(repo.path, { env }), range);
}

/** What the pushed tips bring, listed from inside the hook. */
async function listPush(client: TempRepo, server: TempRepo, refspecs: readonly string[]): Promise<Listed> {
  const { result } = await insidePush(client, server, refspecs, async ({ env: given, cwd, stdin }) => {
    const opened = await openHookRepository({ env: given, cwd });
    const include = parseRefUpdates(stdin, opened.objectFormat).flatMap(({ newOid }) =>
      newOid === undefined ? [] : [newOid],
    );
    return listObjects(opened, { include, exclude: 'all' });
  });
  return result;
}

describe('listHistory', () => {
  it('lists commits, trees and blobs, each after the commit that brings it in', async () => {
    for (const objectFormat of ['sha1', 'sha256'] as const) {
      const repo = createRepo({ objectFormat }).write('dir/a', 'one').commit();
      const first = repo.head;
      repo.write('dir/b', 'two').commit();
      const { objects } = await list(repo);
      assert.equal(objects.size, 8);
      assert.equal(objects.get(first)?.isCommit, true);
      const old = objects.get(repo.oid('HEAD:dir/a'));
      const young = objects.get(repo.oid('HEAD:dir/b'));
      assert.deepEqual([old?.path?.toString(), old?.commit, old?.isCommit], ['dir/a', first, false]);
      assert.deepEqual([young?.path?.toString(), young?.commit], ['dir/b', repo.head]);
    }
  });

  it('finds what a merge commit adds that neither parent had', async () => {
    const repo = createRepo().write('a', 'a').commit();
    repo.branch('side').write('s', 's').commit().checkout('main').write('m', 'm').commit();
    repo.merge('side', { commit: false }).write('evil', 'in neither parent').commit('merge');
    const { objects } = await list(repo, { include: [repo.head], exclude: [repo.oid('HEAD^1'), repo.oid('HEAD^2')] });
    assert.equal(objects.get(repo.oid('HEAD:evil'))?.commit, repo.head);
    assert.equal(objects.size, 3);
  });

  it('finds blobs and trees that only tags reach, annotated and nested tags, and notes', async () => {
    const repo = createRepo().write('a', 'a').commit();
    const blob = repo.hashObject('only a tag has me');
    const inner = repo.hashObject('in a tagged tree');
    const tree = repo.makeTree([{ mode: '100644', oid: inner, name: 'x' }]);
    repo
      .tag('on-blob', blob)
      .tag('on-tree', tree)
      .tag('annotated', 'HEAD', 'words')
      .tag('nested', 'annotated', 'more words')
      .tag('annotated-blob', blob, 'words');
    repo.git('notes', 'add', '-m', 'a note');
    const { objects } = await list(repo);
    const names = ['on-blob', 'on-tree', 'annotated', 'nested', 'annotated-blob', 'refs/notes/commits'].map((name) =>
      repo.oid(name),
    );
    for (const oid of [...names, inner]) assert.ok(objects.has(oid), oid);
  });

  it('lists what one push brings for all its refs at once', async () => {
    const client = createRepo().write('old', 'old').commit();
    const server = client.addBareRemote();
    client.push('main:refs/heads/main', 'main:refs/heads/gone');
    client.write('new', 'new').commit().tag('v1', client.hashObject('tagged blob'));
    client.branch('other').write('brief', 'comes and goes').commit().remove('brief').commit();
    const brief = client.oid('HEAD~1:brief');
    const refspecs = [
      ':refs/heads/gone',
      'main',
      'other',
      'v1',
      ...Array.from({ length: 200 }, (_, i) => `main:refs/heads/copy-${i}`),
    ];
    const { objects } = await listPush(client, server, refspecs);
    for (const revision of ['main:new', 'v1', 'main', 'other', 'main^{tree}'])
      assert.ok(objects.has(client.oid(revision)), revision);
    assert.ok(objects.has(brief), 'added and removed within the push');
    assert.ok(!objects.has(client.oid('main:old')));
  });

  it('lists nothing for a new branch on a known commit, a deletion, and a rename', async () => {
    const client = createRepo().write('a', 'a').commit();
    const server = client.addBareRemote();
    client.push('main:refs/heads/main', 'main:refs/heads/x');
    assert.equal((await listPush(client, server, ['main:refs/heads/same', ':refs/heads/x'])).objects.size, 0);
    client.rename('a', 'b').commit();
    const { objects } = await listPush(client, server, ['main']);
    assert.ok(!objects.has(client.oid('main:b')), 'the blob is old');
    assert.equal(objects.size, 2);
  });

  it('bounds a force push by what the server has, and a shallow client by what it sends', async () => {
    const client = createRepo().write('a', 'a').commit().write('b', 'b').commit();
    const server = client.addBareRemote();
    client.push('main');
    client.git('reset', '-q', '--hard', 'HEAD~1');
    client.write('c', 'c').commit();
    assert.equal((await listPush(client, server, ['--force', 'main'])).objects.size, 3);
    const shallow = server.clone('--depth=1');
    shallow.write('d', 'd').commit();
    assert.equal((await listPush(shallow, server, ['main'])).objects.size, 3);
  });

  it('passes over submodules, whose commits are elsewhere, and lists symbolic links', async () => {
    const repo = createRepo().symlink('link', '/etc/passwd');
    repo.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
    repo.commit();
    const { objects, missing } = await list(repo);
    assert.ok(objects.has(repo.oid('HEAD:link')));
    assert.deepEqual(missing, []);
    assert.ok(!objects.has('1'.repeat(40) as Oid));
  });

  it('keeps odd names as bytes, cut at a newline', async () => {
    const repo = createRepo();
    const names = [
      '-rf',
      '--upload-pack=id',
      'esc\u001b[31m',
      '..name',
      Buffer.from([0x66, 0xff, 0xfe]),
      'new\nline',
    ].map((name) => Buffer.from(name));
    const oids = names.map((name) => repo.hashObject(Buffer.concat([Buffer.from('in '), name])));
    const tree = repo.makeTree(names.map((name, i) => ({ mode: '100644', oid: oids[i] as Oid, name })));
    repo.setRef('refs/heads/main', repo.commitTree(tree));
    const { objects } = await list(repo);
    const paths = oids.map((oid) => objects.get(oid)?.path);
    assert.deepEqual(paths.slice(0, 5), names.slice(0, 5));
    assert.equal(paths[5]?.toString(), 'new');
  });

  it('is not misled by replace refs and grafts', async () => {
    const repo = createRepo().write('a', 'real').commit().write('b', 'b').commit();
    const first = repo.oid('HEAD~1');
    repo.git('replace', repo.oid('HEAD:a'), repo.hashObject('harmless'));
    writeFileSync(join(repo.gitDir, 'info/grafts'), `${repo.head}\n`);
    const { objects } = await list(repo, { include: [repo.head] });
    assert.ok(objects.has(first), 'the graft that cuts history off is ignored');
    assert.ok(objects.has(repo.oid('HEAD:a')));
  });

  it('reports missing blobs and goes on', async () => {
    const repo = createRepo().write('a', 'a').write('b', 'b').commit();
    const gone = repo.oid('HEAD:a');
    rmSync(join(repo.gitDir, 'objects', gone.slice(0, 2), gone.slice(2)));
    const { objects, missing } = await list(repo);
    assert.deepEqual(missing, [gone]);
    assert.ok(objects.has(repo.oid('HEAD:b')));
    assert.ok(!objects.has(gone));
  });

  it('fails when it cannot walk on, rather than listing less', async () => {
    const repo = createRepo().write('a', 'a').commit().write('b', 'b').commit();
    const gone = repo.oid('HEAD~1');
    rmSync(join(repo.gitDir, 'objects', gone.slice(0, 2), gone.slice(2)));
    const nowhere = 'e'.repeat(40) as Oid;
    const option = '--all' as Oid;
    await assert.rejects(list(repo), {
      code: 'GIT_FAILED',
      message: new RegExp(`^the history ends before commit ${gone}, which is not there: .*damaged$`),
    });
    const message = /git rev-list ended with 128: /;
    await assert.rejects(list(repo, { include: [nowhere] }), { code: 'GIT_FAILED', message });
    await assert.rejects(list(repo, { include: [option] }), { code: 'INTERNAL' });
  });

  it('is done in no time with a tree bomb', async () => {
    const repo = createRepo();
    let tree = repo.makeTree(
      Array.from({ length: 10 }, (_, i) => ({ mode: '100644', oid: repo.hashObject('x'), name: `f${i}` })),
    );
    for (let level = 0; level < 8; level++)
      tree = repo.makeTree(Array.from({ length: 10 }, (_, i) => ({ mode: '040000', oid: tree, name: `d${i}` })));
    repo.setRef('refs/heads/main', repo.commitTree(tree));
    const start = performance.now();
    assert.equal((await list(repo)).objects.size, 11);
    // 10^9 paths take git minutes.
    assert.ok(performance.now() - start < 20_000);
  });

  it('finds nothing in an empty repository or for no tips', async () => {
    const repo = createRepo();
    assert.equal((await list(repo)).objects.size, 0);
    assert.equal((await list(repo, { include: [], exclude: 'all' })).objects.size, 0);
  });

  it('can be cancelled', async () => {
    const repo = createRepo().commitMany(5000);
    const opened = await openRepository(repo.path, { env });
    const stop = new AbortController();
    const listing = listObjects(opened, { include: 'all' }, stop.signal);
    stop.abort();
    await assert.rejects(listing, { code: 'SCAN_CANCELLED' });
  });
});
