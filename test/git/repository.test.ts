import assert from 'node:assert/strict';
import { chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openHookRepository, openRepository } from '../../src/git/repository.ts';
import { resolveRevision } from '../../src/git/refs.ts';
import { insidePush } from '../helpers/inside-push.ts';
import { createRepo, createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';

const env = isolatedEnv();

describe('openRepository', () => {
  it('opens a checkout, from its root and from a folder in it', async () => {
    const repo = createRepo().write('src/a', 'a').commit();
    for (const path of [repo.path, join(repo.path, 'src')]) {
      const opened = await openRepository(path, { env });
      assert.equal(opened.gitDir, join(repo.path, '.git'));
      assert.equal(opened.workTree, repo.path);
      assert.equal(opened.bare, false);
      assert.equal(opened.objectFormat, 'sha1');
      assert.equal(opened.shallow, false);
      assert.equal(opened.quarantine, false);
      assert.equal(await resolveRevision(opened, 'HEAD'), repo.head);
    }
  });

  it('opens a bare repository, which has no checkout', async () => {
    const repo = createRepo({ bare: true });
    const opened = await openRepository(repo.path, { env });
    assert.deepEqual([opened.bare, opened.workTree, opened.gitDir], [true, undefined, repo.path]);
  });

  it('opens a linked worktree on its own HEAD', async () => {
    const repo = createRepo().write('a', 'a').commit();
    const linked = join(createTempFolder(), 'linked');
    repo.git('worktree', 'add', '-q', '-b', 'other', linked);
    repo.write('b', 'b').commit();
    const opened = await openRepository(linked, { env });
    assert.equal(opened.workTree, linked);
    assert.equal(await resolveRevision(opened, 'HEAD'), repo.oid('other'));
  });

  it('knows SHA-256 and shallow repositories', async () => {
    const wide = createRepo({ objectFormat: 'sha256' }).write('a', 'a').commit();
    assert.equal((await openRepository(wide.path, { env })).objectFormat, 'sha256');
    const source = createRepo().write('a', 'a').commit().write('a', 'b').commit();
    assert.equal((await openRepository(source.clone('--depth=1').path, { env })).shallow, true);
  });

  it('reads a path with a newline in it and through a symbolic link', async () => {
    const folder = createTempFolder();
    const repo = createRepo({ path: join(folder, 'new\nline') })
      .write('a', 'a')
      .commit();
    symlinkSync(repo.path, join(folder, 'link'));
    assert.equal((await openRepository(join(folder, 'link'), { env })).gitDir, join(repo.path, '.git'));
  });

  it('refuses what is no repository, and what is not there', async () => {
    const folder = createTempFolder();
    await assert.rejects(openRepository(folder, { env: { ...env, GIT_CEILING_DIRECTORIES: join(folder, '..') } }), {
      code: 'TARGET_INVALID',
    });
    await assert.rejects(openRepository(join(folder, 'absent'), { env }), {
      code: 'TARGET_INVALID',
      message: /does not exist/,
    });
    mkdirSync(join(folder, 'esc\u001b[31m'));
    await assert.rejects(
      openRepository(join(folder, 'esc\u001b[31m'), { env }),
      (error: Error) => !error.message.includes('\u001b'),
    );
  });

  it('is not led elsewhere by GIT_DIR or injected configuration in the environment', async () => {
    const repo = createRepo().write('a', 'a').commit();
    const other = createRepo().write('b', 'b').commit();
    const misled = {
      ...env,
      GIT_DIR: other.gitDir,
      GIT_WORK_TREE: other.path,
      GIT_OBJECT_DIRECTORY: '/nowhere',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.bare',
      GIT_CONFIG_VALUE_0: 'true',
      GIT_TRACE: '/dev/stderr',
    };
    const opened = await openRepository(repo.path, { env: misled });
    assert.equal(opened.workTree, repo.path);
    assert.deepEqual(
      Object.keys(opened.env).filter((name) => /^GIT_(TRACE|CONFIG_(COUNT|KEY|VALUE)|WORK_TREE|OBJECT_DIR)/.test(name)),
      [],
    );
  });

  it('never takes git from a relative folder in PATH', async () => {
    const repo = createRepo();
    const opened = await openRepository(repo.path, { env: { ...env, PATH: `.:bin::${env['PATH']}` } });
    assert.ok(opened.env['PATH']?.split(':').every((folder) => folder.startsWith('/')));
  });

  it(
    'reads a repository of another user only when the operator has registered it',
    { skip: process.getuid?.() !== 0 },
    async () => {
      for (const bare of [false, true]) {
        const repo = createRepo({ bare });
        repo.hashObject('x');
        chownSync(repo.path, 65_534, 65_534);
        chownSync(repo.gitDir, 65_534, 65_534);
        await assert.rejects(openRepository(repo.path, { env }), {
          code: 'TARGET_INVALID',
          message: /dubious ownership|safe\.directory|not a git repository/,
        });
        assert.equal((await openRepository(repo.path, { env, registered: true })).gitDir, repo.gitDir);
      }
    },
  );

  it('ends when it is cancelled', async () => {
    await assert.rejects(openRepository(createRepo().path, { env, signal: AbortSignal.abort() }), {
      code: 'SCAN_CANCELLED',
    });
  });
});

describe('openHookRepository', () => {
  it('sees the pushed objects from any folder, with every place made absolute', async () => {
    const client = createRepo().write('a', 'a').commit();
    const server = client.addBareRemote();
    const { result, push } = await insidePush(client, server, ['main'], async ({ env: given, cwd }) => {
      assert.equal(given['GIT_DIR'], '.');
      const opened = await openHookRepository({
        env: { ...given, GIT_TRACE: '1', GIT_CONFIG_PARAMETERS: "'core.bare'='false'" },
        cwd,
      });
      return { opened, tip: await resolveRevision(opened, client.head) };
    });
    assert.equal(push.accepted, true);
    assert.equal(result.tip, client.head);
    assert.equal(result.opened.quarantine, true);
    assert.equal(result.opened.gitDir, server.path);
    for (const name of ['GIT_DIR', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_QUARANTINE_PATH']) {
      assert.ok(result.opened.env[name]?.startsWith('/'), name);
    }
    assert.equal(result.opened.env['GIT_TRACE'], undefined);
    assert.equal(result.opened.env['GIT_CONFIG_PARAMETERS'], undefined);
  });

  it('resolves relative quarantine folders once, against the folder of the hook', async () => {
    const repo = createRepo({ bare: true });
    mkdirSync(join(repo.path, 'incoming'));
    const opened = await openHookRepository({
      env: {
        ...env,
        GIT_DIR: '.',
        GIT_OBJECT_DIRECTORY: 'incoming',
        GIT_QUARANTINE_PATH: 'incoming',
        GIT_ALTERNATE_OBJECT_DIRECTORIES: './objects:/other',
      },
      cwd: repo.path,
    });
    assert.equal(opened.env['GIT_OBJECT_DIRECTORY'], join(repo.path, 'incoming'));
    assert.equal(opened.env['GIT_ALTERNATE_OBJECT_DIRECTORIES'], `${join(repo.path, 'objects')}:/other`);
  });

  it('has no quarantine in a push that only deletes', async () => {
    const client = createRepo().write('a', 'a').commit();
    const server = client.addBareRemote();
    client.push('main:refs/heads/main', 'main:refs/heads/gone');
    const { result } = await insidePush(client, server, [':refs/heads/gone'], ({ env: given, cwd }) =>
      openHookRepository({ env: given, cwd }),
    );
    assert.equal(result.quarantine, false);
  });

  it('says so when it was not started by git', async () => {
    await assert.rejects(openHookRepository({ env: {}, cwd: '/' }), { code: 'HOOK_INPUT' });
  });
});
