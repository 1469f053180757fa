import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { HookStatus } from '../../src/hook/check-installation.ts';
import { askNodeVersion, SUPPORTED_NODES } from '../../src/hook/node-version.ts';
import { installInto } from '../helpers/hooked-server.ts';
import { runCli } from '../helpers/run-cli.ts';
import { createRepo, createTempFolder } from '../helpers/temp-repo.ts';

/** A program that is asked for its version and runs `script`. */
function program(script: string): string {
  const path = join(createTempFolder(), 'program');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

async function problemOf(path: string, timeoutMs?: number): Promise<string> {
  const answer = await askNodeVersion(path, timeoutMs);
  return 'problem' in answer ? answer.problem : '';
}

describe('asking a node for its version', () => {
  it('knows the one we run on', async () => {
    assert.deepEqual(await askNodeVersion(process.execPath), { version: process.version });
  });

  it('takes the versions that package.json names, and no other', async () => {
    const { engines } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      engines: { node: string };
    };
    assert.equal(SUPPORTED_NODES, engines.node);
    for (const version of ['v20.19.0', 'v20.20.2', 'v22.12.0', 'v24.0.0', 'v26.1.0'])
      assert.deepEqual(await askNodeVersion(program(`echo ${version}`)), { version });
    for (const version of ['v18.20.8', 'v20.18.9', 'v21.7.3', 'v22.11.0', 'v23.1.0', 'v0.10.0'])
      assert.match(await problemOf(program(`echo ${version}`)), /is node v\S+, and the hook needs \^20\.19\.0/);
  });

  it('takes nothing else for a node, and shows no more than a line of it', async () => {
    assert.match(await problemOf('/bin/true'), /is not node/);
    assert.match(await problemOf(program('exit 0')), /printed nothing$/);
    assert.match(await problemOf(program('printf "v24.1.0\\nv24.1.0\\n"')), /printed "v24\.1\.0" and more lines$/);
    assert.match(await problemOf(program('echo v24.1.0-pre')), /is not node/);
    assert.match(await problemOf(program('echo v24.1.0; exit 3')), /ended with exit code 3$/);
    assert.match(await problemOf(program('yes')), /printed without end$/);
    assert.match(await problemOf('/nowhere/node'), /is not there$/);
    const steering = await problemOf(program(`printf '\\033]0;title\\007%0200d' 1`));
    assert.match(steering, /printed "\\x1b\]0;title\\x070+…"$/);
  });

  it('does not wait for one that hangs, nor for one that waits for input', async () => {
    assert.match(await problemOf(program(`trap '' TERM\nwhile :; do sleep 0.1; done`), 300), /within 0\.3 s$/);
    assert.equal(await problemOf(program('cat\necho v24.1.0')), '');
  });
});

describe('leakgate hook install --node', () => {
  it('refuses a program that is not node, and writes nothing', async () => {
    const repo = createRepo({ bare: true });
    const { status, stderr } = await runCli(['hook', 'install', '--node', '/bin/true', repo.path]);
    assert.equal(status, 2);
    assert.match(stderr, /^leakgate: \/bin\/true is not node: .*--node/);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    for (const path of ['leakgate', 'hooks/pre-receive', 'hooks/pre-receive.d'])
      assert.ok(!existsSync(join(repo.path, path)), path);
  });
});

describe('leakgate hook status', () => {
  it('says that a program in the shim is not node, and how to mend it', async () => {
    const repo = createRepo({ bare: true });
    await installInto(repo);
    const shim = join(repo.path, 'hooks/pre-receive.d/50-leakgate');
    const replaceNode = (path: string): void =>
      writeFileSync(shim, readFileSync(shim, 'utf8').replace(/^node=.*$/m, `node='${path}'`));
    replaceNode('/bin/true');
    const { status, stdout } = await runCli(['hook', 'status', repo.path]);
    assert.equal(status, 1, stdout);
    assert.match(stdout, /^node +broken +\/bin\/true is not node: .*; run: leakgate hook install --node .*repo\.git$/m);
    replaceNode(program(`printf '\\033[2Jx\\ny\\n'`));
    const json = await runCli(['hook', 'status', '--json', repo.path]);
    const { checks } = JSON.parse(json.stdout) as HookStatus;
    assert.match(checks.find(({ name }) => name === 'node')?.text ?? '', /printed "\\x1b\[2Jx" and more lines; run: /);
  });
});
