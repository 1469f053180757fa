import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import { looksLikeUrl, parseCloneUrl } from '../../src/git/clone-url.ts';
import { cloneRepository } from '../../src/git/clone.ts';
import { resolveRevision } from '../../src/git/refs.ts';
import { openRepository } from '../../src/git/repository.ts';
import { createRepo, createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';

const env = isolatedEnv();

function refusal(url: string, options = {}): string {
  try {
    parseCloneUrl(url, options);
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'TARGET_INVALID');
    return (error as Error).message;
  }
  throw new Error(`expected a refusal of ${url}`);
}

describe('parseCloneUrl', () => {
  it('allows https and ssh', () => {
    for (const [url, protocol] of [
      ['https://git.example.org/a/b.git', 'https'],
      ['https://git.example.org:8443/a', 'https'],
      ['ssh://git@git.example.org:22/a/b', 'ssh'],
      ['git@git.example.org:a/b.git', 'ssh'],
    ]) {
      assert.deepEqual(parseCloneUrl(url as string), { url, protocol });
    }
    assert.equal(parseCloneUrl('file:///a/b', { allowFile: true }).protocol, 'file');
  });

  it('refuses programs, options and other protocols', () => {
    for (const url of [
      'ext::sh -c id',
      'ext::sh',
      'fd::17',
      '-u./x',
      '--upload-pack=id',
      'http://h/x',
      'git://h/x',
      'ftp://h/x',
      'file:///a',
      '/a/b',
      'a',
      '',
      'ssh://-oProxyCommand=id/x',
      'ssh://-l@h/x',
      '-oX@h:x',
      'git@-oProxyCommand=id:x',
      'git@h:-x',
      'git@h::x',
      'https://h/a\nb',
      'https://h/\u0000',
      'https://',
      'transport::https://h/x',
    ]) {
      assert.match(refusal(url), /cannot be cloned/);
    }
  });

  it('refuses credentials and does not repeat them', () => {
    const secret = 'not'.concat('-for-logs');
    for (const url of [`https://user:${secret}@h/x`, `https://${secret}@h/x`, `ssh://git:${secret}@h/x`])
      assert.ok(!refusal(url).includes(secret));
  });

  it('tells addresses from paths', () => {
    for (const url of ['https://h/x', 'ftp://h', 'git@h:x', 'ext::x', 'file:///x'])
      assert.equal(looksLikeUrl(url), true, url);
    for (const path of ['.', 'a/b', '/a/b', 'a:b', './git@h:x', 'dir/a@b:c', '-', 'C:\\x'])
      assert.equal(looksLikeUrl(path), false, path);
  });
});

describe('cloneRepository', () => {
  const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('leakgate-clone-'));

  it('makes a bare repository with all branches and tags, and removes it', async () => {
    const source = createRepo().write('a', 'a').commit().tag('v1').branch('other').commit();
    const clone = await cloneRepository(`file://${source.path}`, { allowFile: true, env });
    const opened = await openRepository(clone.path, { env });
    assert.equal(opened.bare, true);
    assert.equal(await resolveRevision(opened, 'other'), source.head);
    assert.equal(await resolveRevision(opened, 'v1'), source.oid('v1'));
    await clone.remove();
    assert.equal(existsSync(clone.path), false);
  });

  it('refuses objects that git calls malformed, and tolerates old flaws', async () => {
    const source = createRepo().write('a', 'a').commit();
    const tree = source.makeTree([{ mode: '100644', oid: source.oid('HEAD:a'), name: '.git' }]);
    source.setRef('refs/heads/bad', source.commitTree(tree));
    await assert.rejects(cloneRepository(`file://${source.path}`, { allowFile: true, env }), {
      code: 'GIT_FAILED',
      message: /hasDotgit|contains '\.git'|fsck/,
    });
    source.git('update-ref', '-d', 'refs/heads/bad');
    const old = source.hashObject(
      `tree ${source.oid('HEAD^{tree}')}\nauthor x <x> 1 +051800\ncommitter x <x> 1 +0000\n\n`,
      'commit',
    );
    source.setRef('refs/heads/old', old);
    await (await cloneRepository(`file://${source.path}`, { allowFile: true, env })).remove();
  });

  it('leaves nothing behind when it fails, is cancelled or passes a limit', async () => {
    const before = left().length;
    const large = createRepo()
      .write('a', Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * i * 31) & 255)))
      .commit();
    const url = `file://${large.path}`;
    await assert.rejects(cloneRepository(`file://${createTempFolder()}`, { allowFile: true, env }), {
      code: 'GIT_FAILED',
      message: /does not appear to be a git repository/,
    });
    await assert.rejects(cloneRepository(url, { env }), { code: 'TARGET_INVALID' });
    await assert.rejects(cloneRepository(url, { allowFile: true, env, signal: AbortSignal.abort() }), {
      code: 'SCAN_CANCELLED',
    });
    await assert.rejects(cloneRepository(url, { allowFile: true, env, timeoutMs: 1 }), {
      code: 'GIT_FAILED',
      message: /given up: it took longer/,
    });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 5);
    await assert.rejects(cloneRepository(url, { allowFile: true, env, signal: stop.signal }), {
      code: 'SCAN_CANCELLED',
    });
    assert.equal(left().length, before);
  });
});
