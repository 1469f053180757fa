import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readObject } from '../../src/git/cat-file.ts';
import { forEachTreeEntry, parseCommit, parseTag, parseTree } from '../../src/git/objects.ts';
import { openRepository } from '../../src/git/repository.ts';
import type { Oid } from '../../src/model/oid.ts';
import { createRepo, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

async function raw(repo: TempRepo, oid: Oid): Promise<Buffer> {
  const found = await readObject(await openRepository(repo.path, { env: isolatedEnv() }), oid, {
    maxBlobBytes: 1 << 20,
  });
  return found?.content ?? assert.fail('not found');
}

describe('parseCommit', () => {
  it('reads what git wrote', async () => {
    for (const objectFormat of ['sha1', 'sha256'] as const) {
      const repo = createRepo({ objectFormat }).write('a', 'a').commit();
      repo
        .branch('side')
        .commit('side')
        .checkout('main')
        .commit('main')
        .merge('side', { message: 'subject\n\nbody\n' });
      const content = await raw(repo, repo.head);
      const commit = parseCommit(content);
      assert.equal(commit.tree, repo.oid('HEAD^{tree}'));
      assert.deepEqual(commit.parents, [repo.oid('HEAD^1'), repo.oid('HEAD^2')]);
      assert.equal(commit.committer?.name, 'C O Mitter');
      assert.equal(content.toString('utf8', commit.messageAt), 'subject\n\nbody\n');
    }
  });

  it('gives the author date in the time zone of the author, as git does', async () => {
    for (const date of ['1700000000 +0000', '1700000000 -0330', '1700000000 +1245', '100000000 +0000']) {
      const repo = createRepo().write('a', 'a').commit('x', { author: 'Zoë', email: 'z@example.org', date });
      const { author } = parseCommit(await raw(repo, repo.head));
      assert.deepEqual(author, {
        name: 'Zoë',
        email: 'z@example.org',
        date: repo.git('log', '-1', '--format=%aI').replace(/Z$/, '+00:00'),
      });
    }
  });

  it('is not confused by signatures, odd headers and bytes that are not UTF-8', () => {
    const text = `tree ${'a'.repeat(40)}\nauthor \u00ff <> 1 +0000\ngpgsig -----BEGIN\n tree ${'b'.repeat(40)}\n \n more\nx-odd y\n\nmessage\n\nmore`;
    const content = Buffer.from(text, 'latin1');
    const commit = parseCommit(content);
    assert.equal(commit.tree, 'a'.repeat(40));
    assert.deepEqual(commit.author, { name: '\\xff', email: '', date: '1970-01-01T00:00:01+00:00' });
    assert.equal(content.toString('utf8', commit.messageAt), 'message\n\nmore');
    assert.equal(commit.committer, undefined);
  });
});

describe('parseTag', () => {
  it('reads what git wrote', async () => {
    const repo = createRepo().write('a', 'a').commit().tag('v1', 'HEAD', 'words\n');
    const content = await raw(repo, repo.oid('v1'));
    const tag = parseTag(content);
    assert.deepEqual(
      [tag.object, tag.type, tag.name, tag.tagger?.email],
      [repo.head, 'commit', 'v1', 'committer@example.org'],
    );
    assert.equal(content.toString('utf8', tag.messageAt), 'words\n');
  });
});

describe('parseTree', () => {
  it('reads what git wrote, names as bytes', async () => {
    for (const objectFormat of ['sha1', 'sha256'] as const) {
      const repo = createRepo({ objectFormat });
      const blob = repo.hashObject('x');
      const names = ['new\nline', '-rf', 'z'].map((name) => Buffer.from(name)).concat(Buffer.from([0xff]));
      const tree = repo.makeTree([
        ...names.map((name) => ({ mode: '100644' as const, oid: blob, name })),
        { mode: '040000', oid: repo.makeTree([]), name: 'dir' },
      ]);
      const entries = parseTree(await raw(repo, tree), objectFormat === 'sha1' ? 20 : 32);
      assert.deepEqual(
        entries.map(({ name }) => name.toString('latin1')).sort(),
        [...names, Buffer.from('dir')].map((name) => name.toString('latin1')).sort(),
      );
      assert.deepEqual(entries.find(({ name }) => name.toString() === 'dir')?.mode, 0o040000);
      assert.ok(entries.filter(({ mode }) => mode === 0o100644).every(({ oid }) => oid === blob));
    }
  });

  it('reads back any tree', () => {
    const name = fc.uint8Array({ minLength: 1, maxLength: 20 }).filter((bytes) => !bytes.includes(0));
    const entry = fc.record({
      mode: fc.constantFrom(0o100644, 0o040000, 0o120000, 0o160000),
      name,
      oid: fc.uint8Array({ minLength: 20, maxLength: 20 }),
    });
    fc.assert(
      fc.property(fc.array(entry), fc.nat(10), (entries, cut) => {
        const bytes = Buffer.concat(
          entries.flatMap((e) => [Buffer.from(`${e.mode.toString(8)} `), e.name, Buffer.of(0), e.oid]),
        );
        assert.deepEqual(
          parseTree(bytes, 20).map((e) => ({ ...e, name: e.name.toString('hex') })),
          entries.map((e) => ({
            mode: e.mode,
            name: Buffer.from(e.name).toString('hex'),
            oid: Buffer.from(e.oid).toString('hex'),
          })),
        );
        assert.equal(
          forEachTreeEntry(bytes, 20, () => {}),
          bytes.length,
        );
        if (cut > 0 && bytes.length > 0)
          assert.ok(forEachTreeEntry(bytes.subarray(0, -cut), 20, () => {}) <= bytes.length - cut);
      }),
    );
  });

  it('never throws on malformed objects', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const content = Buffer.from(bytes);
        parseTree(content, 20);
        assert.ok(parseCommit(content).messageAt <= content.length);
        assert.ok(parseTag(content).messageAt <= content.length);
      }),
    );
  });
});
