import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { claimScan, endScan, latestScan } from '../../src/store/scans.ts';
import { parseCsv } from '../../src/store/parse-csv.ts';
import { fakeGithubPat, fakePrivateKey } from '../helpers/fake-secrets.ts';
import { startSoteri, type Soteri } from '../helpers/soteri-fixture.ts';

const SCAN = '/scan/PRJ/repos/app';
const EXPORT = '/export-report/PRJ/repos/app';

interface Line {
  readonly text: string;
  readonly lineOffsetStart: number;
  readonly lineOffsetEnd: number;
  readonly truncated: boolean;
  readonly ruleName: string;
  readonly allowlisted: boolean;
  readonly reviewed: boolean;
  readonly filePath: string;
}
interface Scan {
  readonly scanKey?: string;
  readonly scanned: boolean;
  readonly actual: boolean;
  readonly progress: number;
  readonly running: boolean;
  readonly scheduled: boolean;
  readonly invalidLines?: readonly Line[];
  readonly state: string | null;
}

let soteri: Soteri;
before(async () => {
  soteri = await startSoteri();
});
after(() => soteri.close());
beforeEach(async () => {
  const { db } = soteri.server.context.store;
  for (const table of ['findings', 'scans', 'branches', 'reviewedMatches', 'auditEvents'] as const)
    await db.deleteFrom(table).execute();
});

const get = async (query = ''): Promise<Scan> => {
  const answer = await soteri.call('GET', `${SCAN}${query}`, { role: 'repoWrite' });
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
};
const matches = ({ invalidLines = [] }: Scan): string[] =>
  invalidLines.map(({ text, lineOffsetStart, lineOffsetEnd, truncated }) =>
    truncated ? text : text.slice(lineOffsetStart, lineOffsetEnd),
  );

describe('a scan that is asked for', () => {
  beforeEach(async () => {
    await soteri.fill('main', []);
    await soteri.server.context.store.db
      .updateTable('branches')
      .set({ tip: 'a'.repeat(40) })
      .execute();
  });

  it('is scheduled once, with the key of the one that is on already', async () => {
    const first = (await soteri.call('POST', `${SCAN}?branch=main`, { role: 'repoWrite' })).body as Scan;
    assert.equal(first.scheduled, true);
    assert.equal(first.progress, 0);
    const second = (await soteri.call('POST', `${SCAN}?branch=refs/heads/main`, { role: 'repoWrite' })).body as Scan;
    assert.equal(second.scanKey, first.scanKey);
    assert.equal((await soteri.audit('Branch scan requested')).length, 1);
    const polled = await get();
    assert.deepEqual([polled.scheduled, polled.running, polled.scanned, polled.actual], [true, false, true, false]);
  });

  it('is not when the branch is up to date', async () => {
    await soteri.fill('main', []);
    await soteri.server.context.store.db
      .updateTable('branches')
      .set((eb) => ({ tip: eb.ref('scannedCommit') as never }))
      .execute();
    const answer = (await soteri.call('POST', SCAN)).body as Scan;
    assert.deepEqual([answer.scheduled, answer.progress, 'scanKey' in answer], [false, 100, false]);
    assert.equal((await get()).actual, true);
  });

  it('is the one that a total rescan queued, also of a branch that is up to date', async () => {
    await soteri.fill('main', []);
    await soteri.server.context.store.db
      .updateTable('branches')
      .set((eb) => ({ tip: eb.ref('scannedCommit') as never }))
      .execute();
    const rescan = await soteri.call('PUT', '/status/projects/PRJ/repos/app');
    assert.equal((rescan.body as { scheduled: number }).scheduled, 1);
    const { scanKey } = await get();
    const answer = (await soteri.call('POST', SCAN)).body as Scan;
    assert.deepEqual([answer.scheduled, answer.scanKey, answer.progress], [true, scanKey, 0]);
    assert.equal((await soteri.audit('Branch scan requested')).length, 0);
  });

  it('is cancelled by its key, again without harm, and not once it has ended', async () => {
    const { scanKey } = (await soteri.call('POST', SCAN)).body as Scan;
    const cancel = async (key: string, role: 'repoWrite' | 'repoRead' = 'repoWrite'): Promise<number> =>
      (await soteri.call('DELETE', `${SCAN}?scanKey=${key}`, { role })).status;
    assert.equal(await cancel(scanKey as string, 'repoRead'), 401);
    assert.equal(await cancel(scanKey as string), 204);
    assert.equal(await cancel(scanKey as string), 204);
    assert.equal(await cancel('unknown'), 404);
    assert.equal((await soteri.call('DELETE', SCAN)).status, 400);
    const { state, progress, scanned } = await get();
    assert.deepEqual([state, progress, scanned], ['CANCELLED', 100, true]);
    const done = await soteri.fill('main', []);
    assert.equal(await cancel(done.key), 409);
  });

  it('is at less than 100 as long as it is on, and at 100 when it has failed', async () => {
    await soteri.call('POST', SCAN);
    const { db } = soteri.server.context.store;
    const scan = await latestScan(db, soteri.server.repository.id, 'refs/heads/main');
    await claimScan(db, scan?.id ?? 0, 1);
    await db
      .updateTable('scans')
      .set({ progress: 100 })
      .where('id', '=', scan?.id ?? 0)
      .execute();
    const running = await get();
    assert.deepEqual([running.running, running.scheduled, running.progress], [true, false, 99]);
    await endScan(db, scan?.id ?? 0, { state: 'FAILED', reason: 'the disk is full', now: 2 });
    const failed = await get();
    assert.deepEqual([failed.running, failed.progress, failed.state], [false, 100, 'FAILED']);
  });
});

describe('results of a scan', () => {
  it('are not there before one has ended', async () => {
    await soteri.fill('main', []);
    await soteri.server.context.store.db.updateTable('branches').set({ scannedCommit: null }).execute();
    const scan = await get();
    assert.deepEqual([scan.scanned, scan.actual, 'invalidLines' in scan], [false, false, false]);
    assert.equal((await soteri.call('GET', EXPORT)).status, 404);
  });

  it('have the line with its offsets, or the finding alone, and are noted as seen', async () => {
    const secret = fakeGithubPat('line');
    const key = fakePrivateKey('long');
    await soteri.fill('main', [
      { secret, before: 'ä𝄞 token = ' },
      { secret: key, ruleId: 'private-key', ruleName: 'Private key', truncated: true },
    ]);
    const scan = await get();
    assert.deepEqual(matches(scan), [secret, key]);
    assert.deepEqual(
      scan.invalidLines?.map(({ ruleName }) => ruleName),
      ['GITHUB_PAT', 'PRIVATE_KEY'],
    );
    const views = (await soteri.audit('Scan results viewed')).length;
    await get();
    assert.equal((await soteri.audit('Scan results viewed')).length, views, 'a poll is no other view');
    await soteri.fill('main', [{ secret }]);
    await get();
    assert.equal((await soteri.audit('Scan results viewed')).length, views + 1, 'other results are');
    const [event] = await soteri.audit('Scan results viewed');
    assert.deepEqual([event?.actor, event?.details], ['repo-write', { branch: 'refs/heads/main' }]);
  });

  it('leave out what is allowlisted or reviewed unless that is asked for', async () => {
    const [open, excused, reviewed] = [fakeGithubPat('open'), fakeGithubPat('excused'), fakeGithubPat('reviewed')];
    await soteri.fill('main', [
      { secret: open },
      { secret: excused, suppressed: true },
      { secret: reviewed, path: 'b' },
    ]);
    const body = { matchText: reviewed, ruleName: 'GITHUB_PAT' };
    assert.equal((await soteri.call('POST', '/review-lines/projects/PRJ/repos/app/create', { body })).status, 200);
    assert.deepEqual(matches(await get()), [open]);
    assert.deepEqual(matches(await get('?includeAllowlisted=true')), [open, excused]);
    const all = await get('?includeAllowlisted=true&includeReviewed=true');
    assert.deepEqual(
      all.invalidLines?.map(({ allowlisted, reviewed }) => [allowlisted, reviewed]),
      [
        [false, false],
        [true, false],
        [false, true],
      ],
    );
    for (const yes of ['True', 'TRUE'])
      assert.deepEqual(matches(await get(`?includeAllowlisted=${yes}&includeReviewed=False`)), [open, excused]);
    assert.equal((await soteri.call('GET', `${SCAN}?includeAllowlisted=maybe`)).status, 400);
  });

  it('can be asked for by rule, under any of its names', async () => {
    const [pat, other] = [fakeGithubPat('pat'), fakeGithubPat('other')];
    await soteri.fill('main', [{ secret: pat }, { secret: other, ruleId: 'custom-7', ruleName: 'Ours' }]);
    assert.deepEqual(matches(await get('?rule=GITHUB_PAT')), [pat]);
    assert.deepEqual(matches(await get('?rule=github-pat')), [pat]);
    assert.deepEqual(matches(await get('?rule=Ours')), [other]);
    assert.deepEqual(matches(await get('?rule=JWT')), []);
    const wrong = await soteri.call('GET', `${SCAN}?rule=OURS_TOO`);
    assert.equal(wrong.status, 400);
    assert.equal((wrong.body as { errors: { context: string }[] }).errors[0]?.context, 'rule');
  });

  it('of a branch that is not there are not found', async () => {
    for (const url of [`${SCAN}?branch=none`, `${EXPORT}?branch=none`, '/scan/PRJ/repos/none'])
      assert.equal((await soteri.call('GET', url)).status, 404, url);
    assert.equal((await soteri.call('POST', `${SCAN}?branch=none`)).status, 404);
  });
});

describe('the export', () => {
  const HEADER =
    'Project,Repository,Branch,Commit,Author,Author Email,Commit Date,File,Line,Rule,Match,Allowlisted,Reviewed,Scan Date';
  const rows = async (query = ''): Promise<readonly (readonly string[])[]> => {
    const answer = await soteri.call('GET', `${EXPORT}${query}`, { role: 'repoWrite' });
    assert.equal(answer.status, 200, answer.text);
    return parseCsv(answer.text).map(({ fields }) => fields);
  };

  it('is CSV with a header, even of nothing', async () => {
    await soteri.fill('main', []);
    const answer = await soteri.call('GET', EXPORT);
    assert.equal(answer.headers['content-type'], 'text/csv;charset=UTF-8');
    assert.match(String(answer.headers['content-disposition']), /attachment; filename="PRJ-app-main.csv"/);
    assert.equal(answer.text, `${HEADER}\r\n`);
  });

  it('has a row for each finding, with the match redacted and formulas disarmed', async () => {
    const secret = fakeGithubPat('csv');
    const key = fakePrivateKey('csv');
    await soteri.fill(
      'main',
      [
        { secret, path: '=cmd|\u001b.csv' },
        { secret: key, ruleId: 'private-key', truncated: true },
      ],
      { now: Date.UTC(2026, 0, 2) },
    );
    const unknown = fakeGithubPat('unknown');
    const [, first, second] = await rows(`?other=${unknown}`);
    assert.deepEqual(first?.slice(0, 3), ['PRJ', 'app', 'main']);
    assert.deepEqual(first?.slice(4), [
      'Jane',
      'jane@example.org',
      '2024-01-01T00:00:00.000Z',
      String.raw`'=cmd|\x1b.csv`,
      '3',
      'GITHUB_PAT',
      'ghp_…',
      'false',
      'false',
      '2026-01-02T00:00:00.000Z',
    ]);
    assert.equal(second?.[10], 'ghp_…');
    const clear = await soteri.call('GET', EXPORT);
    assert.ok([secret, key].every((text) => !clear.text.includes(text)));
    const events = await soteri.audit('Scan results exported');
    assert.equal(events.length, 2);
    assert.ok(!JSON.stringify(events).includes(unknown), 'what no parameter is named for is not on record');
  });

  it('can be narrowed by rule, time, allowlists and reviews', async () => {
    const day = (n: number): number => Date.UTC(2026, 0, n);
    await soteri.fill('main', [{ secret: fakeGithubPat('1') }], { now: day(1) });
    await soteri.fill(
      'main',
      [
        { secret: fakeGithubPat('1') },
        { secret: fakeGithubPat('2'), suppressed: true },
        { secret: fakeGithubPat('3'), ruleId: 'jwt' },
      ],
      { now: day(2) },
    );
    const count = async (query: string): Promise<number> => (await rows(query)).length - 1;
    assert.equal(await count(''), 2);
    assert.equal(await count('?includeAllowlisted=true'), 3);
    assert.equal(await count('?includeWhitelisted=true'), 3);
    assert.equal(await count('?ruleType=JWT'), 1);
    assert.equal(await count('?startDate=2026-01-02T00:00:00Z'), 1);
    assert.equal(await count('?endDate=2026-01-02T00:00:00Z'), 1);
    assert.equal(await count('?startDate=2026-01-02T01:00:00%2B01:00'), 1);
    assert.equal(await count('?startDate=2026-01-01&endDate=2026-01-03'), 2);
    const secret = fakeGithubPat('1');
    await soteri.upload('/global-reviewed/create', `matchText,ruleName\n${secret},GITHUB_PAT\n`);
    assert.equal(await count(''), 1);
    assert.equal(await count('?includeReviewed=true'), 2);
    for (const query of [
      '?startDate=yesterday',
      '?endDate=2026-13-01',
      '?startDate=1700000000000',
      '?ruleType=NONE',
      '?includeReviewed=1',
    ])
      assert.equal((await soteri.call('GET', `${EXPORT}${query}`)).status, 400, query);
  });
});
