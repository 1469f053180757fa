import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { runCli } from '../helpers/run-cli.ts';
import type { CliRun } from '../helpers/run-cli.ts';
import { createRepo, createTempFolder } from '../helpers/temp-repo.ts';
import type { TempRepo } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat();

interface JsonReport {
  readonly findings: readonly {
    readonly ruleId: string;
    readonly path: string;
    readonly line: number;
    readonly commit?: string;
    readonly secret: string;
    readonly state: string;
  }[];
  readonly suppressed: readonly { readonly path: string; readonly state: string }[];
  readonly coverage: { readonly outcome: string; readonly unread: Record<string, number> };
}

describe('leakgate scan of files', () => {
  const folder = createTempFolder();
  before(() => {
    mkdirSync(join(folder, 'src'));
    writeFileSync(join(folder, 'src/a.ts'), `const a = 1;\nconst token = '${SECRET}';\n`);
    writeFileSync(join(folder, 'README.md'), 'nothing to see\n');
  });

  it('finds a secret, and ends with 1', async () => {
    const run = await runCli(['scan', folder]);
    assert.equal(run.status, 1, run.stderr);
    assert.match(run.stdout, /src\/a\.ts\n {2}2:/);
    assertNowhere(run, SECRET);
  });

  it('scans the current folder when no target is named', async () => {
    const { status, stdout } = await runCli(['scan', '-f', 'json'], { cwd: folder });
    assert.equal(status, 1);
    assert.deepEqual(placesOf(stdout), ['src/a.ts:2']);
  });

  it('scans a single file', async () => {
    const { status, stdout } = await runCli(['scan', join(folder, 'src/a.ts'), '-f', 'json']);
    assert.equal(status, 1);
    assert.equal(report(stdout).findings.length, 1);
  });

  it('ends with 0 where nothing is found', async () => {
    const { status, stdout } = await runCli(['scan', 'README.md'], { cwd: folder });
    assert.equal(status, 0);
    assert.match(stdout, /No secrets found/);
  });

  it('prints secrets in clear when asked', async () => {
    const { stdout } = await runCli(['scan', folder, '--show-secrets']);
    assert.ok(stdout.includes(SECRET));
  });

  it('writes nothing to standard output with -o, and the report to the file', async () => {
    const out = join(createTempFolder(), 'report.json');
    const run = await runCli(['scan', folder, '-f', 'json', '-o', out]);
    assert.equal(run.status, 1);
    assert.equal(run.stdout, '');
    assert.deepEqual(placesOf(readFileSync(out, 'utf8')), ['src/a.ts:2']);
    assert.deepEqual(readdirSync(join(out, '..')), ['report.json']);
  });

  it('takes - for standard output with -o', async () => {
    const { stdout } = await runCli(['scan', '.', '-f', 'json', '-o', '-'], { cwd: folder });
    assert.deepEqual(placesOf(stdout), ['src/a.ts:2']);
    assert.deepEqual(readdirSync(folder).toSorted(), ['README.md', 'src']);
  });

  it('refuses an empty target, as an unset variable gives one', async () => {
    const { status, stdout, stderr } = await runCli(['scan', ''], { cwd: folder });
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /the target is empty/);
  });

  it('scans where no key can be kept, and says what that means', async () => {
    const { status, stderr } = await runCli(['scan', folder], {
      env: { HOME: join(folder, 'README.md'), XDG_CONFIG_HOME: undefined },
    });
    assert.equal(status, 1);
    assert.match(stderr, /warning: the fingerprint key .* cannot be created: .*; fingerprints hold for this run only/);
    const named = await runCli(['scan', folder], { env: { LEAKGATE_KEY_FILE: join(folder, 'README.md/key') } });
    assert.equal(named.status, 2, 'a key that was asked for by name must be there');
  });

  it('leaves the old report alone when the new one cannot be made', async () => {
    const out = join(createTempFolder(), 'report.json');
    writeFileSync(out, 'old');
    const { status } = await runCli(['scan', 'no-such-folder', '-o', out], { cwd: folder });
    assert.equal(status, 2);
    assert.equal(readFileSync(out, 'utf8'), 'old');
  });

  it('says before the scan that there is no folder for the report, or no name', async () => {
    const missing = await runCli(['scan', 'no-such-target', '-o', 'no/such/report.txt'], { cwd: folder });
    assert.equal(missing.status, 2);
    assert.match(
      missing.stderr,
      /^leakgate: the report cannot be written to no\/such\/report\.txt: there is no folder /,
    );
    const nameless = await runCli(['scan', folder, '-o', '']);
    assert.equal(nameless.status, 2);
    assert.match(nameless.stderr, /^leakgate: the name after -o is empty/);
  });

  it('says what it cannot write', async () => {
    const { status, stderr } = await runCli(['scan', folder, '-o', join(folder, 'no/such/report.txt')]);
    assert.equal(status, 2);
    assert.match(stderr, /^leakgate: .*no\/such\/report\.txt/);
  });

  for (const format of ['text', 'json', 'jsonl', 'sarif', 'csv', 'gitlab', 'junit']) {
    it(`reports as ${format}, redacted`, async () => {
      const run = await runCli(['scan', folder, '-f', format]);
      assert.equal(run.status, 1);
      assert.ok(run.stdout.includes('github-pat'));
      assertNowhere(run, SECRET);
    });
  }

  it('colours the text only when told to', async () => {
    const colored = async (args: string[], env: NodeJS.ProcessEnv): Promise<boolean> =>
      (await runCli(['scan', folder, ...args], { env })).stdout.includes('\u001b[');
    assert.equal(await colored([], {}), false, 'no terminal');
    assert.equal(await colored([], { FORCE_COLOR: '1' }), true, 'FORCE_COLOR');
    assert.equal(await colored([], { FORCE_COLOR: '1', NO_COLOR: '1' }), false, 'NO_COLOR');
    assert.equal(await colored(['--color', 'always'], { NO_COLOR: '1' }), true, '--color always');
    assert.equal(await colored(['--color', 'never'], { FORCE_COLOR: '1' }), false, '--color never');
  });

  it('obeys .gitignore only when asked', async () => {
    const ignoring = createTempFolder();
    writeFileSync(join(ignoring, '.gitignore'), '.env\n');
    writeFileSync(join(ignoring, '.env'), `TOKEN=${SECRET}\n`);
    assert.equal((await runCli(['scan', ignoring])).status, 1);
    assert.equal((await runCli(['scan', ignoring, '--gitignore'])).status, 0);
  });

  it('knows a part of a working tree under the paths of the whole, with the allowlists and ignore files of the whole', async () => {
    const repo = createRepo();
    repo
      .write('.leakgate.yml', "allowlists:\n  - description: samples\n    paths: ['test/**']\n")
      .write('.gitignore', '*.log\n')
      .write('test/a.txt', `${SECRET}\n`)
      .write('src/deep/b.txt', `${SECRET}\n`)
      .write('src/deep/c.log', `${SECRET}\n`);
    const placesIn = async (...args: string[]): Promise<string[]> =>
      placesOf((await runCli(['scan', ...args, '-f', 'json'], { cwd: join(repo.path, 'src') })).stdout);
    assert.deepEqual(await placesIn('../test'), []);
    assert.deepEqual(await placesIn('../test/a.txt'), []);
    assert.deepEqual(await placesIn('deep/b.txt'), ['src/deep/b.txt:1']);
    assert.deepEqual(await placesIn('deep'), ['src/deep/b.txt:1', 'src/deep/c.log:1']);
    assert.deepEqual(await placesIn('deep', '--gitignore'), ['src/deep/b.txt:1']);
  });

  it('refuses --gitignore where nothing could be left out', async () => {
    for (const args of [['--all'], ['--staged'], ['-'], ['file:///no/such.git']]) {
      const { status, stderr } = await runCli(['scan', ...args, '--gitignore'], { cwd: createRepo().path });
      assert.equal(status, 2);
      assert.match(stderr, /^leakgate: --gitignore goes with a folder/);
    }
  });

  it('warns that the configuration of a repository which git refuses does not count', async () => {
    const refused = createTempFolder();
    mkdirSync(join(refused, 'src'));
    writeFileSync(join(refused, '.git'), 'gitdir: /no/such/place\n');
    for (const target of [refused, join(refused, 'src')]) {
      const { status, stderr } = await runCli(['scan', target]);
      assert.equal(status, 0);
      assert.match(stderr, /^leakgate: warning: .*without configuration and reviews.*not a git repository/);
    }
    assert.equal((await runCli(['scan', folder])).stderr, '');
  });

  it('lets inline marks suppress, and counts them all the same with --no-inline-marks', async () => {
    const marked = createTempFolder();
    writeFileSync(join(marked, 'a.txt'), `token ${SECRET} # leakgate:allow\n`);
    const lenient = await runCli(['scan', marked, '-f', 'json']);
    assert.equal(lenient.status, 0);
    assert.deepEqual(
      report(lenient.stdout).suppressed.map(({ path, state }) => `${path} ${state}`),
      ['a.txt suppressed'],
    );
    assert.equal((await runCli(['scan', marked, '--no-inline-marks'])).status, 1);
  });
});

describe('leakgate scan of standard input', () => {
  it('finds a secret', async () => {
    const { status, stdout } = await runCli(['scan', '-', '-f', 'json'], { input: `a\nb ${SECRET}\n` });
    assert.equal(status, 1);
    assert.equal(report(stdout).findings[0]?.line, 2);
  });

  it('takes a path for it', async () => {
    const { stdout } = await runCli(['scan', '-', '--stdin-path', 'deploy/.env', '-f', 'json'], { input: SECRET });
    assert.deepEqual(placesOf(stdout), ['deploy/.env:1']);
  });

  it('is clean when it is empty', async () => {
    assert.equal((await runCli(['scan', '-'])).status, 0);
  });

  describe('that is a named pipe', { skip: process.platform === 'win32' }, () => {
    it('reads it as if it were standard input', async () => {
      const pipe = namedPipe();
      const [{ status, stdout }] = await Promise.all([
        runCli(['scan', pipe, '-f', 'json']),
        writeFile(pipe, `${SECRET}\n`),
      ]);
      assert.equal(status, 1);
      assert.deepEqual(placesOf(stdout), [`${pipe}:1`]);
    });

    it('waits for a writer that comes later and pauses, and reads it to its end', async () => {
      const pipe = namedPipe();
      const writer = spawn('sh', ['-c', 'sleep 1.5; { echo one; sleep 0.5; cat; } > "$0"', pipe], {
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      writer.stdin.end(`${'x\n'.repeat(200_000)}${SECRET}\n`);
      const { status, stdout, stderr } = await runCli(['scan', pipe, '-f', 'json']);
      assert.equal(status, 1, stderr);
      assert.deepEqual(placesOf(stdout), [`${pipe}:200002`]);
    });

    it('is clean when its writer writes nothing', async () => {
      const pipe = namedPipe();
      const [{ status, stderr }] = await Promise.all([runCli(['scan', pipe]), writeFile(pipe, '')]);
      assert.equal(status, 0, stderr);
    });

    // Elsewhere a pipe cannot be opened without waiting, see resolve-target.ts.
    const options = { skip: process.platform !== 'linux', timeout: 60_000 };
    it('ends at its deadline, partial, though nobody ever writes', options, async (test) => {
      const { status, stdout } = await runCli(['scan', namedPipe(), '--deadline', '500ms'], endWith(test));
      assert.match(stdout, /PARTIAL/);
      assert.equal(status, 2);
    });

    it('ends when it is interrupted, though nobody ever writes', options, async (test) => {
      const ends = endWith(test);
      const { status, stdout } = await runCli(['scan', namedPipe()], {
        onStart(child) {
          ends.onStart(child);
          setTimeout(() => child.kill('SIGTERM'), 3000);
        },
      });
      assert.match(stdout, /PARTIAL/);
      assert.equal(status, 2);
    });

    it('ends with an error before it is read, though nobody ever writes', options, async (test) => {
      const { status, stderr } = await runCli(
        ['scan', namedPipe(), '--config', join(createTempFolder(), 'absent.yml')],
        endWith(test),
      );
      assert.match(stderr, /absent\.yml/);
      assert.equal(status, 2);
    });
  });
});

function namedPipe(): string {
  const pipe = join(createTempFolder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  return pipe;
}

/** A process that does not end by itself is ended after a while, so that a failure leaves nothing behind. */
function endWith(test: TestContext): { onStart(child: ChildProcess): void } {
  return {
    onStart(child) {
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      test.after(() => clearTimeout(timer));
    },
  };
}

describe('leakgate scan of git', () => {
  let repo: TempRepo;
  let clean: string;
  let leak: string;
  before(() => {
    repo = createRepo();
    clean = repo.write('a.txt', 'one\n').commit('first').head;
    leak = repo.write('secret.txt', `${SECRET}\n`).commit('leak').head;
    repo.remove('secret.txt').commit('remove');
    repo
      .branch('side')
      .write('side.txt', `x = ${fakeGithubPat('side')}\n`)
      .commit('side')
      .checkout('main');
  });

  const places = async (...args: string[]): Promise<string[]> => {
    const { stdout, stderr } = await runCli(['scan', ...args, '-f', 'json'], { cwd: repo.path });
    assert.equal(stderr, '');
    return placesOf(stdout);
  };

  it('scans the files of a working tree, not its history', async () => {
    assert.deepEqual(await places('.'), []);
  });

  it('scans everything with --all', async () => {
    assert.deepEqual(await places('--all'), ['secret.txt:1', 'side.txt:1']);
  });

  it('scans the tip of a branch, and with --history all of it', async () => {
    assert.deepEqual(await places('--branch', 'main'), []);
    assert.deepEqual(await places('--branch', 'side'), ['side.txt:1']);
    assert.deepEqual(await places('--branch', 'main', '--history'), ['secret.txt:1']);
  });

  it('scans what a range brings', async () => {
    assert.deepEqual(await places('--range', `${clean}..${leak}`), ['secret.txt:1']);
    assert.deepEqual(await places('--range', `${leak}..main`), []);
    assert.deepEqual(await places('--range', 'main..side'), ['side.txt:1']);
    assert.deepEqual(await places('--range', `${leak}..`), []);
  });

  it('scans what is staged', async () => {
    const other = createRepo();
    other.write('a.txt', 'one\n').commit('first').write('b.txt', `${SECRET}\n`);
    const { status, stdout } = await runCli(['scan', '--staged', '-f', 'json'], { cwd: other.path });
    assert.equal(status, 1);
    assert.deepEqual(placesOf(stdout), ['b.txt:1']);
  });

  it('scans the whole history of a bare repository without being told', async () => {
    const bare = repo.clone('--bare');
    const { status, stdout } = await runCli(['scan', bare.path, '-f', 'json']);
    assert.equal(status, 1);
    assert.deepEqual(placesOf(stdout), ['secret.txt:1', 'side.txt:1']);
  });

  it('clones an address, scans the whole history, and leaves no clone behind', async () => {
    const temporary = createTempFolder();
    const bare = repo.clone('--bare');
    const run = await runCli(['scan', `file://${bare.path}`, '-f', 'json'], { env: { TMPDIR: temporary } });
    assert.equal(run.status, 1, run.stderr);
    assert.deepEqual(placesOf(run.stdout), ['secret.txt:1', 'side.txt:1']);
    assert.match(run.stderr, /^leakgate: cloning file:/);
    assert.deepEqual(
      readdirSync(temporary).filter((name) => name.startsWith('leakgate-')),
      [],
    );
  });

  it('makes no clone for what cannot be scanned in one', async () => {
    for (const args of [['--staged'], ['--range', 'main']]) {
      const { status, stderr } = await runCli(['scan', `file://${repo.gitDir}`, ...args]);
      assert.equal(status, 2);
      assert.doesNotMatch(stderr, /cloning|bare/);
      assert.match(stderr, /leave out --staged|two revisions/);
    }
  });

  it('says once why an address could not be cloned', async () => {
    const { status, stderr } = await runCli(['scan', `file://${createTempFolder()}`]);
    assert.equal(status, 2);
    assert.equal(stderr.match(/fatal: .* does not appear to be a git repository/g)?.length, 1);
    assert.doesNotMatch(stderr, /\n *\n/);
  });

  it('refuses addresses that would run a program or show a password', async () => {
    for (const url of [
      'ext::sh -c x',
      `https://ann:${['hunter', '2'].join('')}@git.example.org/a.git`,
      'ftp://git.example.org/a.git',
    ]) {
      const { status, stderr } = await runCli(['scan', url]);
      assert.equal(status, 2);
      assert.match(stderr, /^leakgate: .*cannot be cloned/m);
      assert.doesNotMatch(stderr, /hunter2/);
    }
  });

  it('scans from a folder below the top', async () => {
    mkdirSync(join(repo.path, 'deep/er'), { recursive: true });
    const { stdout } = await runCli(['scan', '--all', '-f', 'json'], { cwd: join(repo.path, 'deep/er') });
    assert.equal(placesOf(stdout).length, 2);
  });

  it('refuses a folder that is no repository when history is asked for', async () => {
    const { status, stderr } = await runCli(['scan', createTempFolder(), '--all']);
    assert.equal(status, 2);
    assert.match(stderr, /is not a git repository/);
  });

  it('refuses a revision that does not exist, and one that is an option', async () => {
    for (const range of ['nowhere..main', '--upload-pack=x..main']) {
      const { status, stderr } = await runCli(['scan', `--range=${range}`], { cwd: repo.path });
      assert.equal(status, 2);
      assert.match(stderr, /^leakgate: /);
    }
  });

  it('says partial and ends with 2 when objects are missing', async () => {
    repo.git('config', 'uploadpack.allowFilter', 'true');
    const shallow = repo.clone('--filter=blob:none', '--bare');
    const { status, stdout } = await runCli(['scan', shallow.path, '-f', 'json']);
    assert.equal(status, 2);
    assert.equal(report(stdout).coverage.outcome, 'partial');
    assert.ok((report(stdout).coverage.unread['missing'] ?? 0) > 0);
  });

  it('gives the same findings with one worker, two, and cat-file by name', async () => {
    const all = await places('--all');
    assert.deepEqual(await places('--all', '--workers', '1'), all);
    assert.deepEqual(await places('--all', '--workers', '2'), all);
    assert.deepEqual(await places('--all', '--source', 'cat-file'), all);
  });

  it('refuses to look for what is staged in a bare repository', async () => {
    const { status, stdout, stderr } = await runCli(['scan', '--staged', repo.clone('--bare').path]);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /nothing can be staged in a bare repository/);
  });

  it('goes on without the configuration that a damaged repository cannot show', async () => {
    const bare = join(createTempFolder(), 'damaged.git');
    cpSync(repo.gitDir, bare, { recursive: true });
    const tree = repo.oid('main^{tree}');
    rmSync(join(bare, 'objects', tree.slice(0, 2), tree.slice(2)));
    const { stdout, stderr } = await runCli(['scan', bare, '-f', 'json']);
    assert.deepEqual(placesOf(stdout), ['secret.txt:1', 'side.txt:1']);
    assert.deepEqual(report(stdout).coverage.unread, { missing: 1 });
    assert.match(stderr, /warning: going on without \.leakgate\.yml/);
  });

  it('leaves the repository as it was', async () => {
    await places('--all');
    assert.equal(repo.git('status', '--porcelain'), '');
    assert.ok(!existsSync(join(repo.gitDir, 'leakgate')));
  });
});

function report(stdout: string): JsonReport {
  return JSON.parse(stdout) as JsonReport;
}

function placesOf(stdout: string): string[] {
  return report(stdout)
    .findings.map(({ path, line }) => `${path}:${line}`)
    .toSorted();
}

function assertNowhere(run: CliRun, secret: string): void {
  assert.ok(!`${run.stdout}${run.stderr}`.includes(secret), 'no secret in clear');
}
