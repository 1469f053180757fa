import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { openRepository } from '../../src/git/repository.ts';
import { checkInstallation, type HookCheck } from '../../src/hook/check-installation.ts';
import { policySnapshotPath, readPolicySnapshot } from '../../src/hook/policy-snapshot.ts';
import type { LeakgateError } from '../../src/model/errors.ts';
import { installInto } from '../helpers/hooked-server.ts';
import { runCli } from '../helpers/run-cli.ts';
import { createRepo, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

const NOBODY = 65534;
const WE = process.getuid?.() ?? 0;

function sharedRepo(value = 'group'): TempRepo {
  const repo = createRepo({ bare: true });
  repo.git('init', '-q', '--bare', `--shared=${value}`);
  return repo;
}

async function accountsCheck(repo: TempRepo): Promise<HookCheck | undefined> {
  const { checks } = await checkInstallation(await openRepository(repo.path, { env: isolatedEnv() }), isolatedEnv());
  return checks.find(({ name }) => name === 'accounts');
}

/** What the hook of another account says of the policy. Root may enter everything, so it becomes another one; we others lock ourselves out. */
function readAsAnother(repo: TempRepo): LeakgateError {
  const own = join(repo.path, 'leakgate');
  chmodSync(dirname(repo.path), 0o755);
  if (WE === 0) process.seteuid?.(NOBODY);
  else chmodSync(own, 0);
  try {
    readPolicySnapshot(repo.path);
  } catch (error) {
    return error as LeakgateError;
  } finally {
    if (WE === 0) process.seteuid?.(0);
    else chmodSync(own, 0o700);
  }
  return assert.fail('it could be read');
}

describe('the hook in a repository of several accounts', () => {
  it('refuses the pushes of others, and says whose the folder is and not that a file is broken', async () => {
    const repo = sharedRepo();
    await installInto(repo);
    const { code, message } = readAsAnother(repo);
    assert.equal(code, 'CONFIG_INVALID');
    assert.match(
      message,
      new RegExp(
        `^${repo.path}/leakgate cannot be entered by user ${WE === 0 ? NOBODY : WE}: it belongs to user ${WE} \\(mode [02][07]00\\)\\.`,
      ),
    );
    assert.match(message, new RegExp(`pushes have to run as user ${WE}, or`));
    assert.doesNotMatch(message, /policy\.snapshot|writes it anew/);
  });

  it('blames the file where it is the file that cannot be read', async (test) => {
    if (WE !== 0) return test.skip('needs to change owners');
    const repo = sharedRepo();
    await installInto(repo);
    const own = join(repo.path, 'leakgate');
    chmodSync(own, 0o755);
    repo.git('config', '--file', policySnapshotPath(repo.path), 'a.b', 'c');
    chmodSync(policySnapshotPath(repo.path), 0o600);
    assert.match(readAsAnother(repo).message, /^the policy snapshot .*policy\.snapshot cannot be used: EACCES/);
  });

  it('is warned of by status, as long as it is shared', async () => {
    const repo = sharedRepo();
    await installInto(repo);
    for (const value of ['group', 'true', '1', 'all', 'world', '2', '0660']) {
      repo.git('config', 'core.sharedRepository', value);
      const { health, text = '' } = (await accountsCheck(repo)) ?? {};
      assert.equal(health, 'warning', value);
      assert.match(text, new RegExp(`^core.sharedRepository is ${value}, and .*/leakgate, user ${WE}, are refused`));
    }
    for (const value of ['umask', 'false', 'FALSE', '0']) {
      repo.git('config', 'core.sharedRepository', value);
      assert.equal(await accountsCheck(repo), undefined, value);
    }
    repo.git('config', '--unset', 'core.sharedRepository');
    assert.equal(await accountsCheck(repo), undefined);
  });

  it('is warned of by leakgate hook install and leakgate hook status, which go through', async () => {
    const repo = sharedRepo();
    await installInto(repo);
    const again = await runCli(['hook', 'install', repo.path], { env: { LEAKGATE_CONFIG: '' } });
    assert.equal(again.status, 0, again.stderr);
    assert.match(again.stderr, /^leakgate: warning: core\.sharedRepository is /);
    const { status, stdout } = await runCli(['hook', 'status', repo.path]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^accounts +warning +core\.sharedRepository is /m);
  });
});
