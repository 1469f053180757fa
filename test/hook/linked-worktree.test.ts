// A linked worktree has a folder of its own for HEAD and index; git takes hooks and configuration from the repository that it belongs to, and so do we.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { openMainRepository, openRepository } from '../../src/git/repository.ts';
import { findPolicySources } from '../../src/policy/policy-sources.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { installInto } from '../helpers/hooked-server.ts';
import { runCli } from '../helpers/run-cli.ts';
import { createRepo, createTempFolder, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

const env = isolatedEnv();
let repo: TempRepo;
let linked: string;
before(() => {
  repo = createRepo().write('a', 'a').commit();
  linked = join(createTempFolder(), 'linked');
  repo.git('worktree', 'add', '-q', '-b', 'side', linked);
});

describe('a linked worktree', () => {
  it('is opened with the folder that it shares', async () => {
    const opened = await openRepository(linked, { env });
    assert.equal(opened.gitDir, join(repo.gitDir, 'worktrees/linked'));
    assert.equal(opened.commonDir, repo.gitDir);
    assert.equal((await openMainRepository(linked, { env })).gitDir, repo.gitDir);
    const main = await openRepository(repo.path, { env });
    assert.equal(main.commonDir, main.gitDir);
    assert.deepEqual(await openMainRepository(repo.path, { env }), main);
  });

  it('has the configuration and the reviews of its repository', async () => {
    const find = async (path: string) => findPolicySources({ repository: await openRepository(path, { env }), env });
    assert.deepEqual(await find(linked), await find(repo.path));
  });

  it('is protected by the hook of its repository, wherever the hook was installed from', async () => {
    assert.equal((await runCli(['hook', 'status', linked])).status, 1);
    const installed = await runCli(['hook', 'install', linked]);
    assert.equal(installed.status, 0, installed.stderr);
    assert.ok(existsSync(join(repo.gitDir, 'hooks/pre-receive')));
    assert.ok(!existsSync(join(repo.gitDir, 'worktrees/linked/hooks')));
    assert.ok(!existsSync(join(repo.gitDir, 'worktrees/linked/leakgate')));
    assert.equal((await runCli(['hook', 'status', linked])).status, 0);
    assert.equal((await runCli(['hook', 'uninstall', linked])).status, 0);
    assert.ok(!existsSync(join(repo.gitDir, 'hooks/pre-receive')));
  });

  it('refuses a push to its path, by the policy of its repository and on its record', async () => {
    await installInto(repo);
    const client = createRepo().write('b', 'nothing').commit();
    const push = (ref: string) => client.tryGit('push', linked, `HEAD:refs/heads/${ref}`);
    assert.equal(push('clean').status, 0);
    client.write('b', `token = "${fakeGithubPat()}"\n`).commit();
    const refused = push('secret');
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /github-pat/);
    assert.match(readFileSync(join(repo.gitDir, 'leakgate/audit.jsonl'), 'utf8'), /refs\/heads\/secret/);
    writeFileSync(join(repo.gitDir, 'leakgate.yml'), 'disabledRules: [github-pat, generic-api-key]\n');
    assert.equal(push('allowed').status, 0);
  });
});
