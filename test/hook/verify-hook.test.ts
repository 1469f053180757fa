import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openRepository } from '../../src/git/repository.ts';
import {
  digestRuleFiles,
  haveRulesChanged,
  RULES_DIGEST_FILE,
  stampBuiltinRules,
} from '../../src/hook/builtin-stamp.ts';
import type { HookStatus } from '../../src/hook/check-installation.ts';
import { verifyHook } from '../../src/hook/verify-hook.ts';
import { installInto } from '../helpers/hooked-server.ts';
import type { ServerOptions } from '../helpers/hooked-server.ts';
import { runCli } from '../helpers/run-cli.ts';
import { createRepo, createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';
import type { TempRepo } from '../helpers/temp-repo.ts';

async function installed(options: ServerOptions = {}): Promise<TempRepo> {
  const repo = createRepo({
    bare: true,
    ...(options.objectFormat === undefined ? {} : { objectFormat: options.objectFormat }),
  });
  await installInto(repo, options);
  return repo;
}

async function verify(repo: TempRepo): Promise<HookStatus> {
  return verifyHook(await openRepository(repo.path, { env: isolatedEnv() }), isolatedEnv());
}

function broken(status: HookStatus): string[] {
  return status.checks.filter(({ health }) => health === 'broken').map(({ name }) => name);
}

describe('verifying', () => {
  it('sees a made-up secret refused and a harmless push accepted, and leaves nothing behind', async () => {
    const repo = await installed();
    const before = scratchFolders();
    const status = await verify(repo);
    assert.deepEqual(broken(status), [], JSON.stringify(status.checks));
    assert.match(
      status.checks.find(({ name }) => name === 'canary')?.text ?? '',
      /was refused, and a harmless push accepted/,
    );
    assert.deepEqual(scratchFolders(), before);
    assert.equal(repo.git('for-each-ref'), '');
  });

  it('works in a SHA-256 repository, and in warn mode', async () => {
    assert.deepEqual(broken(await verify(await installed({ objectFormat: 'sha256' }))), []);
    const warning = await verify(await installed({ config: 'settings: { hook: { mode: warn } }\n' }));
    assert.deepEqual(broken(warning), []);
    assert.ok(warning.checks.some(({ name, health }) => name === 'mode' && health === 'warning'));
  });

  it('does not run the other hooks of the chain', async () => {
    const repo = createRepo({ bare: true });
    const ran = join(createTempFolder(), 'ran');
    repo.writeHook('pre-receive', `#!/bin/sh\n: > '${ran}'\nexit 1\n`);
    await installInto(repo);
    assert.deepEqual(broken(await verify(repo)), []);
    assert.ok(!readdirSync(join(ran, '..')).includes('ran'));
  });

  it('says when rule files were edited after they were built', async () => {
    const folder = createTempFolder();
    mkdirSync(join(folder, 'rules'));
    const code = join(folder, 'dist', 'hook-main.cjs');
    mkdirSync(join(code, '..'));
    writeFileSync(code, '');
    writeFileSync(join(folder, 'package.json'), '{}');
    const rule = join(folder, 'rules', 'a.yml');
    writeFileSync(rule, 'one\n');
    const rules = join(folder, 'rules');
    const unbuilt = stampBuiltinRules(rules, code);
    assert.equal(haveRulesChanged(rules, code), false);
    writeFileSync(join(code, '..', RULES_DIGEST_FILE), digestRuleFiles(rules));
    assert.equal(haveRulesChanged(rules, code), false);
    const built = stampBuiltinRules(rules, code);
    assert.notEqual(built, unbuilt);
    writeFileSync(rule, 'two\n');
    assert.equal(haveRulesChanged(rules, code), true);
    writeFileSync(join(rules, 'b.yml'), 'three\n');
    assert.notEqual(stampBuiltinRules(rules, code), built);
  });

  const DAMAGES: Readonly<
    Record<string, { readonly damage: (repo: TempRepo) => void; readonly broken: readonly string[] }>
  > = {
    'a dispatcher that is not executable': {
      damage: (repo) => chmodSync(join(repo.path, 'hooks/pre-receive'), 0o644),
      broken: ['dispatcher', 'canary'],
    },
    'a core.hooksPath that points elsewhere': {
      damage: (repo) => void repo.git('config', 'core.hooksPath', '/nowhere'),
      broken: ['hooks folder'],
    },
    'a shim that is not executable': {
      damage: (repo) => chmodSync(join(repo.path, 'hooks/pre-receive.d/50-leakgate'), 0o644),
      broken: ['shim', 'canary'],
    },
    'a dispatcher that somebody replaced': {
      damage: (repo) => void repo.writeHook('pre-receive', '#!/bin/sh\nexit 0\n'),
      broken: ['dispatcher', 'canary'],
    },
    'a hook that was deleted': {
      damage: (repo) => rmSync(join(repo.path, 'hooks/pre-receive')),
      broken: ['dispatcher', 'canary'],
    },
    'a configuration with a mistake': {
      damage: (repo) => writeFileSync(join(repo.path, 'leakgate.yml'), 'settings: { hook: { mode: blok } }\n'),
      broken: ['configuration'],
    },
    'no installation at all': {
      damage: (repo) => rmSync(join(repo.path, 'hooks'), { recursive: true }),
      broken: ['hook'],
    },
  };
  for (const [what, { damage, broken: expected }] of Object.entries(DAMAGES)) {
    it(`notices ${what}`, async () => {
      const repo = await installed();
      damage(repo);
      assert.deepEqual(broken(await verify(repo)), expected);
    });
  }

  it('notices that node has gone', async () => {
    const repo = createRepo({ bare: true });
    await installInto(repo, {});
    const shim = join(repo.path, 'hooks/pre-receive.d/50-leakgate');
    writeFileSync(shim, '#!/bin/sh\nnode=\'/nowhere/node\'\nentry=\'/nowhere/hook.cjs\'\n"$node" "$entry"\n');
    const found = broken(await verify(repo));
    assert.ok(found.includes('node') && found.includes('entry') && found.includes('canary'), found.join());
  });
});

describe('leakgate hook', () => {
  it('tells by exit code and JSON whether the hook works', async () => {
    const repo = await installed();
    const { status, stdout } = await runCli(['hook', 'verify', '--json', repo.path]);
    assert.equal(status, 0, stdout);
    const answer = JSON.parse(stdout) as HookStatus & { ok: boolean };
    assert.deepEqual([answer.ok, answer.installed, answer.chain], [true, true, ['50-leakgate']]);
    chmodSync(join(repo.path, 'hooks/pre-receive'), 0o644);
    const spoilt = await runCli(['hook', 'status', repo.path]);
    assert.equal(spoilt.status, 1);
    assert.match(spoilt.stdout, /^dispatcher +broken +.*not executable/m);
  });

  it('says that there is no hook, or no repository', async () => {
    const repo = createRepo({ bare: true });
    assert.equal((await runCli(['hook', 'status', repo.path])).status, 1);
    assert.equal((await runCli(['hook', 'uninstall', repo.path])).status, 2);
    assert.equal((await runCli(['hook', 'verify', join(repo.path, 'nowhere')])).status, 2);
  });
});

function scratchFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('leakgate-scratch-'));
}
