/** Secrets that stand at an excluded path and at another one, by names, by folders and by what tags name. Each must not hide the other. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createHookedServer } from '../helpers/hooked-server.ts';
import { createRepo, type PushResult, type TempRepo } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat('push-places');
const EXCLUDED = "allowlists:\n  - { description: fixtures, paths: ['fixtures/**'] }\n";

async function pushed(files: Readonly<Record<string, string>> = { 'readme.md': 'hello\n' }): Promise<TempRepo> {
  const client = createRepo();
  await createHookedServer(client, { config: EXCLUDED });
  for (const [path, text] of Object.entries(files)) client.write(path, text);
  client.commit('base');
  const { accepted, stderr } = client.push('main');
  assert.ok(accepted, stderr);
  return client;
}

function expectRefused({ accepted, stderr }: PushResult, where: RegExp): void {
  assert.equal(accepted, false, stderr);
  assert.match(stderr, where);
  assert.ok(!stderr.includes(SECRET), 'no secret in clear');
}

describe('a secret in the name of a file', () => {
  it('is found when its folder moves out of an excluded one as it is', async () => {
    const client = await pushed({ [`fixtures/d/${SECRET}.txt`]: 'a\n' });
    client.rename('fixtures/d', 'src/d').commit();
    expectRefused(client.push('main'), /the name src\/d\/ghp_/);
  });

  it('is found in a folder that stands at an excluded path and at another', async () => {
    const client = await pushed();
    for (const folder of ['fixtures/d', 'src/d']) client.write(`${folder}/${SECRET}.txt`, 'a\n');
    client.commit();
    expectRefused(client.push('main'), /the name src\/d\/ghp_/);
  });
});

describe('a secret in what a tag names directly', () => {
  const line = `token = "${SECRET}"\n`;

  /** A tree of these paths, which no commit has. */
  function treeOf(client: TempRepo, ...paths: string[]): string {
    for (const path of paths) client.write(path, line);
    client.git('add', '-A');
    const tree = client.git('write-tree').trim();
    client.git('reset', '-q', '--hard');
    return tree;
  }

  it('is found in a tree that has it at an excluded path and at another', async () => {
    const client = await pushed();
    client.tag('tree', treeOf(client, 'fixtures/k', 'zoo'));
    expectRefused(client.push('tree'), / {2}zoo:1/);
  });

  it('passes in a tree that has it at an excluded path only', async () => {
    const client = await pushed();
    const { accepted, stderr } = client.tag('tree', treeOf(client, 'fixtures/k')).push('tree');
    assert.ok(accepted, stderr);
  });

  it('is found in a blob that a commit has at an excluded path', async () => {
    const client = await pushed();
    client.write('fixtures/k', line).commit().tag('blob', 'HEAD:fixtures/k');
    expectRefused(client.push('main', 'blob'), /github-pat/);
  });

  it('is found in a folder of a commit, which excludes it by the name of that folder', async () => {
    const client = await pushed();
    client.write('fixtures/k', line).commit().tag('folder', 'HEAD:fixtures', 'annotated');
    expectRefused(client.push('main', 'folder'), / {2}k:1/);
  });

  for (const message of [undefined, 'annotated'])
    it(`is found in a tree with an old excluded blob at another path, beside a commit (${message ?? 'plain'} tag)`, async () => {
      const client = await pushed({ 'fixtures/k': line });
      client.write('new.txt', 'x\n').commit().tag('tree', treeOf(client, 'src/k'), message);
      expectRefused(client.push('main', 'tree'), / {2}src\/k:1(?! in commit)/);
    });

  it('passes in such a tree where the old blob is excluded, too', async () => {
    const client = await pushed({ 'fixtures/k': line });
    const tag = client.write('new.txt', 'x\n').commit().tag('tree', treeOf(client, 'fixtures/other'));
    const { accepted, stderr } = tag.push('main', 'tree');
    assert.ok(accepted, stderr);
  });

  for (const beside of ['beside a commit', 'alone'])
    it(`is found in a name of a folder that another tagged tree has at an excluded path (${beside})`, async () => {
      const client = await pushed();
      const blob = client.hashObject('new\n');
      const folder = client.makeTree([{ mode: '100644', oid: blob, name: `${SECRET}.txt` }]);
      client.tag('a', client.makeTree([{ mode: '040000', oid: folder, name: 'fixtures' }])).tag('b', folder);
      if (beside !== 'alone') client.write('new.txt', 'x\n').commit();
      expectRefused(client.push('main', 'a', 'b'), /the name ghp_/);
    });
});
