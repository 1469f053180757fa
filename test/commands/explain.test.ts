import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { runCli } from '../helpers/run-cli.ts';
import { createRepo, createTempFolder } from '../helpers/temp-repo.ts';
import type { TempRepo } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat();
const CONFIG = `allowlists:
  - description: sample keys
    paths: ['test/**']
`;

describe('leakgate explain', () => {
  let repo: TempRepo;
  before(() => {
    repo = createRepo();
    repo
      .write('.leakgate.yml', CONFIG)
      .write('test/keys.txt', `k = ${SECRET}\n`)
      .write('src/keys.txt', `k = ${SECRET}\n`)
      .commit('first');
  });
  const explain = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await runCli(['explain', ...args], { cwd: repo.path });
    assert.equal(status, 0, stderr);
    assert.ok(!stdout.includes(SECRET));
    return stdout;
  };

  it('names scope, file and line of the allowlist that suppresses in a file', async () => {
    const text = await explain('test/keys.txt');
    assert.match(text, /Findings in test\/keys\.txt are suppressed by content \.leakgate\.yml:2/);
    assert.match(
      text,
      /github-pat at test\/keys\.txt:1\n {2}It does not count: suppressed by content \.leakgate\.yml:2/,
    );
  });

  it('says that a finding counts, and which rule file it comes from', async () => {
    const text = await explain('src/keys.txt');
    assert.match(text, /It counts: it refuses a push\./);
    assert.match(text, /builtin rules\/github\.yml:\d+/);
  });

  it('explains a path that exists only in git', async () => {
    assert.match(await explain('test/long-gone.txt'), /suppressed by content \.leakgate\.yml:2/);
  });

  it('says that a path is not here, which may be mistyped', async () => {
    const { status, stderr } = await runCli(['explain', 'src/kyes.txt'], { cwd: repo.path });
    assert.equal(status, 0);
    assert.match(stderr, /^leakgate: there is no file src\/kyes\.txt here/);
  });

  it('does not say that nothing has a fingerprint when not everything was read', async () => {
    const broken = createRepo();
    broken.write('a.txt', 'one\n').commit('first');
    rmSync(join(broken.gitDir, 'objects'), { recursive: true });
    mkdirSync(join(broken.gitDir, 'objects'));
    for (const args of [['explain'], ['review', 'add', '--reason', 'x']]) {
      const run = await runCli([...args, `lgf1:${'0'.repeat(32)}`], { cwd: broken.path });
      assert.equal(run.status, 2);
      assert.match(run.stderr, /the fingerprint is not in what was read of \., which is not all: /);
    }
  });

  it('says of a file that it could not be read', { skip: process.platform !== 'linux' }, async () => {
    // What even root cannot read.
    const { status, stderr } = await runCli(['explain', '/proc/self/mem']);
    assert.equal(status, 2);
    assert.match(stderr, /Scan PARTIAL, .*1 unreadable/);
  });

  it('lets no line break of a path look like a line of its own', async () => {
    assert.match(await explain('a\nIt counts'), /^a\\x0aIt counts\n {2}a\\x0aIt counts is scanned/);
  });

  it('refuses a fingerprint that nothing has', async () => {
    const { status, stderr } = await runCli(['explain', `lgf1:${'0'.repeat(32)}`], { cwd: repo.path });
    assert.equal(status, 2);
    assert.match(stderr, /nothing at \. has the fingerprint/);
  });
});

describe('leakgate doctor', () => {
  it('finds everything in order', async () => {
    const { status, stdout } = await runCli(['doctor', createTempFolder()]);
    assert.equal(status, 0, stdout);
    for (const name of ['node', 'engine', 'git', 'global', 'rules', 'key', 'server store', 'server data'])
      assert.match(stdout, new RegExp(`^${name} +(ok|warning) `, 'm'));
  });

  it('shows the engine that was asked for', async () => {
    const { stdout } = await runCli(['doctor'], { env: { LEAKGATE_REGEX_ENGINE: 're2js' } });
    assert.match(stdout, /^engine +ok +re2js, as LEAKGATE_REGEX_ENGINE asks$/m);
  });

  it('only warns of what would keep a server from starting, and makes no folder for one', async () => {
    const folder = createTempFolder();
    chmodSync(folder, 0o755);
    const open = await runCli(['doctor'], { env: { LEAKGATE_DATA_DIR: folder } });
    assert.match(open.stdout, /^server data +warning +leakgate serve does not start: .*chmod 700/m);
    assert.equal(open.status, 0, open.stdout);
    const absent = join(folder, 'data');
    const none = await runCli(['doctor'], { env: { LEAKGATE_DATA_DIR: absent } });
    assert.match(none.stdout, /^server data +ok +none yet/m);
    assert.ok(!existsSync(absent));
  });

  it('does not find a target in order that is not there, or is a file', async () => {
    const folder = createTempFolder();
    writeFileSync(join(folder, 'FILE'), 'text\n');
    const absent = await runCli(['doctor', join(folder, 'absent')]);
    assert.match(absent.stdout, /^configuration +broken +\S+absent does not exist or cannot be read$/m);
    assert.equal(absent.status, 2);
    const file = await runCli(['doctor', 'FILE'], { cwd: folder });
    assert.match(file.stdout, /^configuration +broken +\S+FILE is a file, not a repository$/m);
    assert.equal(file.status, 2);
  });

  it('says what is broken, and ends with 2', async () => {
    const folder = createTempFolder();
    writeFileSync(join(folder, 'leakgate.yml'), 'rules: 3\n');
    writeFileSync(join(folder, 'key'), 'short\n', { mode: 0o600 });
    const env = { LEAKGATE_CONFIG: join(folder, 'leakgate.yml'), LEAKGATE_KEY_FILE: join(folder, 'key') };
    const { status, stdout } = await runCli(['doctor', '-f', 'json'], { env });
    assert.equal(status, 2);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; health: string }[] };
    assert.deepEqual(
      checks.filter(({ health }) => health === 'broken').map(({ name }) => name),
      ['configuration', 'key'],
    );
  });
});
