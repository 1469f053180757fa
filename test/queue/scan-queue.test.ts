import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { FINDING_TEXT } from '../../src/queue/seal-finding.ts';
import { allBranches, findBranch } from '../../src/store/branches.ts';
import { branchFindings } from '../../src/store/complete-scan.ts';
import { latestScan } from '../../src/store/scans.ts';
import { branchStatus } from '../../src/store/status.ts';
import { writeSetting } from '../../src/store/settings.ts';
import { describeEachStore } from '../helpers/each-store.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createQueueFixture, MAIN, untilIdle, type QueueFixture } from '../helpers/queue-fixture.ts';
import { createRepo } from '../helpers/temp-repo.ts';

describeEachStore('scan queue', (stores) => {
  const fixtures: QueueFixture[] = [];
  after(async () => {
    for (const fixture of fixtures) await fixture.close();
  });

  async function createFixture(): Promise<QueueFixture> {
    const fixture = await createQueueFixture({ store: await stores.open() });
    fixtures.push(fixture);
    return fixture;
  }

  it('scans a branch and keeps its findings, their lines sealed', async () => {
    const fixture = await createFixture();
    const token = fakeGithubPat('queue');
    const repo = createRepo();
    repo.write('a.env', `x\ntoken = ${token} # here\n`).commit();
    const row = await fixture.register('app', repo);
    await fixture.scan(row);
    const [finding] = await branchFindings(fixture.store.db, row.id, MAIN);
    assert.ok(finding);
    assert.equal(finding.path, 'a.env');
    assert.equal(finding.line, 2);
    const text = fixture.keys.open(finding.textSealed, FINDING_TEXT);
    assert.equal(text, `token = ${token} # here`);
    assert.equal(text.slice(finding.textStart, finding.textEnd), token);
    assert.equal(finding.truncated, 0);
    assert.ok(!JSON.stringify(finding).includes(token));
    const scan = await latestScan(fixture.store.db, row.id, MAIN);
    assert.equal(scan?.state, 'COMPLETED');
    assert.equal(scan.progress, 100);
    assert.equal(scan.outcome, 'complete');
    const branch = await findBranch(fixture.store.db, row.id, MAIN);
    assert.deepEqual([branch?.scannedCommit, branch?.tip, branch?.vulnerabilities], [repo.head, repo.head, 1]);
  });

  it('marks what is no longer at the tip, at every path it had', async () => {
    const fixture = await createFixture();
    const repo = createRepo();
    const token = fakeGithubPat('old');
    repo.write('a.txt', token).write('kept.txt', token).commit();
    repo.rename('a.txt', 'b.txt').commit();
    const row = await fixture.register('app', repo);
    await fixture.scan(row);
    const expected = ['a.txt github-pat new historical', 'b.txt github-pat new', 'kept.txt github-pat new'];
    assert.deepEqual(await fixture.known(row), expected);
    repo.write('b.txt', 'clean').commit();
    await fixture.scan(row);
    assert.deepEqual(await fixture.known(row), [
      'a.txt github-pat new historical',
      'b.txt github-pat new historical',
      'kept.txt github-pat new',
    ]);
  });

  it('answers that nothing is to be done for a branch that is up to date', async () => {
    const fixture = await createFixture();
    const repo = createRepo();
    repo.write('a.txt', 'x').commit();
    const row = await fixture.register('app', repo);
    const queue = fixture.queue();
    const request = { repositoryId: row.id, ref: MAIN, trigger: 'request', requestedBy: 'ann' } as const;
    const first = await queue.schedule(request);
    assert.equal(first.created, true);
    const second = await queue.schedule({ ...request, notify: ['b@example.org'] });
    assert.deepEqual([second.created, second.scan?.id], [false, first.scan?.id]);
    await queue.start();
    await untilIdle(queue);
    assert.deepEqual(await queue.schedule(request), { scan: undefined, created: false });
    assert.equal((await queue.schedule({ ...request, full: true })).created, true);
    await untilIdle(queue);
    fixture.inForce.digest = 'rules-2';
    assert.equal((await queue.schedule(request)).created, true);
    await untilIdle(queue);
    await assert.rejects(queue.schedule({ ...request, ref: 'refs/heads/none' }), { code: 'TARGET_INVALID' });
    await assert.rejects(queue.schedule({ ...request, repositoryId: 99 }), { code: 'TARGET_INVALID' });
  });

  it('answers with the scan that is on already, also while results are up to date', async () => {
    const fixture = await createFixture();
    const repo = createRepo();
    repo.write('a.txt', 'x').commit();
    const row = await fixture.register('app', repo);
    await fixture.scan(row);
    const queue = fixture.queue();
    const request = { repositoryId: row.id, ref: MAIN, trigger: 'request', requestedBy: 'ann' } as const;
    const { scan: again } = await queue.schedule({ ...request, full: true, priority: -1 });
    const { scan, created } = await queue.schedule(request);
    assert.deepEqual([scan?.id, created], [again?.id, false]);
    assert.equal(scan?.priority, 0, 'it goes before what nobody waits for');
    await queue.start();
    await untilIdle(queue);
    assert.deepEqual(await queue.schedule(request), { scan: undefined, created: false });
  });

  it('knows that results are outdated once the policy is another one', async () => {
    const fixture = await createFixture();
    const repo = createRepo();
    repo.write('a.txt', 'x').commit();
    const row = await fixture.register('app', repo);
    await fixture.scan(row);
    const stateNow = async (): Promise<string | undefined> => {
      await fixture.queue().syncRefs(row.id);
      return (await branchStatus(fixture.store.db, row.id, MAIN))?.status;
    };
    assert.equal(await stateNow(), 'SECURE');
    fixture.inForce.digest = 'rules-2';
    assert.equal(await stateNow(), 'OUTDATED');
  });

  it('scans the tip alone when the setting says so, and everything again when it does not', async () => {
    const fixture = await createFixture();
    const repo = createRepo();
    repo.write('old.txt', fakeGithubPat('old')).commit();
    repo.remove('old.txt').write('new.txt', fakeGithubPat('new')).commit();
    const row = await fixture.register('app', repo);
    await writeSetting(fixture.store.db, 'scanDepth', 'tip');
    await fixture.scan(row);
    assert.deepEqual(await fixture.known(row), ['new.txt github-pat new']);
    await writeSetting(fixture.store.db, 'scanDepth', 'history');
    await fixture.scan(row);
    assert.deepEqual(await fixture.known(row), ['new.txt github-pat new', 'old.txt github-pat new historical']);
  });

  it('scans everything that is not up to date at the times of the schedule', async () => {
    const fixture = await createFixture();
    const repo = createRepo();
    repo.write('a.txt', fakeGithubPat('a')).commit();
    const row = await fixture.register('app', repo);
    const queue = fixture.queue();
    await queue.start();
    const done = new Promise<string>((resolve) => {
      queue.subscribe(({ scan }) => scan.state === 'COMPLETED' && resolve(scan.trigger));
    });
    await writeSetting(fixture.store.db, 'scanSchedule', '* * * * * *');
    await queue.reschedule();
    // The queue's own timers do not keep a process alive.
    const alive = setInterval(() => {}, 1_000);
    assert.equal(await done, 'schedule');
    clearInterval(alive);
    assert.deepEqual(await fixture.known(row), ['a.txt github-pat new']);
  });

  it('finds secrets in commit messages and in the names of branches', async () => {
    const fixture = await createFixture();
    const repo = createRepo();
    const name = `try-${fakeGithubPat('name')}`;
    repo.write('a.txt', 'x').commit(`said ${fakeGithubPat('said')}`);
    repo.git('branch', name);
    const row = await fixture.register('app', repo);
    await fixture.scan(row, { ref: `refs/heads/${name}` });
    const rows = await branchFindings(fixture.store.db, row.id, `refs/heads/${name}`);
    assert.deepEqual(rows.map(({ kind }) => kind).sort(), ['commit', 'ref']);
    assert.ok(rows.every(({ path }) => !path.includes(name)));
  });

  it('scans again from scratch after a force-push, and forgets a deleted branch', async () => {
    const fixture = await createFixture();
    const repo = createRepo();
    repo.write('a.txt', 'x').commit();
    const base = repo.head;
    repo.git('branch', 'side');
    repo.write('b.txt', fakeGithubPat('b')).commit();
    const row = await fixture.register('app', repo);
    await fixture.scan(row);
    assert.deepEqual(await fixture.known(row), ['b.txt github-pat new']);
    repo.git('reset', '-q', '--hard', base);
    repo.write('c.txt', fakeGithubPat('c')).commit();
    await fixture.scan(row);
    assert.deepEqual(await fixture.known(row), ['c.txt github-pat new']);
    repo.checkout('side');
    repo.git('branch', '-q', '-D', 'main');
    const queue = fixture.queue();
    await queue.syncRefs(row.id);
    assert.deepEqual(await fixture.known(row), []);
    assert.deepEqual(
      (await allBranches(fixture.store.db, row.id)).map(({ ref }) => ref),
      ['refs/heads/side'],
    );
  });
});
