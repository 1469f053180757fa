import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { makeAllowlist } from '../helpers/make-policy.ts';
import { brief, scanAll, scanPush, scanRange, testPolicy } from '../helpers/scan-repo.ts';
import { createRepo, createTempFolder, type TempRepo } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat('one');
const OTHER = fakeGithubPat('two');
/** What the rule `source-only` finds in files named `.src` and nowhere else. */
const SOURCE = `sou_${SECRET.slice(4, 24)}`;

/** A client with one pushed commit of these files, and its server. */
function pushed(files: Readonly<Record<string, string>> = { 'readme.md': 'hello\n' }): {
  client: TempRepo;
  server: TempRepo;
} {
  const client = createRepo();
  const server = client.addBareRemote();
  for (const [path, text] of Object.entries(files)) client.write(path, text);
  client.commit('base');
  assert.ok(client.push('main').accepted);
  return { client, server };
}

/** A PATH whose git writes its arguments to `file`, a line for each start, before it does its work. */
function recordingGit(file: string): string {
  const folder = createTempFolder();
  const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  writeFileSync(join(folder, 'git'), `#!/bin/sh\necho "$*" >> '${file}'\nexec '${git}' "$@"\n`, { mode: 0o755 });
  return `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
}

const NO_SAMPLES = testPolicy({ allowlists: [makeAllowlist({ description: 'samples', lines: ['sample'] })] });
const NO_TESTS = testPolicy({ allowlists: [makeAllowlist({ description: 'tests', paths: ['test/**'] })] });

describe('a scan of a push', () => {
  it('sees the first push of a repository whole', async () => {
    const client = createRepo();
    const server = client.addBareRemote();
    client.write('a.txt', `${SECRET}\n`).commit().write('a.txt', 'clean\n').commit();
    const { findings, coverage } = await scanPush(client, server, ['main']);
    assert.deepEqual(brief(findings), ['a.txt:1 github-pat new']);
    assert.deepEqual([coverage.outcome, coverage.commits], ['complete', 2]);
  });

  it('sees what is added and removed in one push, and nothing of what was there', async () => {
    const { client, server } = pushed({ 'old.txt': `${OTHER}\n` });
    client.write('a.txt', `${SECRET}\n`).commit().remove('a.txt').commit();
    const { findings, coverage } = await scanPush(client, server, ['main']);
    assert.deepEqual(brief(findings), ['a.txt:1 github-pat new']);
    assert.deepEqual([coverage.commits, coverage.blobs], [2, 1]);
  });

  it('sees every ref of a push with a deletion first', async () => {
    const { client, server } = pushed();
    client.push('main:refs/heads/aaa');
    client.branch('zzz').write('a.txt', `${SECRET}\n`).commit();
    client.tag('v1', 'main', `tagged ${OTHER}`);
    const { findings } = await scanPush(client, server, [':refs/heads/aaa', 'zzz', 'v1']);
    assert.deepEqual(findings.map(({ kind }) => kind).sort(), ['blob', 'tag']);
  });

  it('finds nothing to read in a deletion and in a branch of a known commit', async () => {
    const { client, server } = pushed({ 'old.txt': `${OTHER}\n` });
    client.push('main:refs/heads/gone');
    for (const refspecs of [[':refs/heads/gone'], ['main:refs/heads/again']]) {
      const { findings, coverage } = await scanPush(client, server, refspecs);
      assert.deepEqual([findings.length, coverage.outcome, coverage.commits], [0, 'complete', 0]);
    }
  });

  it('calls pre-existing what the file had before, wherever the line went', async () => {
    const { client, server } = pushed({ 'a.txt': `x\n${SECRET}\n` });
    client.write('a.txt', `one\ntwo\nthree\n  ${SECRET}\n`).commit();
    client.write('a.txt', `${SECRET}\n${OTHER}\n`).commit();
    const { findings } = await scanPush(client, server, ['main']);
    assert.deepEqual(brief(findings), ['a.txt:2 github-pat new', 'a.txt:4 github-pat pre-existing']);
  });

  it('calls new what only one parent of a merge had in that file', async () => {
    const { client, server } = pushed({ 'a.txt': '1\n2\n3\n4\n5\n6\n7\n8\n' });
    client.branch('side').write('a.txt', `1\n2\n3\n4\n5\n6\n7\n8\n${SECRET}\n`).commit();
    client.push('side');
    client.checkout('main').write('a.txt', '0\n1\n2\n3\n4\n5\n6\n7\n8\n').commit();
    client.push('main');
    client.merge('side');
    const { findings } = await scanPush(client, server, ['main']);
    assert.deepEqual(brief(findings), ['a.txt:10 github-pat new']);
  });

  it('calls new what a merge copies to where only one parent has it', async () => {
    const { client, server } = pushed({ 'a.txt': `${SECRET}\nsecond\n`, 'c.txt': `${SECRET}\nfirst\n` });
    client.branch('side').write('a.txt', 'clean\n').commit().push('side');
    client.checkout('main').write('b.txt', 'b\n').commit().push('main');
    client.merge('side', { commit: false }).write('a.txt', `${SECRET}\nfirst\n`).commit('evil merge');
    const { findings } = await scanPush(client, server, ['main']);
    assert.deepEqual(brief(findings), ['a.txt:1 github-pat new']);
  });

  it('lets plain renames and copies pass', async () => {
    const { client, server } = pushed({ 'dir/a.txt': `${SECRET}\n`, 'b.txt': `${OTHER}\n` });
    client.rename('dir/a.txt', 'moved/a.txt').write('copy.txt', `${OTHER}\n`).commit();
    const { findings, coverage } = await scanPush(client, server, ['main']);
    assert.deepEqual([brief(findings), coverage.outcome], [[], 'complete']);
  });

  it('calls a rename with an edit pre-existing', async () => {
    const { client, server } = pushed({ 'a.txt': `${SECRET}\n` });
    client.rename('a.txt', 'b.txt').write('b.txt', `edited\n${SECRET}\n`).commit();
    assert.deepEqual(brief((await scanPush(client, server, ['main'])).findings), ['b.txt:2 github-pat pre-existing']);
  });

  it('finds what is renamed or copied out of an excluded path', async () => {
    const { client, server } = pushed({ 'test/a.txt': `${SECRET}\n`, 'test/b.txt': `${OTHER}\n` });
    client.rename('test/a.txt', 'src/a.txt').write('src/b.txt', `${OTHER}\n`).commit();
    const { findings } = await scanPush(client, server, ['main'], { policy: NO_TESTS });
    assert.deepEqual(brief(findings), ['src/a.txt:1 github-pat new', 'src/b.txt:1 github-pat new']);
    assert.ok(findings.every(({ commit, author }) => commit === client.head && author === 'A U Thor'));
  });

  it('finds what is renamed with an edit out of an excluded path, and a whole folder', async () => {
    const { client, server } = pushed({ 'test/a.txt': `${SECRET}\n`, 'test/deep/er/b.txt': `${OTHER}\n` });
    client.rename('test/a.txt', 'a.txt').write('a.txt', `edited\n${SECRET}\n`).rename('test/deep', 'lib').commit();
    const { findings } = await scanPush(client, server, ['main'], { policy: NO_TESTS });
    assert.deepEqual(brief(findings), ['a.txt:2 github-pat new', 'lib/er/b.txt:1 github-pat new']);
  });

  it('calls new what leaves an excused line or an inline mark, in the same push or a later one', async () => {
    const marks = { inlineMarks: true };
    for (const [excused, options] of [
      [`sample ${SECRET}\n`, { policy: NO_SAMPLES }],
      [`${SECRET} # leakgate:allow\n`, marks],
    ] as const) {
      const { client, server } = pushed({ 'old.txt': excused });
      client.write('a.txt', excused).commit();
      client.write('a.txt', `${SECRET}\n`).write('old.txt', `x\n${SECRET}\n`).commit();
      client.rename('old.txt', 'older.txt').write('older.txt', `x\ny\n${SECRET}\n`).commit();
      const { findings } = await scanPush(client, server, ['main'], options);
      assert.deepEqual(brief(findings), [
        'a.txt:1 github-pat new',
        'old.txt:2 github-pat new',
        'older.txt:3 github-pat pre-existing',
      ]);
    }
  });

  it('calls new what leaves an excused line by a rename, or by an old blob that takes its place', async () => {
    const { client, server } = pushed({ 'a.txt': `sample ${SECRET}\n`, 'b.txt': `sample ${OTHER}\n` });
    const plain = client.hashObject(`${OTHER}\n`);
    client.git(
      'update-ref',
      'refs/heads/side',
      client.commitTree(client.makeTree([{ mode: '100644', name: 'x', oid: plain }])),
    );
    client.push('side');
    client.rename('a.txt', 'c.txt').write('c.txt', `x\n${SECRET}\n`).write('b.txt', `${OTHER}\n`).commit();
    const { findings } = await scanPush(client, server, ['main'], { policy: NO_SAMPLES });
    assert.deepEqual(brief(findings), ['b.txt:1 github-pat new', 'c.txt:2 github-pat new']);
  });

  it('calls pre-existing what stood in an excused line and in another one', async () => {
    const { client, server } = pushed({ 'a.txt': `sample ${SECRET}\n${SECRET}\n` });
    client.write('a.txt', `edited\n${SECRET}\n`).commit();
    const { findings } = await scanPush(client, server, ['main'], { policy: NO_SAMPLES });
    assert.deepEqual(brief(findings), ['a.txt:2 github-pat pre-existing']);
  });

  it('takes a folder that becomes a file for no version of that file', async () => {
    const { client, server } = pushed({ 'k/a': `${SECRET}\n`, 'm/a': `${OTHER}\n`, '.env/a': 'hello\n' });
    client.remove('k').write('k', `${SECRET}\n`).remove('m').write('m', `edited\n${OTHER}\n`);
    client.remove('.env').write('.env', 'A=1\n').commit();
    const { findings } = await scanPush(client, server, ['main']);
    assert.deepEqual(brief(findings), ['.env:1 env-file new', 'm:2 github-pat pre-existing']);
  });

  it('takes time in proportion to the secrets that a file had before', async () => {
    const secrets = Array.from({ length: 900 }, (_, i) => `${fakeGithubPat(`before ${i}`)}\n`).join('');
    const allowlists = Array.from({ length: 40 }, (_, i) => makeAllowlist({ paths: [`fixtures${i}/**`] }));
    const { client, server } = pushed({ 'a.txt': secrets });
    for (let i = 0; i < 3; i++) client.write('a.txt', `${i}\n${secrets}`).commit();
    const started = performance.now();
    const { findings } = await scanPush(client, server, ['main'], { policy: testPolicy({ allowlists }) });
    assert.ok(findings.length === 900 && findings.every(({ state }) => state === 'pre-existing'));
    assert.ok(performance.now() - started < 20_000);
  });

  it('finds what is brought back from the past', async () => {
    const { client, server } = pushed({ 'a.txt': `${SECRET}\n` });
    client.write('a.txt', 'clean\n').commit();
    client.push('main');
    client.write('a.txt', `${SECRET}\n`).commit('revert');
    const { findings } = await scanPush(client, server, ['main']);
    assert.deepEqual(brief(findings), ['a.txt:1 github-pat new']);
  });

  it('finds file names that come, not those that were there', async () => {
    const { client, server } = pushed({ 'app/.env': 'A=1\n', 'app/x': '1\n' });
    client.write('app/x', '2\n').commit();
    assert.deepEqual(brief((await scanPush(client, server, ['main'])).findings), ['app/.env:1 env-file pre-existing']);
    client.push('main');
    client.write('lib/.env', 'A=1\n').commit();
    assert.deepEqual(brief((await scanPush(client, server, ['main'])).findings), ['lib/.env:1 env-file new']);
  });

  it('finds a secret in a new path of several levels', async () => {
    const { client, server } = pushed();
    client.write(`a/${SECRET}/b/c.txt`, 'hello\n').commit();
    const { findings } = await scanPush(client, server, ['main']);
    assert.deepEqual(
      findings.map(({ kind, path, state }) => [kind, path, state]),
      [['path', 'a/ghp_…(40)', 'new']],
    );
  });

  it('does not look at replaced objects', async () => {
    const { client, server } = pushed();
    client.write('a.txt', `${SECRET}\n`).commit();
    server.git('update-ref', `refs/replace/${client.oid('HEAD:a.txt')}`, server.hashObject('harmless\n'));
    assert.deepEqual(brief((await scanPush(client, server, ['main'])).findings), ['a.txt:1 github-pat new']);
  });

  it('scans what a forced push brings, and what comes back by one', async () => {
    const { client, server } = pushed();
    client.write('a.txt', `${SECRET}\n`).commit();
    client.push('main');
    client.git('reset', '-q', '--hard', 'HEAD~1');
    client.write('b.txt', `${OTHER}\n`).commit();
    const { findings } = await scanPush(client, server, ['+main']);
    assert.deepEqual(brief(findings), ['b.txt:1 github-pat new']);
  });

  it('scans blobs pushed under a tag, and notes', async () => {
    const { client, server } = pushed();
    client.tag('blob', client.hashObject(`${SECRET}\n`));
    client.git('notes', 'add', '-m', `note ${OTHER}`, 'HEAD');
    const { findings } = await scanPush(client, server, ['refs/tags/blob', 'refs/notes/commits']);
    assert.deepEqual(
      findings.map(({ state }) => state),
      ['new', 'new'],
    );
  });

  it('lets no path excuse what a tag names, which stands at none', async () => {
    const { client, server } = pushed();
    client.tag('blob', client.hashObject(`${SECRET}\n`));
    client.write('a.txt', `${OTHER}\n`).commit();
    const policy = testPolicy({ allowlists: [makeAllowlist({ pathPatterns: ['.*'] })] });
    const { findings } = await scanPush(client, server, ['main', 'refs/tags/blob'], { policy });
    assert.deepEqual(
      findings.map(({ path, state }) => [path === 'a.txt', state]),
      [[false, 'new']],
    );
  });

  it('finds what counts only at a later path of the same content', async () => {
    const { client, server } = pushed();
    client.write('a.txt', `${SOURCE}\n`).commit();
    client.write('b/copy.src', `${SOURCE}\n`).commit();
    const { findings } = await scanPush(client, server, ['main']);
    assert.deepEqual(brief(findings), ['b/copy.src:1 source-only new']);
    assert.equal(findings[0]?.commit, client.oid('HEAD'));
  });

  it('starts no more git for a match that counts nowhere than for none', async () => {
    const started = async (line: string): Promise<string[]> => {
      const { client, server } = pushed();
      client.write('a.txt', `${line}\n`).commit();
      client.write('b/copy.txt', `${line}\n`).commit();
      const commands = join(createTempFolder(), 'commands');
      const { findings } = await scanPush(client, server, ['main'], {}, { PATH: recordingGit(commands) });
      assert.deepEqual(findings, []);
      // Ids of commits are arguments, and another text is another commit.
      return readFileSync(commands, 'utf8')
        .replace(/[0-9a-f]{40}/g, '<id>')
        .trimEnd()
        .split('\n')
        .sort();
    };
    const without = await started('nothing');
    assert.ok(without.length > 2);
    assert.deepEqual(await started(SOURCE), without);
  });

  it('in strict mode scans what no ref reaches, and not the old bases of deltas', async () => {
    const { client, server } = pushed({ 'a.txt': 'a\n' });
    client.write('b.txt', 'b\n').commit();
    const policy = testPolicy();
    const strict = { ...policy, settings: { ...policy.settings, hook: { ...policy.settings.hook, strict: true } } };
    const { coverage } = await scanPush(client, server, ['main'], { policy: strict });
    assert.deepEqual([coverage.outcome, coverage.blobs, coverage.commits], ['complete', 1, 1]);
  });

  it('is done with a tree bomb at once, and says what it could not tell', async () => {
    const { client, server } = pushed();
    let tree = client.makeTree([{ mode: '100644', name: 'f', oid: client.hashObject('bomb\n') }]);
    for (let level = 0; level < 8; level++) {
      tree = client.makeTree(
        Array.from({ length: 10 }, (_, i) => ({ mode: '040000' as const, name: `d${i}`, oid: tree })),
      );
    }
    client.setRef('refs/heads/bomb', client.commitTree(tree, [client.head]));
    const { coverage, durationMs } = await scanPush(client, server, ['bomb']);
    // git log is given up after 5 s of silence: that it is not even asked is what is meant.
    assert.ok(durationMs < 4500, `${durationMs} ms`);
    assert.deepEqual([coverage.outcome, coverage.unread], ['partial', { 'too-many-paths': 1 }]);
    assert.equal(coverage.blobs, 1);
  });
});

describe('a scan of a range', () => {
  it('and of what came before it find together what a scan of everything finds', async () => {
    const repo = createRepo();
    repo.write('a.txt', `${SECRET}\n`).write('test/t.txt', `${OTHER}\n`).commit();
    repo
      .branch('side')
      .write('s.txt', `${fakeGithubPat('s')}\n`)
      .commit();
    repo
      .checkout('main')
      .write('b.txt', `${fakeGithubPat('b')}\n`)
      .commit();
    repo.tag('mid');
    const before = await scanAll(repo, { policy: NO_TESTS });
    const middle = { main: repo.oid('main'), side: repo.oid('side') };
    repo
      .write('c/d.txt', `x\n${fakeGithubPat('c')}\n`)
      .write('a.txt', `moved\n${SECRET}\n`)
      .commit();
    repo.rename('test/t.txt', 't.txt').commit(`message ${fakeGithubPat('m')}`);
    repo.merge('side');
    const after = await scanRange(repo, 'mid', 'main', { policy: NO_TESTS });
    const all = await scanAll(repo, { policy: NO_TESTS });
    const keys = (findings: typeof all.findings): string[] =>
      findings.map(({ ruleId, fingerprint, path }) => `${ruleId} ${fingerprint} ${path}`);
    assert.deepEqual(
      [...new Set([...keys(before.findings), ...keys(after.findings)])].sort(),
      keys(all.findings).sort(),
    );
    assert.ok(middle.main !== repo.oid('main'));
  });

  it('marks what the parents had', async () => {
    const repo = createRepo();
    repo.write('a.txt', `${SECRET}\n`).commit();
    repo.write('a.txt', `${SECRET}\n${OTHER}\n`).commit();
    const { findings } = await scanRange(repo, 'HEAD~1', 'HEAD');
    assert.deepEqual(brief(findings), ['a.txt:1 github-pat pre-existing', 'a.txt:2 github-pat new']);
  });
});

describe('a scan of a large push', () => {
  it('finds the one secret in a first push of thousands of commits', async () => {
    const client = createRepo();
    const server = client.addBareRemote();
    client.commitMany(1500, { content: (i) => (i === 700 ? `${SECRET}\n` : `content ${i}\n`) });
    const { findings, coverage } = await scanPush(client, server, ['main'], { workers: 2 });
    assert.deepEqual(brief(findings), ['many/0.txt:1 github-pat new']);
    assert.deepEqual([coverage.outcome, coverage.commits, coverage.blobs], ['complete', 1500, 1500]);
  });
});
