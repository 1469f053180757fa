import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { SpawnSyncReturns } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { printError } from '../../src/commands/print-error.ts';
import { runCli as runInProcess } from '../../src/commands/run-cli.ts';
import type { HostProcess } from '../../src/commands/run-cli.ts';
import { LeakgateError, ProblemsError } from '../../src/model/errors.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { cliArguments, runCli } from '../helpers/run-cli.ts';
import { createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';

describe('a run that is interrupted', () => {
  it('ends with what it has, marked partial', async () => {
    const run = await runCli(['scan', '-', '-f', 'json'], {
      input: 'never ends',
      onStart: (child) => setTimeout(() => child.kill('SIGINT'), 2000),
      keepInputOpen: true,
    });
    assert.match(run.stderr, /leakgate: stopping/);
    assert.equal(run.status, 2, run.stderr);
    const { coverage } = JSON.parse(run.stdout) as { coverage: { outcome: string; unread: Record<string, number> } };
    assert.equal(coverage.outcome, 'partial');
    assert.ok((coverage.unread['cancelled'] ?? 0) > 0);
  });

  it('ends at its deadline in the same way', async () => {
    const run = await runCli(['scan', '-', '-f', 'json', '--deadline', '200ms'], { keepInputOpen: true });
    assert.equal(run.status, 2, run.stderr);
    assert.match(run.stdout, /"deadline": ?1/);
  });

  it('leaves at once when it is interrupted a second time', async () => {
    const { host, exits } = fakeHost();
    const running = runInProcess(['scan', '-'], host);
    await sleep(50);
    host.emit('SIGINT');
    host.emit('SIGINT');
    assert.deepEqual(exits, [130]);
    await running;
    assert.equal(host.listenerCount('SIGINT'), 0);
  });
});

describe('a reader that goes away', () => {
  it('ends the run without a word', () => {
    const command = [process.execPath, ...cliArguments(['rules', 'list', '-f', 'json'])]
      .map((word) => `'${word}'`)
      .join(' ');
    const { stderr, stdout } = spawnSync('bash', ['-c', `${command} | head -c 10; exit \${PIPESTATUS[0]}`], {
      encoding: 'utf8',
      env: isolatedEnv(),
    });
    assert.equal(stderr, '');
    assert.equal(stdout.length, 10);
  });

  it('does not change what a scan found', () => {
    const folder = createTempFolder();
    for (let i = 0; i < 400; i++) writeFileSync(join(folder, `f${i}.txt`), `a ${fakeGithubPat(`${i}`)}\n`);
    const command = [process.execPath, ...cliArguments(['scan', folder])].map((word) => `'${word}'`).join(' ');
    const { status, stderr } = spawnSync('bash', ['-c', `${command} | head -n 1 >/dev/null; exit \${PIPESTATUS[0]}`], {
      encoding: 'utf8',
      env: isolatedEnv(),
    });
    assert.equal(stderr, '');
    assert.equal(status, 1);
  });
});

describe('a current folder that was removed', { skip: process.platform === 'win32' }, () => {
  it('does not keep anybody from what lies elsewhere', () => {
    const version = runInRemovedFolder(['--version']);
    assert.equal(version.stderr, '');
    assert.equal(version.status, 0);
    const folder = createTempFolder();
    writeFileSync(join(folder, 'a'), fakeGithubPat());
    const scan = runInRemovedFolder(['scan', folder]);
    assert.equal(scan.status, 1, scan.stderr);
  });

  for (const args of [['scan'], ['scan', 'here'], ['rules', 'list']])
    it(`is one line and no finding for leakgate ${args.join(' ')}`, () => {
      const { status, stdout, stderr } = runInRemovedFolder(args);
      assert.match(stderr, /^leakgate: the current folder was removed.*\n$/);
      assert.equal(stdout, '');
      assert.equal(status, 2);
    });
});

describe('an error', () => {
  it('is one line first, then its details', () => {
    const cause = new Error('disk on fire');
    assert.equal(
      said(new LeakgateError('GIT_FAILED', 'git log ended with 128\nfatal: x', { cause })),
      'leakgate: git log ended with 128\n  fatal: x\n  disk on fire\n',
    );
  });

  it('names every problem', () => {
    const problem = { file: 'a.yml', line: 1, column: 2, subject: 'x', message: 'is odd', level: 'error' } as const;
    const error = new ProblemsError('CONFIG_INVALID', [problem, { ...problem, line: 3 }]);
    assert.equal(said(error), 'leakgate: 2 problems to mend first:\n  a.yml:1:2 x: is odd\n  a.yml:3:2 x: is odd\n');
  });

  it('of our own making says so, without a stack trace unless LEAKGATE_DEBUG is set', () => {
    assert.match(
      said(new TypeError('x is not a function')),
      /^leakgate: internal error: x is not a function\n {2}This is a defect/,
    );
    assert.doesNotMatch(said(new TypeError('x')), / at /);
    assert.match(said(new TypeError('x'), { LEAKGATE_DEBUG: '1' }), /\n {4}at /);
  });

  it('cannot steer the terminal', () => {
    assert.ok(!said(new LeakgateError('TARGET_INVALID', 'no \u001b[2J\u202e here')).includes('\u001b'));
  });
});

/** A process of its own, whose folder goes once its sources are loaded: what loads them cannot start without one. */
function runInRemovedFolder(args: readonly string[]): SpawnSyncReturns<string> {
  const script = `
    import { rmdirSync } from 'node:fs';
    import { runCli } from ${JSON.stringify(import.meta.resolve('../../src/commands/run-cli.ts'))};
    process.chdir(process.argv[1]);
    rmdirSync(process.argv[1]);
    process.exitCode = await runCli(process.argv.slice(2), process);`;
  const node = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script, '--'];
  return spawnSync(process.execPath, [...node, createTempFolder(), ...args], {
    encoding: 'utf8',
    env: isolatedEnv(),
  });
}

function said(error: unknown, env: NodeJS.ProcessEnv = {}): string {
  const stderr = new PassThrough();
  printError({ stderr, env }, error);
  return String(stderr.read());
}

/** A process that only records that it should exit. Its standard input never ends. */
function fakeHost(): { host: HostProcess & EventEmitter; exits: number[] } {
  const exits: number[] = [];
  const host = Object.assign(new EventEmitter(), {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: isolatedEnv(),
    cwd: () => createTempFolder(),
    exit: (code: number) => exits.push(code),
  });
  return { host: host as unknown as HostProcess & EventEmitter, exits };
}
