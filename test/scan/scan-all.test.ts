import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync, readdirSync, readFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { makeAllowlist } from '../helpers/make-policy.ts';
import { brief, open, scan, scanAll, testPolicy } from '../helpers/scan-repo.ts';
import { createRepo, type TempRepo } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat('one');
const OTHER = fakeGithubPat('two');
const THIRD = fakeGithubPat('three');

describe('a scan of all refs', () => {
  it('finds a secret that was added and removed, and says where, who and when', async () => {
    const repo = createRepo();
    repo.write('readme', 'hello\n').commit('first');
    repo
      .write('src/config.js', `// é\nconst é = "${SECRET}";\n`)
      .commit('second', { author: 'Jane Doe', email: 'jane@example.org', date: '2024-05-01T12:00:00+0200' });
    const { head } = repo;
    const blob = repo.oid('HEAD:src/config.js');
    repo.remove('src/config.js').commit('third');
    const { findings, suppressed, coverage } = await scanAll(repo);
    assert.deepEqual(suppressed, []);
    assert.equal(findings.length, 1);
    const [finding] = findings;
    assert.match(finding?.fingerprint ?? '', /^lgf1:[0-9a-f]{32}$/);
    assert.deepEqual(
      { ...finding, fingerprint: '', matchFingerprint: '' },
      {
        ruleId: 'github-pat',
        ruleName: 'github-pat',
        kind: 'blob',
        path: 'src/config.js',
        line: 2,
        column: 12,
        endLine: 2,
        endColumn: 52,
        secret: 'ghp_…(40)',
        match: 'ghp_…(40)',
        fingerprint: '',
        matchFingerprint: '',
        severity: 'high',
        confidence: 'medium',
        blob,
        commit: head,
        author: 'Jane Doe',
        email: 'jane@example.org',
        date: '2024-05-01T12:00:00+02:00',
        state: 'new',
        blocking: true,
        occurrences: 1,
      },
    );
    assert.equal(coverage.outcome, 'complete');
    assert.deepEqual(
      { ...coverage, bytes: 0 },
      {
        outcome: 'complete',
        blobs: 2,
        commits: 3,
        tags: 0,
        trees: 3,
        bytes: 0,
        skipped: 0,
        unread: {},
        unreadSamples: [],
      },
    );
  });

  it('makes one finding of the same secret in many versions of a file, the earliest', async () => {
    const repo = createRepo();
    repo.write('a.txt', `x\n${SECRET}\n`).commit();
    const first = repo.head;
    repo.write('a.txt', `x\ny\n${SECRET}\n`).commit();
    repo.write('a.txt', `x\ny\nz\n${SECRET} ${SECRET}\n`).commit();
    const { findings } = await scanAll(repo);
    assert.deepEqual(brief(findings), ['a.txt:2 github-pat new']);
    assert.equal(findings[0]?.occurrences, 3);
    assert.equal(findings[0]?.commit, first);
  });

  it('names the further lines of the version it shows that have the same secret', async () => {
    const repo = createRepo();
    repo.write('a.txt', `${SECRET}\n\n${SECRET} ${SECRET}\nx\n${SECRET}\n`).write('b.txt', `${SECRET}\n`).commit();
    repo.write('a.txt', `${SECRET}\n${SECRET}\n`).commit();
    const { findings } = await scanAll(repo);
    assert.deepEqual(
      findings.map(({ path, line, otherLines }) => [path, line, otherLines]),
      [
        ['a.txt', 1, [3, 5]],
        ['b.txt', 1, undefined],
      ],
    );
    repo.write('many.txt', `${SECRET}\n`.repeat(500)).commit();
    const many = (await scanAll(repo)).findings.find(({ path }) => path === 'many.txt');
    assert.deepEqual(
      many?.otherLines,
      Array.from({ length: 100 }, (_, at) => at + 2),
    );
  });

  it('finds what a merge commit adds that neither parent has', async () => {
    const repo = createRepo();
    repo.write('a.txt', 'a\n').commit();
    repo.branch('side').write('b.txt', 'b\n').commit();
    repo.checkout('main').write('c.txt', 'c\n').commit();
    repo.merge('side', { commit: false }).write('evil.txt', `${SECRET}\n`).commit('merge');
    const { findings } = await scanAll(repo);
    assert.deepEqual(brief(findings), ['evil.txt:1 github-pat new']);
    assert.equal(findings[0]?.commit, repo.head);
    assert.equal(repo.git('rev-list', '--parents', '-1', 'HEAD').split(' ').length, 3);
  });

  it('scans commit and tag messages, names and e-mail addresses', async () => {
    const repo = createRepo();
    repo.write('a.txt', 'a\n').commit(`oops ${SECRET}`, { author: `Key ${OTHER}` });
    repo.tag('v1', 'HEAD', `release\n\n${THIRD}\n`);
    const { findings } = await scanAll(repo);
    const commit = repo.head;
    const tag = repo.oid('v1');
    assert.deepEqual(
      findings.map(({ kind, path, ruleId }) => `${kind} ${path} ${ruleId}`).sort(),
      [`commit ${commit} github-pat`, `commit ${commit} github-pat`, `tag ${tag} github-pat`].sort(),
    );
    assert.ok(
      findings.every(({ author = '' }) => !author.includes(OTHER)),
      'an author named after a key is redacted',
    );
    assert.ok(
      !JSON.stringify(findings).includes(SECRET.slice(8)) && !JSON.stringify(findings).includes(OTHER.slice(8)),
    );
  });

  it('scans blobs and trees that only a tag names, and nested tags', async () => {
    const repo = createRepo();
    repo.write('a.txt', 'a\n').commit();
    repo.tag('blob', repo.hashObject(`tagged ${SECRET}\n`));
    repo.tag('tree', repo.makeTree([{ mode: '100644', oid: repo.hashObject(`${OTHER}\n`), name: 'in-tree.txt' }]));
    repo.tag('inner', 'HEAD', 'inner').tag('outer', 'inner', `outer ${THIRD}`);
    const { findings, coverage } = await scanAll(repo);
    assert.equal(coverage.outcome, 'complete');
    assert.deepEqual(
      findings.map(({ kind, path, commit }) => `${kind} ${path} ${commit === undefined}`).sort(),
      [`blob ${repo.oid('blob')} true`, 'blob in-tree.txt true', `tag ${repo.oid('outer')} true`].sort(),
    );
  });

  it('finds secrets in file and folder names and redacts them in every path', async () => {
    const repo = createRepo();
    repo.write(`keys/${SECRET}.txt`, `see ${OTHER}\n`).commit();
    repo.write(`${THIRD}/x`, 'nothing\n').commit();
    const { findings } = await scanAll(repo);
    assert.deepEqual(brief(findings), [
      'ghp_…(40):1 github-pat new',
      'keys/ghp_…(40).txt:1 github-pat new',
      'keys/ghp_…(40).txt:1 github-pat new',
    ]);
    const text = JSON.stringify(findings);
    for (const secret of [SECRET, OTHER, THIRD]) assert.ok(!text.includes(secret.slice(8)));
  });

  it('finds a file whose very name is the finding, also when it got there by a rename', async () => {
    const repo = createRepo();
    repo.write('env.txt', 'A=1\n').commit();
    repo.rename('env.txt', 'app/.env').commit();
    const { findings } = await scanAll(repo);
    assert.deepEqual(brief(findings), ['app/.env:1 env-file new']);
    assert.equal(findings[0]?.commit, repo.head);
  });

  it('scans the targets of symbolic links and passes over submodules', async () => {
    const repo = createRepo();
    repo.write('a.txt', 'a\n').symlink('link', `/nowhere/${SECRET}`);
    repo.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
    repo.commit();
    const { findings, coverage } = await scanAll(repo);
    assert.deepEqual(brief(findings), ['link:1 github-pat new']);
    assert.equal(coverage.outcome, 'complete');
  });

  it('reads UTF-16, binary files with text in them, and ASCII that claims to be UTF-16', async () => {
    const repo = createRepo();
    repo.write('utf16.txt', Buffer.from(`\ufeffline\r\nkey = ${SECRET}\r\n`, 'utf16le'));
    repo.write(
      'image.bin',
      Buffer.concat([Buffer.from([0, 1, 2, 0xff, 0xfe, 0]), Buffer.from(` ${OTHER} `), Buffer.alloc(40, 0xee)]),
    );
    repo.write('trick.txt', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`\n${THIRD}\n`)]));
    repo.commit();
    const { findings } = await scanAll(repo);
    assert.deepEqual(brief(findings), [
      'image.bin:1 github-pat new',
      'trick.txt:2 github-pat new',
      'utf16.txt:2 github-pat new',
    ]);
  });

  it('is not misled by replace refs', async () => {
    const repo = createRepo();
    repo.write('a.txt', `${SECRET}\n`).commit();
    repo.git('replace', repo.oid('HEAD:a.txt'), repo.hashObject('harmless\n'));
    const { findings } = await scanAll(repo);
    assert.deepEqual(brief(findings), ['a.txt:1 github-pat new']);
  });

  it('reads SHA-256 repositories', async () => {
    const repo = createRepo({ objectFormat: 'sha256' });
    repo.write('dir/a.txt', `${SECRET}\n`).commit();
    const { findings, coverage } = await scanAll(repo);
    assert.deepEqual(brief(findings), ['dir/a.txt:1 github-pat new']);
    assert.equal(findings[0]?.blob?.length, 64);
    assert.equal(coverage.outcome, 'complete');
  });

  it('shows paths exactly: newlines, bytes that are not UTF-8, leading dashes', async () => {
    const repo = createRepo();
    const names = ['new\nline.txt', Buffer.from([0x66, 0xff, 0x2e, 0x74]), '-rf', ':(top)x', 'sp ace'];
    const entries = names.map((name, i) => ({
      mode: '100644' as const,
      name,
      oid: repo.hashObject(`${fakeGithubPat(`n${i}`)}\n`),
    }));
    repo.setRef('refs/heads/odd', repo.commitTree(repo.makeTree(entries)));
    const { findings } = await scanAll(repo);
    assert.deepEqual(findings.map(({ path }) => path).sort(), [
      '-rf',
      ':(top)x',
      'f\\xff.t',
      'new\nline.txt',
      'sp ace',
    ]);
    assert.ok(findings.every(({ commit }) => commit === repo.oid('odd')));
  });

  it('counts content that stands at an excluded path and at another one as well', async () => {
    const repo = createRepo();
    repo.write('test/key.txt', `${SECRET}\n`).commit();
    const policy = testPolicy({ allowlists: [makeAllowlist({ description: 'tests', paths: ['test/**'] })] });
    const before = await scanAll(repo, { policy });
    assert.deepEqual(
      [brief(before.findings), brief(before.suppressed)],
      [[], ['test/key.txt:1 github-pat suppressed']],
    );
    repo.write('zzz/key.txt', `${SECRET}\n`).commit();
    const { findings, suppressed } = await scanAll(repo, { policy });
    assert.deepEqual([brief(findings), brief(suppressed)], [['zzz/key.txt:1 github-pat new'], []]);
    assert.equal(findings[0]?.commit, repo.head);
  });

  it('applies the path condition of a rule to every place of a blob', async () => {
    const repo = createRepo();
    const secret = `sou_${SECRET.slice(4, 24)}`;
    repo.write('a.txt', `${secret}\n`).commit(`not here: ${secret}`);
    assert.deepEqual(brief((await scanAll(repo)).findings), []);
    repo.write('b.src', `${secret}\n`).commit();
    assert.deepEqual(brief((await scanAll(repo)).findings), ['b.src:1 source-only new']);
  });

  it('records inline marks and obeys them only where asked', async () => {
    const repo = createRepo();
    repo.write('a.txt', `x\n${SECRET} # leakgate:allow\n`).commit();
    const obeyed = await scanAll(repo);
    assert.deepEqual([brief(obeyed.findings), brief(obeyed.suppressed)], [[], ['a.txt:2 github-pat suppressed']]);
    assert.equal(obeyed.suppressed[0]?.suppression?.kind, 'inline-mark');
    assert.deepEqual(brief((await scanAll(repo, { inlineMarks: false })).findings), ['a.txt:2 github-pat new']);
  });

  it('shows secrets in clear only when asked', async () => {
    const repo = createRepo();
    repo.write('a.txt', `key=${SECRET}\n`).commit();
    assert.equal((await scanAll(repo, { showSecrets: true })).findings[0]?.secret, SECRET);
    assert.ok(!JSON.stringify(await scanAll(repo)).includes(SECRET.slice(8)));
  });
});

describe('a scan that cannot read everything', () => {
  it('counts a missing blob and goes on', async () => {
    const repo = createRepo();
    repo.write('a.txt', 'gone\n').write('b.txt', `${SECRET}\n`).commit();
    const oid = repo.oid('HEAD:a.txt');
    rmSync(join(repo.gitDir, 'objects', oid.slice(0, 2), oid.slice(2)));
    const { findings, coverage } = await scanAll(repo);
    assert.deepEqual(brief(findings), ['b.txt:1 github-pat new']);
    assert.equal(coverage.outcome, 'partial');
    assert.deepEqual(coverage.unread, { missing: 1 });
    assert.deepEqual(coverage.unreadSamples, [{ reason: 'missing', what: oid }]);
  });

  it('counts a corrupt blob and goes on behind it', async () => {
    const repo = createRepo();
    repo
      .write('a.txt', Array.from({ length: 2000 }, (_, i) => fakeGithubPat(`line ${i}`).slice(4)).join('\n'))
      .write('b.txt', `${SECRET}\n`)
      .commit();
    const oid = repo.oid('HEAD:a.txt');
    const file = join(repo.gitDir, 'objects', oid.slice(0, 2), oid.slice(2));
    const bytes = readFileSync(file);
    chmodSync(file, 0o644);
    writeFileSync(file, bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 100));
    const { findings, coverage } = await scanAll(repo);
    assert.deepEqual(brief(findings), ['b.txt:1 github-pat new']);
    assert.equal(coverage.outcome, 'partial');
    assert.equal(coverage.unread.corrupt, 1);
  });

  it('fails, and does not say clean, when git cannot walk the history', async () => {
    const repo = createRepo();
    repo.write('a.txt', 'a\n').commit();
    const first = repo.head;
    repo.write('a.txt', 'b\n').commit();
    rmSync(join(repo.gitDir, 'objects', first.slice(0, 2), first.slice(2)));
    const { coverage } = await scanAll(repo);
    assert.equal(coverage.outcome, 'failed');
    assert.equal(coverage.error?.code, 'GIT_FAILED');
  });

  it('scans a partial clone to what it has, without fetching the rest', async () => {
    const origin = createRepo();
    origin.write('a.txt', 'gone\n').commit().write('a.txt', `${SECRET}\n`).commit();
    origin.git('config', 'uploadpack.allowFilter', 'true');
    const clone = origin.clone('--filter=blob:none');
    const { findings, coverage } = await scanAll(clone);
    assert.deepEqual(brief(findings), ['a.txt:1 github-pat new']);
    assert.deepEqual([coverage.outcome, coverage.unread], ['partial', { missing: 1 }]);
  });

  it('scans a shallow clone completely as far as it goes', async () => {
    const origin = createRepo();
    origin.write('a.txt', `${SECRET}\n`).commit().write('a.txt', `${OTHER}\n`).commit();
    const { findings, coverage } = await scanAll(origin.clone('--depth=1'));
    assert.deepEqual(brief(findings), ['a.txt:1 github-pat new']);
    assert.equal(coverage.outcome, 'complete');
  });

  it('says too-large instead of reading a blob over the limit', async () => {
    const repo = createRepo();
    repo
      .write('big.txt', `${'x'.repeat(5000)}\n`)
      .write('small.txt', `${SECRET}\n`)
      .commit();
    const policy = testPolicy();
    const limited = { ...policy, settings: { ...policy.settings, maxBlobBytes: 4096 } };
    const { findings, coverage } = await scanAll(repo, { policy: limited });
    assert.deepEqual(brief(findings), ['small.txt:1 github-pat new']);
    assert.deepEqual([coverage.outcome, coverage.unread], ['partial', { 'too-large': 1 }]);
  });

  it('keeps so many findings of a blob and counts the rest exactly', async () => {
    const repo = createRepo();
    const lines = Array.from({ length: 50 }, (_, i) => fakeGithubPat(`many${i}`));
    repo.write('many.txt', `${lines.join('\n')}\n`).commit();
    const policy = testPolicy();
    const { findings, coverage } = await scanAll(repo, {
      policy: { ...policy, settings: { ...policy.settings, maxFindingsPerBlob: 20 } },
    });
    assert.equal(findings.length, 20);
    assert.deepEqual(coverage.unread, { 'too-many-findings': 1 });
    assert.match(coverage.unreadSamples[0]?.detail ?? '', /^30 more/);
  });

  it('calls an empty repository clean', async () => {
    const { findings, coverage } = await scanAll(createRepo());
    assert.deepEqual([findings, coverage.outcome, coverage.commits], [[], 'complete', 0]);
  });

  it('refuses a branch or revision that does not exist', async () => {
    const repo = createRepo();
    repo.write('a', 'a').commit();
    const repository = await open(repo);
    await assert.rejects(scan({ kind: 'branch', repository, branch: 'none', history: true }), {
      code: 'TARGET_INVALID',
    });
    await assert.rejects(scan({ kind: 'range', repository, from: 'none', to: 'HEAD' }), { code: 'TARGET_INVALID' });
    await assert.rejects(scan({ kind: 'range', repository, from: 'HEAD', to: '--all' }), { code: 'TARGET_INVALID' });
  });
});

describe('a scan of a branch', () => {
  it('reads the files of the tip, or all of its history', async () => {
    const repo = createRepo();
    repo.write('a.txt', `${SECRET}\n`).commit().write('a.txt', 'clean\n').write('b/c.txt', `${OTHER}\n`).commit();
    repo.branch('other').write('o.txt', `${THIRD}\n`).commit();
    const repository = await open(repo);
    const tip = await scan({ kind: 'branch', repository, branch: 'main', history: false });
    assert.deepEqual(brief(tip.findings), ['b/c.txt:1 github-pat new']);
    assert.equal(tip.coverage.commits, 1);
    const history = await scan({ kind: 'branch', repository, branch: 'refs/heads/main', history: true });
    assert.deepEqual(brief(history.findings), ['a.txt:1 github-pat new', 'b/c.txt:1 github-pat new']);
  });

  it('looks at every path of a blob in the tip before it lets an excluded one decide', async () => {
    const repo = createRepo();
    repo.write('test/k', `${SECRET}\n`).write('test2/k', `${SECRET}\n`).commit();
    const policy = testPolicy({ allowlists: [makeAllowlist({ paths: ['test/**'] })] });
    const { findings } = await scan(
      { kind: 'branch', repository: await open(repo), branch: 'main', history: false },
      { policy },
    );
    assert.deepEqual(brief(findings), ['test2/k:1 github-pat new']);
  });
});

/** Child processes of this one. */
function children(): string[] {
  if (!existsSync('/proc/self/task')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/stat`, 'latin1')
            .replace(/^.*\) /, '')
            .split(' ')[1] === String(process.pid)
        );
      } catch {
        return false;
      }
    })
    .map((pid) => readFileSync(`/proc/${pid}/comm`, 'latin1').trim())
    .filter((name) => name === 'git');
}

describe('a scan that is stopped', () => {
  const repo: TempRepo = createRepo();
  repo.commitMany(300, { content: (i) => `${fakeGithubPat(`s${i}`)}\n` });

  it('by its deadline is partial, keeps what it found, and leaves no git behind', async () => {
    const { coverage } = await scanAll(repo, { deadlineMs: 1 });
    assert.equal(coverage.outcome, 'partial');
    assert.ok((coverage.unread.deadline ?? 0) > 0);
    assert.deepEqual(children(), []);
  });

  it('by its caller is partial, whenever that happens', async () => {
    for (const afterMs of [0, 5, 15, 30]) {
      const { coverage, findings } = await scanAll(repo, { signal: AbortSignal.timeout(afterMs) });
      assert.ok(coverage.outcome === 'partial' || findings.length === 300);
      assert.equal(coverage.error, undefined);
    }
    assert.deepEqual(children(), []);
  });

  it('before it began reads nothing', async () => {
    const { coverage, findings } = await scanAll(repo, { signal: AbortSignal.abort() });
    assert.deepEqual([coverage.outcome, findings.length, coverage.unread.cancelled], ['partial', 0, 1]);
  });
});
