import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fakeGithubPat, fakePrivateKey } from '../helpers/fake-secrets.ts';
import { malformedForms } from '../helpers/malformed-forms.ts';
import { startSoteri, type Answer, type Soteri } from '../helpers/soteri-fixture.ts';

const LINES = '/review-lines/projects/PRJ/repos/app';

let soteri: Soteri;
before(async () => {
  soteri = await startSoteri();
});
after(() => soteri.close());
beforeEach(async () => {
  const { db } = soteri.server.context.store;
  for (const table of ['findings', 'scans', 'branches', 'reviewedMatches', 'auditEvents'] as const)
    await db.deleteFrom(table).execute();
  soteri.changes.length = 0;
});

/** As the branch's status has it, which is kept, and as its results have it, which are looked up. */
async function vulnerabilities(): Promise<readonly [number, number]> {
  const { values } = (await soteri.call('GET', '/status/projects/PRJ/repos/app/branches')).body as {
    values: { vulnerabilities: number }[];
  };
  const { invalidLines } = (await soteri.call('GET', '/scan/PRJ/repos/app')).body as { invalidLines: unknown[] };
  return [values[0]?.vulnerabilities ?? -1, invalidLines.length];
}
const errorsOf = (answer: Answer): { context: string | null; message: string }[] =>
  (answer.body as { errors: never }).errors;
const stored = (): Promise<number> =>
  soteri.server.context.store.db
    .selectFrom('reviewedMatches')
    .select('id')
    .execute()
    .then((rows) => rows.length);

describe('a finding reviewed in its repository', () => {
  it('no longer counts, and counts again when the review is ended', async () => {
    const [one, two] = [fakeGithubPat('one'), fakeGithubPat('two')];
    await soteri.fill('main', [{ secret: one }, { secret: two }]);
    assert.deepEqual(await vulnerabilities(), [2, 2]);
    const body = { matchText: one, ruleName: 'GITHUB_PAT' };
    const created = await soteri.call('POST', `${LINES}/create`, { body, role: 'repoWrite' });
    assert.equal(created.status, 200);
    const { id, ruleName, reviewer } = created.body as { id: number; ruleName: string; reviewer: string };
    assert.deepEqual([ruleName, reviewer], ['GITHUB_PAT', 'repo-write']);
    assert.ok(!created.text.includes(one));
    assert.deepEqual(await vulnerabilities(), [1, 1]);
    assert.deepEqual(soteri.changes, [`REPOSITORY ${soteri.server.repository.id}`]);
    const again = await soteri.call('POST', `${LINES}/create`, { body });
    assert.deepEqual([again.status, (again.body as { id: number }).id, await stored()], [200, id, 1]);
    assert.equal(
      (await soteri.call('POST', `${LINES}/delete`, { body: { matchText: one }, role: 'repoWrite' })).status,
      204,
    );
    assert.deepEqual(await vulnerabilities(), [2, 2]);
    assert.equal((await soteri.call('POST', `${LINES}/delete`, { body: { matchText: one } })).status, 204);
    assert.deepEqual(
      (await soteri.audit('Findings marked as reviewed')).map(({ details }) => details),
      [{ count: 1 }],
    );
  });

  it('is kept encrypted, and in no other place', async () => {
    const secret = fakeGithubPat('sealed');
    await soteri.call('POST', `${LINES}/create`, { body: { matchText: secret, ruleName: 'X' } });
    const { db } = soteri.server.context.store;
    const all = JSON.stringify([
      await db.selectFrom('reviewedMatches').selectAll().execute(),
      await db.selectFrom('auditEvents').selectAll().execute(),
    ]);
    assert.ok(!all.includes(secret));
    const { matchSealed } = await db.selectFrom('reviewedMatches').select('matchSealed').executeTakeFirstOrThrow();
    assert.equal(soteri.server.context.keys.open(matchSealed, 'reviewedMatches.match'), secret);
  });

  it('is compared exactly, in its repository only', async () => {
    const secret = fakeGithubPat('exact');
    await soteri.fill('main', [{ secret }]);
    for (const matchText of [secret.toUpperCase(), secret.slice(1)])
      await soteri.call('POST', `${LINES}/create`, { body: { matchText, ruleName: 'X' } });
    assert.deepEqual(await vulnerabilities(), [1, 1]);
  });

  it('is ended with all others of the repository only when that is confirmed', async () => {
    await soteri.upload('/global-reviewed/create', 'matchText,ruleName\neverywhere,X\n');
    for (const matchText of ['one', 'two'])
      await soteri.call('POST', `${LINES}/create`, { body: { matchText, ruleName: 'X' } });
    for (const query of ['', '?confirm=false', '?confirm=yes']) {
      const refused = await soteri.call('DELETE', `${LINES}/delete${query}`);
      assert.deepEqual([refused.status, errorsOf(refused)[0]?.context], [400, 'confirm']);
    }
    assert.equal(await stored(), 3);
    assert.equal((await soteri.call('DELETE', `${LINES}/delete?confirm=True`, { role: 'repoWrite' })).status, 204);
    assert.equal(await stored(), 1);
  });

  it('must be said in full', async () => {
    const refused = async (body: unknown): Promise<unknown> => {
      const answer = await soteri.call('POST', `${LINES}/create`, { body });
      assert.equal(answer.status, 400);
      return errorsOf(answer).map(({ context }) => context);
    };
    assert.deepEqual(await refused({}), ['matchText', 'ruleName']);
    assert.deepEqual(await refused({ matchText: ' ', ruleName: 'X' }), ['matchText']);
    assert.deepEqual(await refused({ matchText: 'x', ruleName: '' }), ['ruleName']);
    assert.deepEqual(await refused({ matchText: 'x'.repeat(70_000), ruleName: 'X' }), ['matchText']);
    assert.deepEqual(await refused({ matchText: 7, ruleName: 'X' }), ['matchText']);
  });
});

describe('lists of findings reviewed everywhere', () => {
  it('are added and taken away as CSV, with counts of what was new', async () => {
    const [one, key] = [fakeGithubPat('one'), fakePrivateKey('everywhere')];
    await soteri.fill('main', [{ secret: one }, { secret: key, ruleId: 'private-key', truncated: true }]);
    const csv = `ruleName,comment,matchText\r\nGITHUB_PAT,"a, b",${one}\r\nRSA,,"'${key}"\r\nGITHUB_PAT,,${one}\r\n`;
    const added = await soteri.upload('/global-reviewed/create', csv, 'appAccess');
    assert.deepEqual([added.status, added.body], [200, { uploadedCount: 2, addedCount: 2 }]);
    assert.deepEqual(await vulnerabilities(), [0, 0]);
    assert.deepEqual((await soteri.upload('/global-reviewed/create', csv)).body, { uploadedCount: 2, addedCount: 0 });
    assert.deepEqual(soteri.changes, ['GLOBAL 0']);
    const deleted = await soteri.upload('/global-reviewed/delete', `matchText\n${one}\nunknown\n`);
    assert.deepEqual(deleted.body, { uploadedCount: 2, deletedCount: 1 });
    assert.deepEqual(await vulnerabilities(), [1, 1]);
    assert.equal((await soteri.call('DELETE', '/global-reviewed')).status, 400);
    assert.equal((await soteri.call('DELETE', '/global-reviewed?confirm=TRUE')).status, 204);
    assert.deepEqual(await vulnerabilities(), [2, 2]);
  });

  it('count for nothing when one row is bad, and every bad row is named', async () => {
    const secret = fakeGithubPat('bad');
    const answer = await soteri.upload(
      '/global-reviewed/create',
      `matchText,ruleName\n${secret},X\n,X\nonly\n"two\nlines",\nx,Y\n`,
    );
    assert.equal(answer.status, 400);
    assert.deepEqual(
      errorsOf(answer).map(({ message }) => message),
      [
        'Row 3 (line 3) has no matchText.',
        'Row 4 (line 4) has 1 fields, the header has 2.',
        'Row 5 (line 5) has no ruleName.',
      ],
    );
    assert.ok(!answer.text.includes(secret));
    assert.equal(await stored(), 0);
  });

  it('must be CSV in UTF-8 with the columns, of a size that can be looked through', async () => {
    const refused = async (text: string | Uint8Array): Promise<string> => {
      const answer = await soteri.upload('/global-reviewed/create', text);
      assert.equal(answer.status, 400);
      return errorsOf(answer)[0]?.message ?? '';
    };
    assert.match(await refused(''), /empty/);
    assert.match(await refused('matchText\nx\n'), /ruleName is missing/);
    assert.match(await refused('a,b\n1,2\n'), /matchText and ruleName/);
    assert.match(await refused('matchText,ruleName\n"x,Y\n'), /never closed/);
    assert.match(await refused(Uint8Array.of(0xff, 0xfe, 0x41)), /UTF-8/);
    const large = await soteri.upload('/global-reviewed/create', `matchText,ruleName\n${'x,Y\n'.repeat(1_400_000)}`);
    assert.equal(large.status, 413);
    assert.equal((await soteri.call('POST', '/global-reviewed/create', { body: { matchText: 'x' } })).status, 415);
    assert.equal(await stored(), 0);
  });

  for (const path of ['/global-reviewed/create', '/global-reviewed/delete'])
    for (const { title, type, payload } of malformedForms('file'))
      it(`are refused at ${path} with ${title}`, async () => {
        const answer = await soteri.server.app.inject({
          method: 'POST',
          url: `/rest/security/latest${path}`,
          headers: { ...soteri.server.admin, 'content-type': type },
          payload,
        });
        assert.equal(answer.statusCode, 400, answer.body);
        assert.match(answer.json<{ errors: { message: string }[] }>().errors[0]?.message ?? '', /not a complete form/);
        assert.equal(await stored(), 0);
      });

  it('are one file at a time', async () => {
    const form = async (...fields: readonly (readonly [name: string, text: string | Blob])[]) => {
      const data = new FormData();
      for (const [name, text] of fields) data.append(name, text);
      const request = new Request('http://x', { method: 'POST', body: data });
      return soteri.server.app.inject({
        method: 'POST',
        url: '/rest/security/latest/global-reviewed/create',
        headers: { ...soteri.server.admin, 'content-type': request.headers.get('content-type') ?? '' },
        payload: Buffer.from(await request.arrayBuffer()),
      });
    };
    const [one, two] = ['one', 'two'].map((text) => new Blob([`matchText,ruleName\n${text},X\n`])) as [Blob, Blob];
    for (const fields of [
      [
        ['file', one],
        ['file', two],
      ],
      [
        ['file', one],
        ['other', two],
      ],
      [
        ['file', one],
        ['file', 'matchText,ruleName\n'],
      ],
      [
        ['file', 'matchText,ruleName\n'],
        ['file', one],
      ],
      [['other', one]],
      [['file', 'matchText,ruleName\n']],
    ] as const) {
      const answer = await form(...fields);
      assert.equal(answer.statusCode, 400, answer.body);
      assert.equal(await stored(), 0);
    }
    assert.equal((await form(['comment', 'x'], ['file', one], ['more', 'x'])).statusCode, 200);
    assert.equal(await stored(), 1);
  });

  it('may be long', async () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => `value-${n},X`).join('\n');
    const answer = await soteri.upload('/global-reviewed/create', `\ufeffmatchText,ruleName\n${rows}\n`);
    assert.deepEqual(answer.body, { uploadedCount: 20_000, addedCount: 20_000 });
  });
});
