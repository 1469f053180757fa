import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { brief, open, scan, testPolicy } from '../helpers/scan-repo.ts';
import { createRepo, createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat('one');
const OTHER = fakeGithubPat('two');

function folder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = createTempFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

describe('a scan of a directory', () => {
  it('reads every file but those of git, in order', async () => {
    const path = folder({
      'b.txt': `${SECRET}\n`,
      'a/deep/x.txt': `\n${OTHER}\n`,
      '.git/config': `${SECRET}\n`,
      'c/.env': 'A=1\n',
    });
    const { findings, coverage } = await scan({ kind: 'directory', path });
    assert.deepEqual(brief(findings), [
      'a/deep/x.txt:2 github-pat new',
      'b.txt:1 github-pat new',
      'c/.env:1 env-file new',
    ]);
    assert.deepEqual([coverage.outcome, coverage.blobs, coverage.skipped, coverage.trees], ['complete', 3, 1, 3]);
    assert.ok(findings.every(({ commit, blob }) => commit === undefined && blob === undefined));
    assert.deepEqual(findings.map(({ kind }) => kind).sort(), ['file', 'file', 'path']);
  });

  it('reads one file', async () => {
    const path = join(folder({ 'only.txt': `${SECRET}\n`, 'other.txt': `${OTHER}\n` }), 'only.txt');
    assert.deepEqual(brief((await scan({ kind: 'directory', path })).findings), ['only.txt:1 github-pat new']);
  });

  it('follows no symbolic link, but reads what it says', async () => {
    const outside = folder({ 'secret.txt': `${SECRET}\n` });
    const path = folder({ 'a.txt': 'a\n' });
    symlinkSync(outside, join(path, 'folder'));
    symlinkSync(join(outside, 'secret.txt'), join(path, 'file'));
    symlinkSync(`/tmp/${OTHER}`, join(path, 'told'));
    symlinkSync('.', join(path, 'loop'));
    const { findings, coverage } = await scan({ kind: 'directory', path });
    assert.deepEqual(brief(findings), ['told:1 github-pat new']);
    assert.equal(coverage.outcome, 'complete');
  });

  it('does not wait for pipes and reads names that are not UTF-8', async () => {
    const path = folder({ 'a.txt': 'a\n' });
    assert.equal(spawnSync('mkfifo', [join(path, 'pipe')]).status, 0);
    writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xff, 0x2e, 0x74])]), `${SECRET}\n`);
    const { findings, coverage } = await scan({ kind: 'directory', path });
    assert.deepEqual(
      findings.map((finding) => finding.path),
      ['\\xff.t'],
    );
    assert.deepEqual([coverage.outcome, coverage.skipped], ['complete', 1]);
  });

  it('counts what it cannot read', { skip: process.getuid?.() === 0 && 'root reads everything' }, async () => {
    const path = folder({ 'a.txt': `${SECRET}\n`, 'locked/b.txt': 'b\n', 'c.txt': 'c\n' });
    chmodSync(join(path, 'locked'), 0o000);
    chmodSync(join(path, 'c.txt'), 0o000);
    const { findings, coverage } = await scan({ kind: 'directory', path });
    chmodSync(join(path, 'locked'), 0o700);
    assert.deepEqual([findings.length, coverage.outcome, coverage.unread], [1, 'partial', { unreadable: 2 }]);
  });

  it('reads a file over the limit piece by piece', async () => {
    const lines = 'é'.repeat(30).concat('\n').repeat(20_000);
    const path = folder({ 'big.txt': `${lines}${SECRET}\n${lines}x ${OTHER}\n` });
    const policy = testPolicy();
    const { findings, coverage } = await scan(
      { kind: 'directory', path },
      { policy: { ...policy, settings: { ...policy.settings, maxBlobBytes: 1000 } } },
    );
    assert.deepEqual(brief(findings), ['big.txt:20001 github-pat new', 'big.txt:40002 github-pat new']);
    assert.equal(findings[1]?.column, 3);
    assert.equal(coverage.outcome, 'complete');
  });

  it('obeys .gitignore only when asked', async () => {
    const path = folder({
      '.gitignore': '*.log\n/build/\n!keep.log\n',
      'a.log': `${SECRET}\n`,
      'keep.log': `${SECRET}\n`,
      'build/x.txt': `${SECRET}\n`,
      'src/build/y.txt': `${SECRET}\n`,
      'src/.gitignore': '!b.log\n',
      'src/b.log': `${SECRET}\n`,
    });
    assert.equal((await scan({ kind: 'directory', path })).findings.length, 5);
    const { findings } = await scan({ kind: 'directory', path }, { gitignore: true });
    assert.deepEqual(brief(findings), [
      'keep.log:1 github-pat new',
      'src/b.log:1 github-pat new',
      'src/build/y.txt:1 github-pat new',
    ]);
  });

  it('shows paths from a folder above when it is told one', async () => {
    const path = folder({
      '.gitignore': '/src/out/\n',
      'x.txt': `${SECRET}\n`,
      'src/a.txt': `${SECRET}\n`,
      'src/out/b.txt': `${OTHER}\n`,
    });
    const target = { kind: 'directory', path: join(path, 'src'), top: path } as const;
    assert.deepEqual(brief((await scan(target)).findings), [
      'src/a.txt:1 github-pat new',
      'src/out/b.txt:1 github-pat new',
    ]);
    assert.deepEqual(brief((await scan(target, { gitignore: true })).findings), ['src/a.txt:1 github-pat new']);
    await assert.rejects(scan({ ...target, top: join(path, 'src/out') }), { code: 'TARGET_INVALID' });
  });

  it('refuses what is not there', async () => {
    await assert.rejects(scan({ kind: 'directory', path: '/no/such/folder' }), { code: 'TARGET_INVALID' });
    await assert.rejects(scan({ kind: 'directory', path: '/dev/null' }), { code: 'TARGET_INVALID' });
  });

  it('runs nothing that a hostile repository names', async () => {
    const repo = createRepo();
    repo.write('.gitattributes', '* filter=evil diff=evil\n').write('a.txt', `${SECRET}\n`).commit();
    const marker = join(repo.path, 'ran');
    for (const key of [
      'core.fsmonitor',
      'filter.evil.clean',
      'filter.evil.smudge',
      'diff.evil.textconv',
      'diff.external',
      'core.pager',
    ]) {
      repo.git('config', key, `touch ${marker}`);
    }
    const { findings } = await scan({ kind: 'directory', path: repo.path });
    assert.deepEqual(brief(findings), ['a.txt:1 github-pat new']);
    const staged = await scan({ kind: 'staged', repository: await open(repo) });
    assert.equal(staged.coverage.outcome, 'complete');
    assert.equal(spawnSync('ls', [marker]).status, 2);
  });

  it('says that the objects of a bare repository inside were not read', async () => {
    const path = folder({
      'a.txt': 'a\n',
      'objects/HEAD': 'no repository\n',
      'empty.git/HEAD': 'ref: refs/heads/main\n',
    });
    for (const name of ['objects/info', 'objects/pack', 'refs'])
      mkdirSync(join(path, 'empty.git', name), { recursive: true });
    const clean = await scan({ kind: 'directory', path });
    assert.equal(clean.coverage.outcome, 'complete');
    const repo = createRepo().write('a', `${SECRET}\n`).commit();
    for (const [name, pack] of [
      ['loose.git', false],
      ['packed.git', true],
    ] as const) {
      spawnSync('git', ['clone', '-q', '--bare', '--no-hardlinks', repo.path, join(path, name)], {
        env: isolatedEnv(),
      });
      if (pack) spawnSync('git', ['-C', join(path, name), 'gc', '-q'], { env: isolatedEnv() });
    }
    const { coverage } = await scan({ kind: 'directory', path });
    assert.deepEqual([coverage.outcome, coverage.unread], ['partial', { unreadable: 2 }]);
    assert.deepEqual(
      coverage.unreadSamples.map(({ what }) => what),
      ['loose.git/objects', 'packed.git/objects'],
    );
  });

  it('reads a file to its end that says it is empty', { skip: process.platform !== 'linux' }, async () => {
    const env = { LONG: 'x'.repeat(100_000), Z: `t=${SECRET}` };
    const child = spawn(process.execPath, ['--eval', 'process.stdout.write("."); setInterval(() => {}, 1e6)'], { env });
    await once(child.stdout, 'data');
    try {
      const { findings, coverage } = await scan({ kind: 'directory', path: `/proc/${child.pid}/environ` });
      assert.deepEqual(brief(findings), ['environ:1 github-pat new']);
      assert.ok(coverage.bytes > 100_000, `${coverage.bytes} bytes read`);
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });

  it('is partial when it is stopped', async () => {
    const path = folder({ 'a.txt': `${SECRET}\n`, 'b.txt': `${SECRET}\n` });
    const { coverage } = await scan({ kind: 'directory', path }, { signal: AbortSignal.abort() });
    assert.deepEqual([coverage.outcome, coverage.unread], ['partial', { cancelled: 1 }]);
  });
});

describe('a scan of standard input', () => {
  it('finds secrets across the pieces in which it arrives', async () => {
    const text = `one\ntwo ${SECRET} x\n`;
    const stream = Readable.from([...text].map((char) => Buffer.from(char)));
    const { findings, coverage } = await scan({ kind: 'stdin', stream });
    assert.deepEqual(brief(findings), ['stdin:2 github-pat new']);
    assert.deepEqual([findings[0]?.kind, findings[0]?.column, coverage.bytes], ['stdin', 5, text.length]);
  });

  it('judges by the name it is given', async () => {
    const named = await scan({ kind: 'stdin', stream: Readable.from([`sou_${SECRET.slice(4, 24)}`]), name: 'x.src' });
    assert.deepEqual(brief(named.findings), ['x.src:1 source-only new']);
  });

  it('keeps nothing of what it has read, however long it is', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const pieces: WeakRef<Buffer>[] = [];
    let alive = Infinity;
    async function* produce(): AsyncGenerator<Buffer> {
      for (let i = 0; i < 64; i++) {
        const piece = Buffer.alloc(1 << 16, 'some text\n');
        pieces.push(new WeakRef(piece));
        yield piece;
      }
      await setImmediate();
      collectGarbage();
      alive = pieces.filter((piece) => piece.deref() !== undefined).length;
    }
    const { coverage } = await scan({ kind: 'stdin', stream: Readable.from(produce(), { objectMode: false }) });
    assert.equal(coverage.bytes, 64 << 16);
    assert.ok(alive < 16, `${alive} of ${pieces.length} pieces are still in memory`);
  });

  it('does not wait for ever', async () => {
    const stream = new Readable({ read() {} });
    stream.push(`${SECRET}\n`);
    const { findings, coverage } = await scan({ kind: 'stdin', stream }, { deadlineMs: 50 });
    assert.deepEqual([findings.length, coverage.outcome, coverage.unread], [1, 'partial', { deadline: 1 }]);
  });
});

describe('a scan of what is staged', () => {
  it('reads the index, not the working tree, and knows what HEAD had', async () => {
    const repo = createRepo();
    repo.write('old.txt', `${OTHER}\n`).commit();
    repo.write('old.txt', `edited\n${OTHER}\n`).write('new.txt', `${SECRET}\n`);
    writeFileSync(join(repo.path, 'new.txt'), 'not staged\n');
    const { findings } = await scan({ kind: 'staged', repository: await open(repo) });
    assert.deepEqual(brief(findings), ['new.txt:1 github-pat new', 'old.txt:2 github-pat pre-existing']);
  });

  it('works before the first commit and with a file name that is a finding', async () => {
    const repo = createRepo();
    repo.write('.env', 'A=1\n').write('a', `${SECRET}\n`);
    const { findings } = await scan({ kind: 'staged', repository: await open(repo) });
    assert.deepEqual(brief(findings), ['.env:1 env-file new', 'a:1 github-pat new']);
  });

  it('lets a staged rename pass', async () => {
    const repo = createRepo();
    repo.write('a', `${SECRET}\n`).commit().rename('a', 'b');
    const { findings } = await scan({ kind: 'staged', repository: await open(repo) });
    assert.deepEqual(brief(findings), []);
  });
});
