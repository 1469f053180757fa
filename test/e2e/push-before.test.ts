/** What the server has already, and what of it excuses a push: a secret where it counted, not one in an excused line. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createHookedServer, installInto } from '../helpers/hooked-server.ts';
import { createRepo } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat('push-before');
const LEAK = `token = "${SECRET}"\n`;

describe('a secret that the operator excuses in its line', () => {
  for (const { title, config, excused } of [
    {
      title: 'by an allowlist',
      config: 'allowlists: [{ description: s, lines: ["sample"] }]\n',
      excused: `sample ${LEAK}`,
    },
    {
      title: 'by inline marks',
      config: 'settings: { hook: { inlineMarks: true } }\n',
      excused: `${LEAK.trimEnd()} # leakgate:allow\n`,
    },
  ])
    it(`${title} stops a push that takes it out of there`, async () => {
      const client = createRepo();
      await createHookedServer(client, { config });
      assert.ok(client.write('a.txt', excused).commit().push('main').accepted);
      const later = client.write('a.txt', LEAK).commit().push('main');
      assert.equal(later.accepted, false);
      assert.match(later.stderr, /it brings 1 secret/);
      client.write('b.txt', `1\n${excused}`).commit().write('b.txt', `2\n${LEAK}`).commit();
      const both = client.push('main:refs/heads/both');
      assert.equal(both.accepted, false);
      assert.match(both.stderr, /it brings 2 secrets/);
    });
});

describe('a file with an old secret', () => {
  it('may take the place of its folder, edited or not', async () => {
    const client = createRepo();
    const server = client.addBareRemote();
    client.write('k/a', LEAK).write('m/a', LEAK).commit();
    assert.ok(client.push('main').accepted, 'no hook yet');
    await installInto(server);
    client.remove('k').write('k', LEAK).remove('m').write('m', `edited\n${LEAK}`).commit();
    const { accepted, stderr } = client.push('main');
    assert.ok(accepted, stderr);
    assert.match(stderr, /remote: warning: .*1 that was there before/);
  });
});

describe('a secret that nothing had before', () => {
  it('is found in a file whose name ends as git describe names it', async () => {
    const client = createRepo();
    await createHookedServer(client);
    assert.ok(client.write('readme.md', 'hello\n').commit().push('main').accepted);
    const base = client.head;
    client.write(`dump-g${client.hashObject(LEAK).slice(0, 12)}`, LEAK).commit();
    assert.match(client.push('main:refs/heads/content').stderr, /it brings 1 secret/);
    client.git('reset', '-q', '--hard', base);
    client.write(`${SECRET}-g${base.slice(0, 12)}`, 'x\n').commit();
    assert.match(client.push('main:refs/heads/name').stderr, /it brings 1 secret/);
  });

  it('is found in a commit that names a parent where git reads none', async () => {
    const client = createRepo();
    const server = await createHookedServer(client);
    assert.ok(client.write('readme.md', 'hello\n').commit().push('main').accepted);
    const blob = client.hashObject(LEAK);
    const tree = client.makeTree([{ mode: '100644', oid: blob, name: 'a.txt' }]);
    const hidden = client.commitTree(tree);
    const person = 'A <a@example.org> 1704067200 +0000';
    const commit = client.hashObject(
      `tree ${tree}\nauthor ${person}\ncommitter ${person}\nparent ${hidden}\n\nno parent\n`,
      'commit',
    );
    const update = { ref: 'refs/heads/b', newOid: commit };
    const { accepted, stdout, stderr } = await client.sendPack(server, update, [commit, tree, blob, hidden]);
    assert.equal(accepted, false, stderr + stdout);
    assert.match(stderr + stdout, /it brings 1 secret/);
  });

  for (const how of ['takes its place', 'stands beside its deletion'])
    it(`is found in a file where a submodule had the id of its blob (the file ${how})`, async () => {
      const client = createRepo();
      await createHookedServer(client);
      assert.ok(client.write('readme.md', 'hello\n').commit().push('main').accepted);
      const blob = client.hashObject(LEAK);
      const name = how === 'takes its place' ? 'k' : 'z';
      const before = client.hashObject(Buffer.concat([Buffer.from('160000 k\0'), Buffer.from(blob, 'hex')]), 'tree');
      const after = client.makeTree([{ mode: '100644', oid: blob, name }]);
      const commit = client.commitTree(after, [client.commitTree(before, [client.head])]);
      client.setRef('refs/heads/b', commit);
      const { accepted, stderr } = client.push('b');
      assert.equal(accepted, false, stderr);
      assert.match(stderr, /it brings 1 secret/);
    });
});
