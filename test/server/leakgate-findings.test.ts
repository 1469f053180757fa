import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { FINDING_TEXT } from '../../src/queue/seal-finding.ts';
import { createProject } from '../../src/store/projects.ts';
import { putReview } from '../../src/store/reviews.ts';
import type { BrowseFilter } from '../../src/store/browse-findings.ts';
import { browseFindings } from '../../src/store/browse-findings.ts';
import { listFindings } from '../../src/store/findings.ts';
import { parseCsv } from '../helpers/parse-csv.ts';
import { makeStoredFinding } from '../helpers/make-stored-finding.ts';
import { startApp, type Role, type StartedApp } from '../helpers/start-app.ts';

const API = '/rest/leakgate/latest';
const REPO = `${API}/projects/PRJ/repos/app`;
const ROWS = 10_000;

let server: StartedApp;
let otherId: number;
before(async () => {
  server = await startApp();
  const { db } = server.context.store;
  const other = await createProject(db, { key: 'OTHER', name: 'Other', created: 0 });
  const { id } = await db
    .insertInto('repositories')
    .values({
      projectId: other.id,
      slug: 'lib',
      name: 'lib',
      description: null,
      path: null,
      cloneUrl: 'https://example.org/lib.git',
      defaultBranch: null,
      isPublic: 0,
      created: 0,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  otherId = id;
  const rows = Array.from({ length: ROWS }, (_, i) =>
    makeStoredFinding({
      repositoryId: i % 3 === 0 ? otherId : server.repository.id,
      ref: i % 5 === 0 ? 'refs/heads/next' : 'refs/heads/main',
      ruleId: i % 7 === 0 ? 'slack-bot-token' : 'github-pat',
      severity: i % 1009 === 0 ? 'critical' : 'high',
      state: i % 11 === 0 ? 'suppressed' : 'new',
      path: `folder${i % 20}/file${i}.ts`,
      created: 1_700_000_000_000 + i,
    }),
  );
  for (let at = 0; at < ROWS; at += 500)
    await db
      .insertInto('findings')
      .values(rows.slice(at, at + 500))
      .execute();
  for (const i of [5, 17, 40, 8000])
    await putReview(db, {
      scope: 'GLOBAL',
      resourceId: 0,
      fingerprint: rows[i]?.fingerprint ?? '',
      ruleId: 'github-pat',
      resolution: 'revoked',
      reviewer: 'ada',
      reason: 'gone',
      created: 0,
      expires: null,
    });
});
after(() => server.close());

interface Page {
  readonly values: readonly { readonly id: number; readonly state: string; readonly [key: string]: unknown }[];
  readonly isLastPage: boolean;
  readonly nextPageStart: number | null;
  readonly size: number;
}

async function get(url: string, role: Role = 'sysAdmin'): Promise<{ status: number; body: never; headers: object }> {
  const answer = await server.app.inject({ method: 'GET', url, headers: server.user(role) });
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
}

async function allPages(url: string, limit: number): Promise<number[]> {
  const ids: number[] = [];
  for (let start: number | null = 0; start !== null;) {
    const { status, body } = await get(`${url}${url.includes('?') ? '&' : '?'}limit=${limit}&start=${start}`);
    assert.equal(status, 200);
    const page = body as Page;
    assert.equal(page.values.length, page.size);
    assert.ok(page.size <= limit);
    ids.push(...page.values.map(({ id }) => id));
    assert.equal(page.isLastPage, page.nextPageStart === null);
    start = page.nextPageStart;
  }
  return ids;
}

describe('findings in our own interface', () => {
  it('gives, page by page, what one list gives, whatever the filter', async () => {
    const { db } = server.context.store;
    const now = Date.now();
    const filters: BrowseFilter[] = [
      { now },
      { now, repositoryIds: [server.repository.id] },
      { now, repositoryIds: [server.repository.id, otherId] },
      { now, ruleId: 'slack-bot-token' },
      { now, ref: 'refs/heads/next', severity: 'critical' },
      { now, repositoryIds: [otherId], ref: 'refs/heads/next' },
      { now, state: 'open' },
      { now, state: 'suppressed', repositoryIds: [otherId, server.repository.id], ruleId: 'github-pat' },
      { now, state: 'reviewed' },
      { now, path: 'folder3/' },
      { now, path: 'folder3/file23.ts' },
      { now, from: 1_700_000_000_500, to: 1_700_000_000_700 },
      { now, repositoryIds: [] },
    ];
    const whole = await listFindings(
      db,
      { now, includeSuppressed: true, includeReviewed: true },
      { start: 0, limit: ROWS },
    );
    for (const filter of filters) {
      const expected = whole
        .filter(
          (row) =>
            (filter.repositoryIds?.includes(row.repositoryId) ?? true) &&
            (filter.ref ?? row.ref) === row.ref &&
            (filter.ruleId ?? row.ruleId) === row.ruleId &&
            (filter.severity ?? row.severity) === row.severity &&
            (filter.path === undefined ||
              (filter.path.endsWith('/') ? row.path.startsWith(filter.path) : row.path === filter.path)) &&
            row.created >= (filter.from ?? 0) &&
            row.created < (filter.to ?? Infinity) &&
            (filter.state === undefined ||
              filter.state === (row.state === 'suppressed' ? 'suppressed' : row.reviewed === 1 ? 'reviewed' : 'open')),
        )
        .map(({ id }) => id);
      for (const limit of [97, 1000]) {
        const ids: number[] = [];
        for (let after_: number | undefined = 0; after_ !== undefined;) {
          const page = await browseFindings(db, filter, { after: after_, limit });
          assert.ok(page.findings.length <= limit);
          ids.push(...page.findings.map(({ id }) => id));
          after_ = page.next;
        }
        assert.deepEqual(ids, expected, JSON.stringify({ filter, limit }));
      }
    }
  });

  it('pages over its routes for everything, a project and a repository', async () => {
    assert.equal((await allPages(`${API}/findings`, 1000)).length, ROWS);
    const own = await allPages(`${REPO}/findings`, 999);
    assert.equal(own.length, ROWS - Math.ceil(ROWS / 3));
    assert.deepEqual(await allPages(`${API}/projects/PRJ/findings`, 1000), own);
    assert.deepEqual(await allPages(`${API}/findings?repository=prj/app`, 1000), own);
    assert.deepEqual(await allPages(`${API}/findings?project=PRJ`, 1000), own);
    assert.equal((await allPages(`${API}/findings?severity=critical`, 50)).length, 10);
    assert.equal((await allPages(`${API}/findings?state=reviewed`, 50)).length, 4);
  });

  it('answers by role: 401 to strangers, 403 without the permission', async () => {
    const expected: readonly (readonly [string, Role, number])[] = [
      [`${API}/findings`, 'anonymous', 401],
      [`${API}/findings`, 'stranger', 403],
      [`${API}/findings`, 'projectAdmin', 403],
      [`${API}/findings`, 'admin', 200],
      [`${API}/projects/PRJ/findings`, 'projectWrite', 403],
      [`${API}/projects/PRJ/findings`, 'projectAdmin', 200],
      [`${REPO}/findings`, 'anonymous', 401],
      [`${REPO}/findings`, 'repoRead', 403],
      [`${REPO}/findings`, 'repoWrite', 200],
      [`${API}/projects/NONE/findings`, 'stranger', 403],
      [`${API}/projects/NONE/findings`, 'admin', 404],
    ];
    for (const [url, role, status] of expected)
      assert.equal((await get(`${url}?limit=1`, role)).status, status, `${url} ${role}`);
  });

  it('says all that is wrong with a filter', async () => {
    const { status, body } = await get(`${API}/findings?severity=bad&limit=0&fingerprint=1`);
    assert.equal(status, 400);
    const { errors } = body as { errors: { context: string }[] };
    assert.deepEqual(errors.map(({ context }) => context).sort(), ['fingerprint', 'limit', 'severity']);
    const times = await get(`${API}/findings?from=yesterday&to=2026-99-99`);
    assert.equal(times.status, 400);
    assert.equal((await get(`${API}/findings?project=NOPE`)).status, 404);
    assert.equal((await get(`${API}/findings?repository=PRJ`)).status, 404);
    // What there is in other projects is not told: those that are there are not found, either.
    for (const name of ['OTHER/lib', 'OTHER/none'])
      assert.equal((await get(`${API}/projects/PRJ/findings?repository=${name}`, 'projectAdmin')).status, 404, name);
  });

  it('shows the text of a finding in clear to admins of the repository only, and writes that down first', async () => {
    const { db } = server.context.store;
    const secret = randomBytes(20).toString('hex');
    const text = `token = "${secret}"`;
    const { id } = await db
      .insertInto('findings')
      .values(
        makeStoredFinding({
          repositoryId: server.repository.id,
          textSealed: server.context.keys.seal(text, FINDING_TEXT),
          textStart: 9,
          textEnd: 49,
        }),
      )
      .returning('id')
      .executeTakeFirstOrThrow();
    const plain = await get(`${REPO}/findings/${id}`, 'repoWrite');
    assert.equal(plain.status, 200);
    assert.equal(JSON.stringify(plain.body).includes(secret), false);
    assert.equal((await get(`${REPO}/findings/${id}?reveal=true`, 'repoWrite')).status, 403);
    const clear = await get(`${REPO}/findings/${id}?reveal=true`, 'repoAdmin');
    const shown = clear.body as { text: string; textStart: number; textEnd: number };
    assert.equal(shown.text.slice(shown.textStart, shown.textEnd), secret);
    const events = await db.selectFrom('auditEvents').selectAll().where('action', '=', 'Finding revealed').execute();
    assert.equal(events.length, 1);
    assert.equal(events[0]?.actor, 'repo-admin');
    assert.equal(JSON.stringify(events).includes(secret), false);
    assert.equal((await get(`${API}/findings/${id}`, 'admin')).status, 200);
    assert.equal((await get(`${API}/projects/OTHER/repos/lib/findings/${id}`, 'admin')).status, 404);
    assert.equal((await get(`${REPO}/findings/99999999`, 'repoAdmin')).status, 404);
    assert.equal((await get(`${REPO}/findings/0`, 'repoAdmin')).status, 400);
  });

  it('exports what the list shows as CSV, without secrets, and says how many rows there can be', async () => {
    const answer = await server.app.inject({
      method: 'GET',
      url: `${REPO}/findings.csv?ruleId=slack-bot-token`,
      headers: server.user('repoWrite'),
    });
    assert.equal(answer.statusCode, 200);
    assert.match(String(answer.headers['content-type']), /^text\/csv/);
    const [header, ...rows] = parseCsv(answer.body);
    assert.deepEqual(header?.slice(0, 4), ['Number', 'Id', 'Project', 'Repository']);
    const ids = await allPages(`${REPO}/findings?ruleId=slack-bot-token`, 1000);
    assert.deepEqual(
      rows.map((row) => Number(row[1])),
      ids,
    );
    assert.equal(rows.at(-1)?.[0], String(ids.length));
    assert.ok(Number(answer.headers['x-rows-at-most']) >= ids.length);
    assert.equal(
      (await server.app.inject({ method: 'GET', url: `${REPO}/findings.csv`, headers: server.user('repoRead') }))
        .statusCode,
      403,
    );
  });
});
