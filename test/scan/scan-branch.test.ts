import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { findGone } from '../../src/scan/find-gone.ts';
import { lineTextOf } from '../../src/scan/line-text.ts';
import type { Oid } from '../../src/model/oid.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { brief, open, scan, scanAll, scanPush, testPolicy } from '../helpers/scan-repo.ts';
import { createRepo, type TempRepo } from '../helpers/temp-repo.ts';

const TOKEN = fakeGithubPat('branch');

async function everyPlace(repo: TempRepo, keys: { readonly history?: boolean; readonly since?: Oid } = {}) {
  const { history = true, since } = keys;
  const repository = await open(repo);
  return scan({
    kind: 'branch',
    repository,
    branch: 'main',
    history,
    everyPlace: true,
    ...(since === undefined ? {} : { since }),
  });
}

describe('a scan of every place of a branch', () => {
  it('reports content at each path that has or had it, copies of whole folders too', async () => {
    const repo = createRepo();
    repo.write('a/x.txt', TOKEN).write('a/.env', 'x').commit();
    repo.git('read-tree', '--prefix=b/', 'HEAD:a').trim();
    repo.git('commit', '-q', '-m', 'copied');
    const expected = [
      'a/.env:1 env-file new',
      'a/x.txt:1 github-pat new',
      'b/.env:1 env-file new',
      'b/x.txt:1 github-pat new',
    ];
    assert.deepEqual(brief((await everyPlace(repo)).findings), expected);
    assert.deepEqual(brief((await everyPlace(repo, { history: false })).findings), expected);
    const since = repo.oid('HEAD~1');
    assert.deepEqual(brief((await everyPlace(repo, { since })).findings), expected.slice(2));
  });

  it('names the first commit of each place', async () => {
    const repo = createRepo();
    repo.write('a.txt', TOKEN).commit();
    const first = repo.head;
    repo.write('a.txt', `${TOKEN}\nmore`).commit();
    repo.write('b.txt', `${TOKEN}\nmore`).commit();
    const { findings } = await everyPlace(repo);
    assert.deepEqual(
      findings.map(({ path, commit, occurrences }) => [path, commit, occurrences]),
      [
        ['a.txt', first, 2],
        ['b.txt', repo.head, 1],
      ],
    );
  });
});

describe('what was scanned', () => {
  it('is told without the secret that the name of a branch holds', async () => {
    const repo = createRepo();
    repo.write('a.txt', 'a').commit().branch(`topic-${TOKEN}`);
    const result = await scan({
      kind: 'branch',
      repository: await open(repo),
      branch: `topic-${TOKEN}`,
      history: false,
    });
    assert.match(result.target, /^tip of topic-ghp_…\(40\) of /);
  });
});

describe('findGone', () => {
  it('tells what is no longer at the tip: removed, moved, edited away', async () => {
    const repo = createRepo();
    repo.write('kept.txt', TOKEN).write('edited.txt', TOKEN).write('moved.txt', TOKEN).write('dir/.env', 'x').commit();
    repo.write('kept.txt', `changed\n${TOKEN}`).write('edited.txt', 'clean').rename('moved.txt', 'new.txt').commit();
    const { findings } = await everyPlace(repo);
    const options = { policy: testPolicy(), fingerprintKey: new Uint8Array(32).fill(7) };
    const gone = await findGone(await open(repo), repo.head, findings, options);
    assert.deepEqual([...gone].map(({ path }) => path).sort(), ['edited.txt', 'moved.txt']);
  });

  it('finds paths again that hold a secret and are kept redacted', async () => {
    const repo = createRepo();
    repo.write(`${TOKEN}/a.txt`, fakeGithubPat('inside')).commit();
    repo.write('later.txt', 'x').commit();
    const { findings } = await everyPlace(repo);
    assert.ok(findings.every(({ path }) => !path.includes(TOKEN)));
    assert.deepEqual(findings.map(({ kind }) => kind).sort(), ['blob', 'path']);
    const options = { policy: testPolicy(), fingerprintKey: new Uint8Array(32).fill(7) };
    assert.equal((await findGone(await open(repo), repo.head, findings, options)).size, 0);
    repo.remove(TOKEN).commit();
    assert.equal((await findGone(await open(repo), repo.head, findings, options)).size, 2);
  });
});

describe('the line of a finding', () => {
  const lineOf = (text: string, secret: string) => {
    const bytes = Buffer.from(text);
    const start = bytes.indexOf(secret);
    return lineTextOf(bytes, start, start + Buffer.byteLength(secret));
  };

  it('is the whole line, with the place of the secret in UTF-16 units', () => {
    assert.deepEqual(lineOf('one\r\nλ😀 = s3cret; # x\r\nthree', 's3cret'), {
      text: 'λ😀 = s3cret; # x',
      start: 6,
      end: 12,
      truncated: false,
    });
    assert.deepEqual(lineOf('\ufeffs3cret', 's3cret'), { text: 's3cret', start: 0, end: 6, truncated: false });
  });

  it('is the secret alone when the line is too long or the secret has several', () => {
    const alone = { text: 's3cret', start: 0, end: 6, truncated: true };
    assert.deepEqual(lineOf(`${'x'.repeat(5000)}s3cret`, 's3cret'), alone);
    assert.deepEqual(lineOf(`s3cret${'x'.repeat(5000)}`, 's3cret'), alone);
    assert.deepEqual(lineOf('a\nb\nc', 'a\nb'), { text: 'a\nb', start: 0, end: 3, truncated: true });
  });

  it('is kept only when the scan was asked for it', async () => {
    const repo = createRepo();
    repo.write('a.txt', `key: ${TOKEN}\n`).commit();
    assert.ok(!('lineText' in ((await scanAll(repo)).findings[0] ?? {})));
    const [finding] = (await scanAll(repo, { lineText: true, workers: 1 })).findings;
    assert.equal(finding?.lineText?.text, `key: ${TOKEN}`);
  });
});

describe('refs', () => {
  it('are scanned by their names', async () => {
    const repo = createRepo();
    repo.write('a.txt', 'x').commit();
    repo.git('branch', `deploy-${TOKEN}`);
    const { findings } = await scanAll(repo);
    assert.deepEqual(
      findings.map(({ kind, ruleId }) => [kind, ruleId]),
      [['ref', 'github-pat']],
    );
    assert.match(findings[0]?.path ?? '', /^refs\/heads\/deploy-ghp_…/);
  });

  it('are scanned by their names when they are pushed', async () => {
    const client = createRepo();
    client.write('a.txt', 'x').commit();
    const server = client.addBareRemote();
    client.push('main');
    const { findings } = await scanPush(client, server, [`main:refs/heads/${TOKEN}`]);
    assert.deepEqual(
      findings.map(({ kind, state }) => [kind, state]),
      [['ref', 'new']],
    );
  });

  it('that are broken are named, and the others scanned', async () => {
    const repo = createRepo();
    repo.write('a.txt', TOKEN).commit();
    writeFileSync(join(repo.gitDir, 'refs/heads/lost'), `${'12'.repeat(20)}\n`);
    writeFileSync(join(repo.gitDir, 'refs/heads/garbled'), 'no id\n');
    const { findings, coverage } = await scanAll(repo);
    assert.deepEqual(brief(findings), ['a.txt:1 github-pat new']);
    assert.equal(coverage.outcome, 'partial');
    assert.deepEqual(coverage.unreadSamples.map(({ what }) => what).sort(), ['refs/heads/garbled', 'refs/heads/lost']);
    rmSync(join(repo.gitDir, 'refs/heads/lost'));
    assert.equal((await scanAll(repo)).coverage.outcome, 'partial');
  });
});

describe('a shallow clone', () => {
  it('is scanned whole, and the report says that it is one', async () => {
    const repo = createRepo();
    repo.write('a.txt', TOKEN).commit();
    repo.write('a.txt', 'clean').commit();
    const clone = repo.clone('--depth=1', '--no-local');
    const { findings, coverage } = await scanAll(clone);
    assert.deepEqual([findings.length, coverage.outcome, coverage.shallow], [0, 'complete', true]);
    assert.equal((await scanAll(repo)).coverage.shallow, undefined);
  });
});
