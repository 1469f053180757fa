import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { openRepository } from '../../src/git/repository.ts';
import { installHook } from '../../src/hook/install-hook.ts';
import { uninstallHook } from '../../src/hook/uninstall-hook.ts';
import type { LeakgateError } from '../../src/model/errors.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { hookBundle, installInto } from '../helpers/hooked-server.ts';
import { createRepo, createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';
import type { TempRepo } from '../helpers/temp-repo.ts';

const BYPASS = 'settings: { hook: { bypass: { allowed: true } } }\n';

function server(): { client: TempRepo; repo: TempRepo } {
  const client = createRepo();
  return { client: client.write('a.txt', 'a\n').commit(), repo: client.addBareRemote() };
}

async function uninstall(repo: TempRepo): ReturnType<typeof uninstallHook> {
  return uninstallHook(await openRepository(repo.path, { env: isolatedEnv() }));
}

describe('installing', () => {
  it('makes the shim, the dispatcher and a folder of our own that only its owner reads', async () => {
    const { repo } = server();
    const { chained, again } = await installInto(repo);
    assert.deepEqual([chained, again], [false, false]);
    assert.equal(statSync(join(repo.path, 'hooks/pre-receive')).mode & 0o777, 0o755);
    assert.equal(statSync(join(repo.path, 'hooks/pre-receive.d/50-leakgate')).mode & 0o777, 0o755);
    assert.equal(statSync(join(repo.path, 'leakgate')).mode & 0o777, 0o700);
    assert.ok(existsSync(join(repo.path, 'leakgate/policy.cache')), 'compiled beforehand');
  });

  it('leaves a cache that the first push uses', async () => {
    const { client, repo } = server();
    await installInto(repo);
    const made = statSync(join(repo.path, 'leakgate/policy.cache')).mtimeMs;
    assert.ok(client.push('main').accepted);
    assert.equal(statSync(join(repo.path, 'leakgate/policy.cache')).mtimeMs, made);
  });

  it('twice changes nothing more', async () => {
    const { client, repo } = server();
    repo.writeHook('pre-receive', '#!/bin/sh\nexit 0\n');
    await installInto(repo);
    const first = snapshot(join(repo.path, 'hooks'));
    const { again } = await installInto(repo);
    assert.equal(again, true);
    assert.deepEqual(snapshot(join(repo.path, 'hooks')), first);
    assert.ok(client.push('main').accepted);
  });

  it('mends what has lost its executable bit', async () => {
    const { repo } = server();
    await installInto(repo);
    for (const name of ['pre-receive', 'pre-receive.d/50-leakgate']) chmodSync(join(repo.path, 'hooks', name), 0o644);
    await installInto(repo);
    for (const name of ['pre-receive', 'pre-receive.d/50-leakgate'])
      assert.equal(statSync(join(repo.path, 'hooks', name)).mode & 0o777, 0o755);
  });

  it('keeps a hook that is there: it runs first, with the same input, and can refuse', async () => {
    const { client, repo } = server();
    const seen = join(createTempFolder(), 'seen');
    repo.writeHook('pre-receive', `#!/bin/sh\ncat >> '${seen}'\n[ ! -e '${seen}.no' ]\n`);
    const { chained } = await installInto(repo);
    assert.equal(chained, true);
    assert.ok(client.push('main').accepted);
    assert.equal(readFileSync(seen, 'utf8'), `${'0'.repeat(40)} ${client.head} refs/heads/main\n`);
    client.write('b.txt', `token = ${fakeGithubPat('install')}\n`).commit();
    assert.equal(client.push('main').accepted, false, 'ours refuses');
    assert.match(readFileSync(seen, 'utf8'), new RegExp(`${client.head} refs/heads/main\n$`), 'theirs ran as well');
    writeFileSync(`${seen}.no`, '');
    client.git('reset', '-q', '--hard', 'HEAD~1');
    const { accepted, stderr } = client.write('c.txt', 'c\n').commit().push('main');
    assert.deepEqual([accepted, stderr.includes('Leakgate')], [false, false]);
  });

  it('leaves a server alone that runs pre-receive.d by itself', async () => {
    const { client, repo } = server();
    const own =
      '#!/bin/sh\ninput=$(cat)\nfor hook in "$(dirname "$0")"/pre-receive.d/*; do\n  echo "$input" | "$hook" || exit 1\ndone\n';
    repo.writeHook('pre-receive', own);
    const { foreignDispatcher } = await installInto(repo);
    assert.equal(foreignDispatcher, true);
    assert.equal(readFileSync(join(repo.path, 'hooks/pre-receive'), 'utf8'), own);
    assert.ok(client.push('main').accepted);
    assert.equal(client.write('b.txt', fakeGithubPat('gitea')).commit().push('main').accepted, false);
  });

  it('refuses where git would not run the hook, and says why', async () => {
    const { repo } = server();
    const elsewhere = createTempFolder();
    repo.git('config', 'core.hooksPath', elsewhere);
    await assert.rejects(installInto(repo), {
      code: 'HOOK_INSTALL',
      message: /core\.hooksPath is .* \(set in .*config\)/,
    });
    assert.ok(!existsSync(join(repo.path, 'hooks/pre-receive.d')));
    repo.git('config', 'core.hooksPath', join(repo.path, 'hooks'));
    await installInto(repo);
  });

  it('refuses a hooks folder that other repositories share', async () => {
    const { repo } = server();
    const shared = createTempFolder();
    rmHooks(repo);
    symlinkSync(shared, join(repo.path, 'hooks'));
    await assert.rejects(installInto(repo), { code: 'HOOK_INSTALL', message: /is a link to/ });
  });

  it('refuses to wake up hooks that nothing runs today', async () => {
    const { repo } = server();
    mkdirSync(join(repo.path, 'hooks/pre-receive.d'), { recursive: true });
    writeFileSync(join(repo.path, 'hooks/pre-receive.d/20-old'), '#!/bin/sh\n');
    await assert.rejects(installInto(repo), { code: 'HOOK_INSTALL', message: /20-old/ });
  });

  it('under a broken configuration changes no hook', async () => {
    const { repo } = server();
    await assert.rejects(installInto(repo, { config: 'settings: { hook: { mode: blok } }\n' }), {
      code: 'CONFIG_INVALID',
    });
    assert.ok(!existsSync(join(repo.path, 'hooks/pre-receive')));
  });

  const OBSTACLES: Readonly<Record<string, { readonly prepare: (repo: TempRepo) => void; readonly path: string }>> = {
    'a file stands where the hooks folder goes': {
      prepare: (repo) => {
        rmHooks(repo);
        writeFileSync(join(repo.path, 'hooks'), 'no folder\n');
      },
      path: 'hooks/pre-receive',
    },
    'a file stands where the folder of our own goes': {
      prepare: (repo) => writeFileSync(join(repo.path, 'leakgate'), 'no folder\n'),
      path: 'leakgate',
    },
    'a folder stands where the hook goes that was there': {
      prepare: (repo) => {
        repo.writeHook('pre-receive', '#!/bin/sh\n# Leakgate hook dispatcher of another version\nexit 0\n');
        mkdirSync(join(repo.path, 'hooks/pre-receive.d/50-leakgate'), { recursive: true });
      },
      path: 'hooks/pre-receive.d/50-leakgate',
    },
  };
  for (const [what, { prepare, path }] of Object.entries(OBSTACLES)) {
    it(`leaves nothing of itself and names the path when ${what}`, async () => {
      const { repo } = server();
      prepare(repo);
      const before = snapshot(repo.path);
      await assert.rejects(install(repo), ({ code, message }: LeakgateError) => {
        assert.equal(code, 'HOOK_INSTALL', message);
        assert.ok(message.startsWith(`${join(repo.path, path)} cannot be `), message);
        return true;
      });
      assert.deepEqual(snapshot(repo.path), before);
    });
  }

  it('gives an earlier installation back whole when a later one fails at its last step', async () => {
    const { client, repo } = server();
    repo.writeHook('pre-receive', '#!/bin/sh\nexit 0\n');
    await installInto(repo);
    repo.git('config', '--unset', 'receive.advertisePushOptions');
    // As it was before there was a dispatcher of ours, so that everything is made anew.
    renameSync(join(repo.path, 'hooks/pre-receive.d/10-existing'), join(repo.path, 'hooks/pre-receive'));
    writeFileSync(join(repo.path, 'config.lock'), '');
    const before = snapshot(repo.path);
    const { ino } = statSync(join(repo.path, 'hooks/pre-receive'));
    await assert.rejects(install(repo, BYPASS), { code: 'GIT_FAILED', message: /config/ });
    assert.deepEqual(snapshot(repo.path), before);
    assert.equal(statSync(join(repo.path, 'hooks/pre-receive')).ino, ino, 'the same file');
    rmSync(join(repo.path, 'config.lock'));
    await installInto(repo);
    assert.ok(client.push('main').accepted);
  });

  it('makes paths with quotes and spaces work', async () => {
    const folder = join(createTempFolder(), "it's a $(folder)");
    const client = createRepo();
    const repo = createRepo({ bare: true, path: join(folder, 'r e.git') });
    client.git('remote', 'add', 'origin', repo.path);
    await installInto(repo, { env: { LEAKGATE_TEST: "a 'b' $c" } });
    assert.ok(client.write('a.txt', 'a\n').commit().push('main').accepted);
    assert.equal(client.write('b.txt', fakeGithubPat('quotes')).commit().push('main').accepted, false);
  });

  it('works in a repository with a working tree', async () => {
    const client = createRepo();
    const target = createRepo();
    client.git('remote', 'add', 'origin', target.path);
    await installInto(target);
    assert.ok(client.write('a.txt', 'a\n').commit().push('main:topic').accepted);
    assert.equal(client.write('b.txt', fakeGithubPat('worktree')).commit().push('main:topic').accepted, false);
  });
});

describe('uninstalling', () => {
  it('without permission changes nothing, and says which path, who, and whose it is', async () => {
    const { repo } = server();
    repo.writeHook('pre-receive', '#!/bin/sh\nexit 0\n');
    await installInto(repo);
    const { gitDir, home } = ownedByNobody(repo);
    const chain = join(gitDir, 'hooks/pre-receive.d');
    chownSync(chain, ROOT_OR_US.uid, ROOT_OR_US.gid);
    chmodSync(chain, 0o555);
    const before = snapshot(repo.path);
    const { message, code } = await asNobody(async () => {
      const opened = await openRepository(gitDir, { env: isolatedEnv({ HOME: home, XDG_CONFIG_HOME: home }) });
      return uninstallHook(opened).then(
        () => assert.fail('it was removed'),
        (error: LeakgateError) => error,
      );
    });
    chmodSync(chain, 0o755);
    assert.equal(code, 'HOOK_INSTALL', message);
    assert.match(message, new RegExp(`^${chain}/10-existing cannot be changed by user \\d+ .*: permission denied`));
    assert.match(message, new RegExp(`as before.*\\. ${chain} belongs to user \\d+ \\(mode 0555\\): run the same`));
    chmodSync(chain, 0o555);
    assert.deepEqual(snapshot(repo.path), before);
  });

  it('puts the hook back when its last steps fail', async () => {
    const { client, repo } = server();
    repo.writeHook('pre-receive', '#!/bin/sh\nexit 0\n');
    repo.git('config', '--unset', 'receive.advertisePushOptions');
    await installInto(repo, { config: BYPASS });
    repo.git('config', 'receive.fsckObjects', 'true');
    writeFileSync(join(repo.path, 'config.lock'), '');
    const before = snapshot(repo.path);
    await assert.rejects(uninstall(repo), { code: 'GIT_FAILED' });
    assert.deepEqual(snapshot(repo.path), before);
    rmSync(join(repo.path, 'config.lock'));
    assert.equal(client.write('b.txt', fakeGithubPat('still')).commit().push('main').accepted, false);
  });

  const OLD_HOOKS: Readonly<Record<string, (repo: TempRepo) => void>> = {
    'no hook': () => {},
    'a hook': (repo) => void repo.writeHook('pre-receive', '#!/bin/sh\n# old \xe9\nexit 0\n'),
    'a hook that is not executable': (repo) => {
      repo.writeHook('pre-receive', '#!/bin/sh\nexit 1\n');
      chmodSync(join(repo.path, 'hooks/pre-receive'), 0o640);
    },
    'a hook that is a relative link': (repo) => {
      repo.writeHook('shared', '#!/bin/sh\nexit 0\n');
      symlinkSync('shared', join(repo.path, 'hooks/pre-receive'));
    },
    'no hooks folder': rmHooks,
  };
  for (const [what, prepare] of Object.entries(OLD_HOOKS)) {
    it(`puts ${what} back, byte for byte`, async () => {
      const { repo } = server();
      prepare(repo);
      writeFileSync(
        join(repo.path, 'config'),
        `${readFileSync(join(repo.path, 'config'), 'utf8')}[odd]   spacing=kept ; and comments\n`,
      );
      repo.git('config', '--unset', 'receive.advertisePushOptions');
      const before = snapshot(repo.path);
      await installInto(repo, { config: BYPASS });
      assert.notDeepEqual(snapshot(repo.path), before);
      assert.equal(repo.git('config', 'receive.advertisePushOptions'), 'true');
      await uninstall(repo);
      assert.deepEqual(snapshot(repo.path), before);
    });
  }

  it('keeps the audit log and says so', async () => {
    const { client, repo } = server();
    await installInto(repo, { config: BYPASS });
    client.write('b.txt', fakeGithubPat('kept')).commit();
    assert.ok(client.push('-o', 'leakgate.skip=test', 'main').accepted);
    assert.deepEqual((await uninstall(repo)).kept, ['audit.jsonl']);
    assert.ok(client.write('c.txt', fakeGithubPat('gone')).commit().push('main').accepted);
  });

  it('keeps what somebody changed in the configuration meanwhile', async () => {
    const { repo } = server();
    repo.git('config', '--unset', 'receive.advertisePushOptions');
    await installInto(repo, { config: BYPASS });
    repo.git('config', 'receive.fsckObjects', 'true');
    await uninstall(repo);
    assert.equal(repo.git('config', 'receive.fsckObjects'), 'true');
    assert.equal(repo.tryGit('config', 'receive.advertisePushOptions').status, 1);
  });

  it('refuses where nothing is installed', async () => {
    const { repo } = server();
    await assert.rejects(uninstall(repo), { code: 'HOOK_INSTALL' });
  });
});

/** Without a cache that the helper lends, so that what is found afterwards is the installation's. */
async function install(repo: TempRepo, config = ''): Promise<unknown> {
  const file = join(createTempFolder(), 'leakgate.yml');
  writeFileSync(file, config);
  const shim = {
    node: process.execPath,
    entry: join(await hookBundle(), 'hook.cjs'),
    env: { LEAKGATE_CONFIG: file },
  };
  const options = { packageFolder: join(import.meta.dirname, '../..'), version: '0.0.0', shim, env: isolatedEnv() };
  return installHook(await openRepository(repo.path, { env: isolatedEnv() }), options);
}

const NOBODY = 65534;
const ROOT_OR_US = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** Root may write everywhere: what is about permissions runs as another account then, else as the one we are. */
async function asNobody<T>(act: () => Promise<T>): Promise<T> {
  if (ROOT_OR_US.uid !== 0) return act();
  process.seteuid?.(NOBODY);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}

/** Gives the repository to the account of `asNobody`, with a home that it can read. */
function ownedByNobody(repo: TempRepo): { readonly gitDir: string; readonly home: string } {
  const home = createTempFolder();
  for (const folder of [home, dirname(repo.path)]) chmodSync(folder, 0o755);
  if (ROOT_OR_US.uid === 0)
    for (const path of ['', ...pathsBelow(repo.path)]) lchownSync(join(repo.path, path), NOBODY, NOBODY);
  return { gitDir: repo.gitDir, home };
}

function rmHooks(repo: TempRepo): void {
  rmSync(join(repo.path, 'hooks'), { recursive: true });
}

/** Every file below a folder: type, mode, owner and content. */
function snapshot(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const path of pathsBelow(folder)) {
    const stats = lstatSync(join(folder, path));
    const content = stats.isSymbolicLink()
      ? readlinkSync(join(folder, path))
      : stats.isFile()
        ? readFileSync(join(folder, path), 'latin1')
        : '';
    found[path] = `${stats.mode.toString(8)} ${stats.uid}:${stats.gid} ${content}`;
  }
  return found;
}

function pathsBelow(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = join(prefix, entry.name);
    return entry.isDirectory() ? [path, ...pathsBelow(folder, path)] : [path];
  });
}
