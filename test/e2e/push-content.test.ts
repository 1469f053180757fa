/** What a push can bring a secret in, each with its harmless twin: the same push with another text in the secret's place. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createHookedServer, installInto } from '../helpers/hooked-server.ts';
import type { ServerOptions } from '../helpers/hooked-server.ts';
import { createRepo, isolatedEnv } from '../helpers/temp-repo.ts';
import type { PushResult, TempRepo } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat('push-content');
const HARMLESS = 'nothing';

interface Case {
  readonly title: string;
  readonly server?: ServerOptions;
  /** Pushes `text` somehow. `client` has a first commit, which `server` has as main. */
  readonly push: (client: TempRepo, text: string, server: TempRepo) => PushResult | Promise<PushResult>;
}

const line = (text: string): string => `token = "${text}"\n`;

const LONG_AGO = '2020-01-01T00:00:00Z';

const CASES: readonly Case[] = [
  { title: 'a commit on a known branch', push: (c, text) => c.write('a.txt', line(text)).commit().push('main') },
  { title: 'a new branch', push: (c, text) => c.branch('topic').write('a.txt', line(text)).commit().push('topic') },
  {
    title: 'a file that a later commit of the same push removes',
    push: (c, text) => c.write('a.txt', line(text)).commit().remove('a.txt').commit().push('main'),
  },
  {
    title: 'one of forty refs',
    push(c, text) {
      for (let i = 0; i < 40; i++)
        c.setRef(
          `refs/heads/b${i}`,
          c.commitTree(
            c.makeTree([{ mode: '100644', name: 'f.txt', oid: c.hashObject(i === 31 ? line(text) : `${i}\n`) }]),
          ),
        );
      return c.push('refs/heads/b*:refs/heads/b*');
    },
  },
  {
    title: 'the second ref, after a deletion',
    push(c, text) {
      assert.ok(c.push('main:refs/heads/aaa').accepted);
      return c.write('a.txt', line(text)).commit().push(':refs/heads/aaa', 'main');
    },
  },
  {
    title: 'a forced update',
    push(c, text) {
      c.write('b.txt', 'other\n').commit();
      assert.ok(c.push('main').accepted);
      c.git('reset', '-q', '--hard', 'HEAD~1');
      return c.write('a.txt', line(text)).commit().push('--force', 'main');
    },
  },
  {
    title: 'a commit that only a tag reaches',
    push: (c, text) => c.branch('side').write('a.txt', line(text)).commit().tag('v1').push('v1'),
  },
  {
    title: 'the message of an annotated tag',
    push: (c, text) => c.tag('v1', 'HEAD', `release\n\n${text}\n`).push('v1'),
  },
  {
    title: 'the message of a tag inside a tag',
    push: (c, text) => c.tag('inner', 'HEAD', `inner ${text}\n`).tag('outer', 'inner', 'outer\n').push('outer'),
  },
  {
    title: 'a blob that a tag names directly',
    push: (c, text) => c.tag('blob', c.hashObject(line(text))).push('blob'),
  },
  {
    title: 'a tree that a tag names directly',
    push: (c, text) =>
      c.tag('tree', c.makeTree([{ mode: '100644', name: 'x', oid: c.hashObject(line(text)) }])).push('tree'),
  },
  {
    title: 'a merge commit, in neither parent',
    push(c, text) {
      c.branch('side').write('side.txt', 'side\n').commit().checkout('main').write('main.txt', 'main\n').commit();
      return c.merge('side', { commit: false }).write('evil.txt', line(text)).commit('merge').push('main');
    },
  },
  {
    title: 'a branch that is merged',
    push(c, text) {
      c.branch('side').write('side.txt', line(text)).commit().checkout('main').write('main.txt', 'main\n').commit();
      return c.merge('side').push('main');
    },
  },
  {
    title: 'a file that moves out of an excluded folder',
    server: { config: "allowlists:\n  - { description: fixtures, paths: ['fixtures/**'] }\n" },
    push(c, text) {
      c.write('fixtures/key.txt', line(text)).commit();
      assert.ok(c.push('main').accepted, 'the folder is excluded');
      return c.rename('fixtures/key.txt', 'src/key.txt').commit().push('main');
    },
  },
  {
    title: 'the target of a symbolic link',
    push: (c, text) => c.symlink('link', `/keys/${text}`).commit().push('main'),
  },
  { title: 'a commit message', push: (c, text) => c.write('a.txt', 'a\n').commit(`use ${text}\n`).push('main') },
  {
    title: "an author's name",
    push: (c, text) =>
      c
        .write('a.txt', 'a\n')
        .commit('a', { author: `A ${text}` })
        .push('main'),
  },
  { title: 'the name of a file', push: (c, text) => c.write(`keys/${text}.txt`, 'a\n').commit().push('main') },
  { title: 'the name of a folder', push: (c, text) => c.write(`${text}/a.txt`, 'a\n').commit().push('main') },
  {
    title: 'a file whose name has a newline',
    push(c, text) {
      const tree = c.makeTree([{ mode: '100644', name: 'two\nlines', oid: c.hashObject(line(text)) }]);
      return c.setRef('refs/heads/odd', c.commitTree(tree, [c.head])).push('odd');
    },
  },
  {
    title: 'a ref with an odd name',
    push: (c, text) =>
      c
        .write('a.txt', line(text))
        .commit()
        .push(`HEAD:refs/heads/--upload-pack=id`, `HEAD:refs/heads/a'b";$(touch,x)|é`),
  },
  { title: 'notes', push: (c, text) => (c.git('notes', 'add', '-m', text), c.push('refs/notes/commits')) },
  {
    title: 'UTF-16 with a byte order mark',
    push: (c, text) =>
      c
        .write('a.txt', Buffer.from(`\ufeff${line(text)}`, 'utf16le'))
        .commit()
        .push('main'),
  },
  {
    title: 'UTF-16 without one',
    push: (c, text) =>
      c
        .write('a.txt', Buffer.from(line(text).repeat(4), 'utf16le'))
        .commit()
        .push('main'),
  },
  {
    title: 'a binary file',
    push: (c, text) =>
      c
        .write('a.bin', Buffer.concat([Buffer.from([0, 1, 2, 255, 0]), Buffer.from(line(text)), Buffer.alloc(64)]))
        .commit()
        .push('main'),
  },
  {
    title: 'a file that .gitattributes calls binary',
    push: (c, text) => c.write('.gitattributes', '* binary -diff\n').write('a.txt', line(text)).commit().push('main'),
  },
  {
    title: 'a commit with configuration against every rule, and inline marks',
    push: (c, text) =>
      c
        .write(
          '.leakgate.yml',
          "disabledRules: [github-pat]\nallowlists:\n  - { description: all, paths: ['**'] }\nsettings: { hook: { mode: warn } }\n",
        )
        .write('a.txt', `${line(text).trimEnd()} # leakgate:allow gitleaks:allow\n`)
        .commit()
        .push('main'),
  },
  {
    title: 'a blob that a replace ref hides',
    push(c, text) {
      const hidden = c.hashObject(line(text));
      const shown = c.hashObject('harmless\n');
      c.setRef('refs/tags/shown', shown);
      assert.ok(c.push(`refs/tags/shown:refs/replace/${hidden}`).accepted);
      const tree = c.makeTree([{ mode: '100644', name: 'a.txt', oid: hidden }]);
      return c.setRef('refs/heads/replaced', c.commitTree(tree, [c.head])).push('replaced');
    },
  },
  {
    title: 'an object that no ref reaches, where the hook is strict',
    server: { config: 'settings: { hook: { strict: true } }\n' },
    push(c, text, server) {
      c.write('a.txt', 'a\n').commit();
      const stowaway = c.hashObject(line(text));
      const objects = [c.head, c.oid('HEAD^{tree}'), c.oid('HEAD:a.txt'), stowaway];
      return c.sendPack(server, { ref: 'refs/heads/main', oldOid: c.oid('HEAD~1'), newOid: c.head }, objects);
    },
  },
  // By dates alone git lists a child before its parent where the child's clock was behind and something else reaches the parent. Put down to
  // the child, a secret that its parent brings in the same push would look as if it had been there before.
  {
    title: 'a commit under one whose clock was behind, which another branch reaches',
    push(c, text) {
      c.write('a.txt', line(text)).commit().branch('next').write('b.txt', 'b\n').commit('next', { date: LONG_AGO });
      return c.push('main', 'next');
    },
  },
  {
    title: 'a commit under one whose clock was behind, which a merge reaches',
    push(c, text) {
      c.write('a.txt', line(text)).commit().branch('side').write('b.txt', 'b\n').commit('side', { date: LONG_AGO });
      c.checkout('main').git('merge', '-q', '--no-ff', '-m', 'merge', 'side');
      return c.push('main');
    },
  },
  {
    title: 'the name of a file under a commit whose clock was behind',
    push(c, text) {
      c.write(`keys/${text}.txt`, 'a\n')
        .commit()
        .branch('next')
        .write('b.txt', 'b\n')
        .commit('next', { date: LONG_AGO });
      return c.push('main', 'next');
    },
  },
  {
    title: 'a shallow clone',
    push(c, text, server) {
      const shallow = server.clone('--depth=1');
      return shallow.write('a.txt', line(text)).commit().push('HEAD:main');
    },
  },
];

describe('a push that brings a secret in', { concurrency: 2 }, () => {
  for (const { title, server: options, push } of CASES) {
    it(`${title} is refused, and accepted without the secret`, async () => {
      for (const text of [SECRET, HARMLESS]) {
        const client = createRepo();
        const server = await createHookedServer(client, options);
        client.write('README', 'hello\n').commit('first');
        assert.ok(client.push('main').accepted);
        expectVerdict(await push(client, text, server), text);
      }
    });
  }

  it('the first push of a repository is refused, and accepted without the secret', async () => {
    for (const text of [SECRET, HARMLESS]) {
      const client = createRepo();
      await createHookedServer(client);
      expectVerdict(client.write('a.txt', line(text)).commit().push('main'), text);
    }
  });

  it('whose history ends in the middle is refused, and told why', async () => {
    const client = createRepo().write('a', '1').commit().write('a', '2').commit();
    const server = await createHookedServer(client);
    server.git('config', 'receive.shallowUpdate', 'true');
    const origin = client.addBareRemote('plain');
    client.git('push', '-q', 'plain', 'main');
    const shallow = origin.clone('--depth=1', '--no-local').write('b', 'harmless').commit();
    const { status, stderr } = shallow.tryGit('push', server.path, 'HEAD:refs/heads/cut');
    assert.notEqual(status, 0);
    const said = stderr.replaceAll(/\s*\nremote: error: /g, ' ');
    assert.match(said, /could not check all of this push, so it is refused/);
    assert.match(said, /it comes from a shallow clone \(there, `git fetch --unshallow`/);
    assert.doesNotMatch(said, /not about what you pushed/);
  });

  it('a SHA-256 repository is refused, and accepted without the secret', async () => {
    for (const text of [SECRET, HARMLESS]) {
      const client = createRepo({ objectFormat: 'sha256' });
      await createHookedServer(client);
      expectVerdict(client.write('a.txt', line(text)).commit().push('main'), text);
    }
  });
});

describe('a push', () => {
  it('that edits beside an old secret passes with a word about it; a second secret does not', async () => {
    const client = createRepo();
    const server = client.addBareRemote();
    client.write('a.txt', `first\n${line(SECRET)}last\n`).commit();
    assert.ok(client.push('main').accepted, 'no hook yet');
    await installInto(server);
    const edited = client
      .write('a.txt', `first, edited\n  ${line(SECRET)}last\n`)
      .commit()
      .push('main');
    assert.ok(edited.accepted, edited.stderr);
    assert.match(edited.stderr, /remote: warning: .*that was there before/);
    assert.doesNotMatch(edited.stderr, /error:/);
    const second = client
      .write('a.txt', `${line(SECRET)}${line(fakeGithubPat('another'))}`)
      .commit()
      .push('main');
    expectVerdict(second, SECRET);
    assert.match(second.stderr, /brings 1 secret\./);
  });

  it('that only deletes refs passes, and so does one of refs the server has objects of', async () => {
    const client = createRepo();
    await createHookedServer(client);
    client.write('a.txt', 'a\n').commit();
    assert.ok(client.push('main', 'main:refs/heads/old').accepted);
    const deletion = client.push(':refs/heads/old');
    assert.deepEqual([deletion.accepted, /remote:/.test(deletion.stderr)], [true, false], deletion.stderr);
    assert.ok(client.push('main:refs/heads/again', 'main:refs/tags/v1').accepted);
  });

  it('that was refused is refused again', async () => {
    const client = createRepo();
    await createHookedServer(client);
    client.write('a.txt', line(SECRET)).commit();
    for (let i = 0; i < 2; i++) expectVerdict(client.push('main'), SECRET);
  });

  it('with missing objects is refused', async () => {
    const client = createRepo();
    const server = await createHookedServer(client);
    client.write('a.txt', 'a\n').write('b.txt', 'b\n').commit();
    const objects = [client.head, client.oid('HEAD^{tree}'), client.oid('HEAD:a.txt')];
    const result = await client.sendPack(server, { ref: 'refs/heads/main', newOid: client.head }, objects);
    assert.equal(result.accepted, false);
    assert.equal(server.tryGit('rev-parse', '--verify', '-q', 'main').status, 1);
  });

  it('of ten thousand commits is read to its end', async () => {
    for (const text of [SECRET, HARMLESS]) {
      const client = createRepo();
      await createHookedServer(client, { config: 'settings: { hook: { deadlineMs: 120000 } }\n' });
      client.commitMany(10_000, { content: (i) => (i === 7_777 ? line(text) : `content ${i}\n`) });
      expectVerdict(await client.pushAsync(['main'], isolatedEnv()), text);
    }
  });
});

function expectVerdict({ accepted, stderr, stdout }: PushResult, text: string): void {
  assert.equal(accepted, text === HARMLESS, stderr);
  if (text === HARMLESS) {
    assert.doesNotMatch(stderr, /remote: (?:error|warning)/, stderr);
    return;
  }
  const said = stderr + stdout;
  assert.match(said, /error: Leakgate refused this push: it brings/, said);
  assert.match(said, /github-pat/);
  assert.ok(!said.includes(text), 'no secret in clear');
}
