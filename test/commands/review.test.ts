import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { putSnapshot } from '../helpers/put-snapshot.ts';
import { runCli } from '../helpers/run-cli.ts';
import { createRepo, createTempFolder } from '../helpers/temp-repo.ts';
import type { TempRepo } from '../helpers/temp-repo.ts';

interface Report {
  readonly findings: readonly { readonly fingerprint: string; readonly path: string }[];
  readonly suppressed: readonly {
    readonly state: string;
    readonly suppression: { readonly reviewer: string; readonly reason: string };
  }[];
}

describe('leakgate review', () => {
  let repo: TempRepo;
  let fingerprint: string;
  const leakgate = (...args: string[]) => runCli(args, { cwd: repo.path });
  const scan = async (): Promise<Report> => JSON.parse((await leakgate('scan', '.', '-f', 'json')).stdout) as Report;

  before(async () => {
    repo = createRepo();
    repo.write('a.txt', `one\ntoken ${fakeGithubPat()}\n`).commit('first');
    fingerprint = (await scan()).findings[0]?.fingerprint ?? '';
  });

  it('adds a decision that holds although the line moves', async () => {
    const added = await leakgate('review', 'add', fingerprint, '--reason', 'sandbox', '--reviewer', 'ada');
    assert.equal(added.status, 0, added.stderr);
    assert.match(added.stdout, /added the review of lgf1:[0-9a-f]{32} \(github-pat\) in .*reviews\.jsonl/);
    repo.rename('a.txt', 'deep/b.txt').write('deep/b.txt', `\n\n\n${repo.read('deep/b.txt')}`);
    const { findings, suppressed } = await scan();
    assert.deepEqual(findings, []);
    assert.equal(suppressed[0]?.state, 'reviewed');
    assert.equal(suppressed[0].suppression.reviewer, 'ada');
  });

  it('lists it, as text and as JSON', async () => {
    const text = await leakgate('review', 'list');
    assert.match(text.stdout, /^lgf1:[0-9a-f]{32} {2}github-pat {2}false-positive\n {4}ada, .*: sandbox\n$/);
    const json = JSON.parse((await leakgate('review', 'list', '-f', 'json')).stdout) as { fingerprint: string }[];
    assert.deepEqual(
      json.map((review) => review.fingerprint),
      [fingerprint],
    );
  });

  it('explains a reviewed finding with the place of its review', async () => {
    const { status, stdout } = await leakgate('explain', fingerprint);
    assert.equal(status, 0);
    assert.match(stdout, /reviewed by repository .*reviews\.jsonl:1/);
  });

  it('lists as unused what matches nothing any more', async () => {
    const other = `lgf1:${'0'.repeat(32)}`;
    await leakgate('review', 'add', other, '--rule', 'github-pat', '--reason', 'gone');
    const { status, stdout } = await leakgate('review', 'list', '--unused');
    assert.equal(status, 0);
    assert.ok(stdout.includes(other));
    assert.ok(!stdout.includes(fingerprint));
    await leakgate('review', 'remove', other);
  });

  it('shows the last day on which a review holds, and refuses one that is over', async () => {
    const other = `lgf1:${'1'.repeat(32)}`;
    const add = (expires: string) =>
      leakgate('review', 'add', other, '--rule', 'github-pat', '--reason', 'for a while', '--expires', expires);
    assert.equal((await add('2999-01-31')).status, 0);
    assert.match((await leakgate('review', 'list')).stdout, /, until 2999-01-31: for a while\n/);
    const over = await add('2020-01-31');
    assert.equal(over.status, 2);
    assert.match(over.stderr, /would be over already: it expires on 2020-01-31/);
    await leakgate('review', 'remove', other);
  });

  it('lists each review on lines of its own, whatever its texts hold', async () => {
    const other = `lgf1:${'3'.repeat(32)}`;
    const texts = ['--reason', `x\nlgf1:${'4'.repeat(32)}  github-pat`, '--reviewer', 'a\nb'];
    await leakgate('review', 'add', other, '--rule', 'github-pat', ...texts);
    assert.match((await leakgate('review', 'list')).stdout, /^ {4}a\\x0ab, .*: x\\x0algf1:4+ {2}github-pat$/m);
    await leakgate('review', 'remove', other);
  });

  it('removes it, after which the finding counts again', async () => {
    const removed = await leakgate('review', 'remove', fingerprint);
    assert.equal(removed.status, 0);
    assert.equal((await scan()).findings.length, 1);
    assert.equal((await leakgate('review', 'remove', fingerprint)).status, 2);
  });

  it('does not hold after it has expired', async () => {
    const added = await leakgate('review', 'add', fingerprint, '--reason', 'for now', '--expires', '2999-01-01');
    const file = / in (.*)\n/.exec(added.stdout)?.[1] ?? '';
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('2999-', '2020-'));
    assert.equal((await scan()).findings.length, 1);
    assert.match((await leakgate('review', 'list')).stdout, /\(expired\)/);
    await leakgate('review', 'remove', fingerprint);
  });

  it('imports a report as a baseline, and a table of decisions', async () => {
    const report = join(createTempFolder(), 'found.json');
    await leakgate('scan', '.', '-f', 'json', '-o', report);
    const imported = await leakgate('review', 'import', report, '--reason', 'there before', '--resolution', 'wont-fix');
    assert.equal(imported.status, 0, imported.stderr);
    assert.deepEqual((await scan()).findings, []);
    await leakgate('review', 'remove', fingerprint);
    const table = join(createTempFolder(), 'decisions.csv');
    writeFileSync(table, `fingerprint,ruleId,reason\n${fingerprint},github-pat,"known, and harmless"\n`);
    assert.equal((await leakgate('review', 'import', table)).status, 0);
    assert.equal((await scan()).suppressed[0]?.suppression.reason, 'false-positive: known, and harmless');
  });

  it('imports nothing of a table with a mistake, and names every mistake', async () => {
    const table = join(createTempFolder(), 'decisions.csv');
    writeFileSync(table, `fingerprint,ruleId,reason\nlgf1:${'1'.repeat(32)},github-pat,fine\nnonsense,github-pat,\n`);
    const store = join(repo.gitDir, 'leakgate/reviews.jsonl');
    const before = readFileSync(store, 'utf8');
    const { status, stderr } = await leakgate('review', 'import', table);
    assert.equal(status, 2);
    assert.match(stderr, /decisions\.csv:3:1 .*"fingerprint" must be lgf1:/);
    assert.match(stderr, /decisions\.csv:3:1 .*"reason" is missing/);
    assert.equal(readFileSync(store, 'utf8'), before);
  });

  it('refuses a rule that is none and names the nearest; one of our own and a disabled one are known', async () => {
    const folder = createTempFolder();
    const file = join(folder, 'reviews.jsonl');
    writeFileSync(
      join(folder, '.leakgate.yml'),
      "rules:\n  - { id: acme-token, name: Acme, pattern: '(?<secret>acme_[a-z]{20})' }\n",
    );
    const config = join(folder, 'global.yml');
    writeFileSync(config, 'disabledRules: [github-pat]\n');
    const add = (rule: string) =>
      runCli(['review', 'add', `lgf1:${'5'.repeat(32)}`, '--rule', rule, '--reason', 'x', '--file', file], {
        cwd: folder,
        env: { LEAKGATE_CONFIG: config },
      });
    const slip = await add('gitlab-paat');
    assert.equal(slip.status, 2);
    assert.match(slip.stderr, /there is no rule "gitlab-paat" at \. \(did you mean "gitlab-pat"\?\)/);
    assert.ok(!existsSync(file));
    for (const rule of ['gitlab-pat', 'acme-token', 'github-pat', '*'])
      assert.equal((await add(rule)).status, 0, `${rule} is known`);
  });

  it('knows the rules of the server that has registered the repository', async () => {
    const registered = createRepo({ bare: true });
    await putSnapshot(registered);
    const place = ['--repository', registered.path, '--reason', 'x'];
    const added = await leakgate('review', 'add', `lgf1:${'6'.repeat(32)}`, '--rule', 'acme-token', ...place);
    assert.equal(added.status, 0, added.stderr);
  });

  it('refuses a fingerprint that is none, and one that nothing has', async () => {
    const wrong = await leakgate('review', 'add', 'abc', '--reason', 'x');
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /must be lgf1: and 32 hex digits/);
    const unknown = await leakgate('review', 'add', `lgf1:${'2'.repeat(32)}`, '--reason', 'x');
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /nothing at \. has the fingerprint/);
  });
});
