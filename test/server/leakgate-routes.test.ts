import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ScanEvent } from '../../src/queue/scan-queue.ts';
import { createPolicyService } from '../../src/server/create-policy-service.ts';
import { addPush } from '../../src/store/pushes.ts';
import { queueScan } from '../../src/store/scans.ts';
import type { ScanRow } from '../../src/store/schema.ts';
import { readSetting } from '../../src/store/settings.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { makeStoredFinding } from '../helpers/make-stored-finding.ts';
import { startApp, type Role, type StartedApp } from '../helpers/start-app.ts';
import { isolatedEnv } from '../helpers/temp-repo.ts';

const API = '/rest/leakgate/latest';
const REPO = `${API}/projects/PRJ/repos/app`;

let server: StartedApp;
let base: string;
const listeners = new Set<(event: ScanEvent) => void>();
const cancelled: number[] = [];
const changes: string[] = [];

before(async () => {
  server = await startApp();
  const { store, dataDir } = server.context;
  const config = join(dataDir, 'global.yml');
  writeFileSync(config, '');
  const policies = createPolicyService({
    store,
    dataDir,
    fingerprintKeyFile: join(dataDir, 'key'),
    systemFolder: join(dataDir, 'none'),
    env: isolatedEnv({ LEAKGATE_CONFIG: config }),
    now: Date.now,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  Object.assign(server.context.policies, policies, {
    async changed(scope: 'GLOBAL' | 'PROJECT' | 'REPOSITORY', id: number, why: string) {
      changes.push(`${scope} ${id}`);
      await policies.changed(scope, id, why);
    },
  });
  Object.assign(server.context.queue, {
    subscribe(listener: (event: ScanEvent) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async cancel(id: number) {
      cancelled.push(id);
      return cancelled.length > 1 ? 'finished' : 'cancelled';
    },
  });
  base = await server.app.listen({ host: '127.0.0.1', port: 0 });
});
after(() => server.close());

interface Answer<T = never> {
  readonly status: number;
  readonly body: T;
}

async function call<T = never>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  role: Role = 'sysAdmin',
  payload?: object,
): Promise<Answer<T>> {
  const answer = await server.app.inject({
    method,
    url,
    headers: server.user(role),
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, body: (answer.body === '' ? undefined : answer.json()) as T };
}

async function storeFinding(columns: object = {}): Promise<{ id: number; fingerprint: string }> {
  return server.context.store.db
    .insertInto('findings')
    .values(makeStoredFinding({ repositoryId: server.repository.id, ...columns }))
    .returning(['id', 'fingerprint'])
    .executeTakeFirstOrThrow();
}

async function storeScan(ref = `refs/heads/${randomBytes(4).toString('hex')}`): Promise<ScanRow> {
  const { scan } = await queueScan(server.context.store.db, {
    repositoryId: server.repository.id,
    ref,
    trigger: 'request',
    requestedBy: 'ada',
    priority: 0,
    full: false,
    notify: [],
    now: Date.now(),
  });
  return scan;
}

type Paged = { values: { [key: string]: unknown }[]; nextPageStart: number | null; size: number };

describe('reviews in our own interface', () => {
  const body = { resolution: 'revoked', reason: 'It was revoked.' };

  it('hold in their scope, replace each other and can be taken back, in force when answered', async () => {
    const { id, fingerprint } = await storeFinding();
    changes.length = 0;
    const made = await call<{ id: number; reviewer: string; scope: object }>('POST', `${REPO}/reviews`, 'repoWrite', {
      ...body,
      findingId: id,
    });
    assert.equal(made.status, 200);
    assert.deepEqual(
      [made.body.reviewer, made.body.scope],
      ['repo-write', { type: 'REPOSITORY', resourceId: server.repository.id }],
    );
    assert.deepEqual(changes, [`REPOSITORY ${server.repository.id}`]);
    const shown = await call<{ state: string }>('GET', `${REPO}/findings/${id}`);
    assert.equal(shown.body.state, 'reviewed');
    const again = await call<{ id: number; expires: number }>('POST', `${REPO}/reviews`, 'repoAdmin', {
      ...body,
      fingerprint,
      ruleId: 'github-pat',
      expires: '2999-12-31',
    });
    assert.equal(again.body.id, made.body.id);
    assert.equal(again.body.expires, Date.parse('3000-01-01T00:00:00Z'));
    const list = await call<Paged>('GET', `${REPO}/reviews?fingerprint=${fingerprint}&valid=true`, 'repoWrite');
    assert.equal(list.body.size, 1);
    assert.equal((await call('GET', `${REPO}/reviews/${made.body.id}`, 'repoWrite')).status, 200);
    assert.equal((await call('GET', `${API}/reviews/${made.body.id}`, 'appAccess')).status, 404);
    assert.equal((await call('DELETE', `${REPO}/reviews/${made.body.id}`, 'repoWrite')).status, 204);
    assert.equal((await call('DELETE', `${REPO}/reviews/${made.body.id}`, 'repoWrite')).status, 204);
    assert.equal((await call<{ state: string }>('GET', `${REPO}/findings/${id}`)).body.state, 'open');
  });

  it('are made for a project by its admins, and for all by app access', async () => {
    const { fingerprint } = await storeFinding();
    const review = { ...body, fingerprint, ruleId: '*' };
    for (const [path, role, status] of [
      [`${API}/projects/PRJ/reviews`, 'projectWrite', 403],
      [`${API}/projects/PRJ/reviews`, 'projectAdmin', 200],
      [`${API}/reviews`, 'projectAdmin', 403],
      [`${API}/reviews`, 'appAccess', 200],
      [`${API}/reviews`, 'anonymous', 401],
      [`${REPO}/reviews`, 'repoRead', 403],
    ] as const)
      assert.equal((await call('POST', path, role, review)).status, status, `${path} ${role}`);
  });

  it('are refused with every problem told', async () => {
    const wrong = await call<{ errors: { context: string }[] }>('POST', `${REPO}/reviews`, 'repoAdmin', {
      fingerprint: 'x',
      ruleId: 'Not An Id',
      resolution: 'revoked',
      reason: 'r',
      expires: '2000-01-01',
    });
    assert.equal(wrong.status, 400);
    assert.deepEqual(
      wrong.body.errors.map(({ context }) => context),
      ['fingerprint', 'ruleId', 'expires'],
    );
    assert.equal(
      (await call('POST', `${REPO}/reviews`, 'repoAdmin', { ...body, resolution: 'fine', findingId: 1 })).status,
      400,
    );
    assert.equal((await call('POST', `${REPO}/reviews`, 'repoAdmin', { ...body, findingId: 999_999 })).status, 404);
    assert.equal(
      (await call('POST', `${REPO}/reviews`, 'repoAdmin', { ...body, findingId: 1, fingerprint: 'x' })).status,
      400,
    );
  });
});

describe('explanations', () => {
  it('say which review decided about a finding, and what applies to a path and a rule', async () => {
    const { id } = await storeFinding();
    type Explained = { outcome: string; steps: { kind: string; origin: { file: string } | null }[] };
    const open = await call<Explained>('GET', `${REPO}/findings/${id}/explain`, 'repoWrite');
    assert.match(open.body.outcome, /It counts/);
    const review = await call<{ id: number }>('POST', `${REPO}/reviews`, 'repoWrite', {
      findingId: id,
      resolution: 'revoked',
      reason: 'r',
    });
    const reviewed = await call<Explained>('GET', `${REPO}/findings/${id}/explain`, 'repoWrite');
    assert.match(reviewed.body.outcome, new RegExp(`server/reviews/${review.body.id}`));
    const path = await call<Explained>('GET', `${REPO}/explain?path=src/a.ts`, 'repoWrite');
    assert.match(path.body.outcome, /src\/a\.ts is scanned/);
    const rule = await call<Explained>('GET', `${REPO}/explain?ruleId=github-pat`, 'repoWrite');
    assert.match(rule.body.outcome, /github-pat runs/);
    assert.equal((await call('GET', `${REPO}/explain`, 'repoWrite')).status, 400);
    assert.equal((await call('GET', `${REPO}/explain?path=a`, 'repoRead')).status, 403);
  });
});

describe('rules', () => {
  it('are listed as they are in force in a repository', async () => {
    const { status, body } = await call<{ values: { id: string; origin: { scope: string } }[]; exempt: boolean }>(
      'GET',
      `${REPO}/rules`,
      'repoWrite',
    );
    assert.equal(status, 200);
    assert.equal(body.exempt, false);
    assert.ok(body.values.some(({ id, origin }) => id === 'github-pat' && origin.scope === 'builtin'));
    assert.equal((await call('GET', `${REPO}/rules`, 'repoRead')).status, 403);
  });

  it('are tried on a text: a pattern alone, or the policy of a repository', async () => {
    const found = await call<{ matches: { line: number; column: number; secret: string }[] }>(
      'POST',
      `${API}/rules/test`,
      'stranger',
      {
        pattern: '^key_[0-9]{8}$',
        text: 'a\nkey_12345678\nkey_12345678 b\n',
      },
    );
    assert.deepEqual(
      found.body.matches.map(({ line, column }) => [line, column]),
      [[2, 1]],
    );
    assert.equal(JSON.stringify(found.body).includes('12345678'), false);
    const wrong = await call<{ errors: { context: string; message: string }[] }>(
      'POST',
      `${API}/rules/test`,
      'stranger',
      { pattern: '(?=a)b', text: '' },
    );
    assert.equal(wrong.status, 400);
    assert.match(wrong.body.errors[0]?.message ?? '', /lookahead/);
    assert.equal(wrong.body.errors[0]?.context, 'pattern');
    assert.equal((await call('POST', `${API}/rules/test`, 'anonymous', { pattern: 'a', text: '' })).status, 401);
    const secret = fakeGithubPat('rule-test');
    const policy = await call<{ matches: { ruleId: string; state: string }[] }>(
      'POST',
      `${REPO}/rules/test`,
      'repoWrite',
      { text: `x ${secret}\n`, path: 'src/a.ts' },
    );
    assert.deepEqual(
      policy.body.matches.map(({ ruleId, state }) => [ruleId, state]),
      [['github-pat', 'new']],
    );
    assert.equal(JSON.stringify(policy.body).includes(secret), false);
  });
});

describe('the queue', () => {
  it('is listed by place and state, shown by key, and cancelled', async () => {
    const scan = await storeScan();
    await storeScan();
    const all = await call<Paged>('GET', `${API}/scans?state=QUEUED&limit=1`);
    assert.equal(all.body.size, 1);
    const next = await call<Paged>('GET', `${API}/scans?state=QUEUED&limit=1&start=${all.body.nextPageStart}`);
    assert.equal(next.body.values[0]?.['scanKey'], scan.key);
    assert.equal((await call<Paged>('GET', `${REPO}/scans?state=RUNNING&state=FAILED`, 'repoWrite')).body.size, 0);
    assert.equal((await call('GET', `${API}/scans?state=GONE`)).status, 400);
    assert.equal((await call('GET', `${API}/scans`, 'repoAdmin')).status, 403);
    const one = await call<{ scanKey: string; skipped: null }>('GET', `${REPO}/scans/${scan.key}`, 'repoWrite');
    assert.deepEqual([one.body.scanKey, one.body.skipped], [scan.key, null]);
    assert.equal((await call('GET', `${REPO}/scans/nope`, 'repoWrite')).status, 404);
    assert.equal((await call('POST', `${REPO}/scans/${scan.key}/cancel`, 'repoRead')).status, 403);
    assert.equal((await call('POST', `${REPO}/scans/${scan.key}/cancel`, 'repoWrite')).status, 204);
    assert.equal((await call('POST', `${API}/scans/${scan.key}/cancel`)).status, 409);
    assert.deepEqual(cancelled, [scan.id, scan.id]);
    assert.equal((await call<{ queued: number }>('GET', `${API}/scans/statistics`)).status, 200);
  });

  it('says that an exempt repository is skipped', async () => {
    const { db } = server.context.store;
    const { key } = await storeScan();
    await db
      .insertInto('exemptions')
      .values({ repositoryId: server.repository.id, scope: 'PROJECT', created: 0 })
      .execute();
    assert.equal((await call<{ skipped: string }>('GET', `${REPO}/scans/${key}`)).body.skipped, 'exempt');
    assert.equal((await call<{ skipped: number }>('GET', `${API}/scans/statistics`)).body.skipped, 1);
    await db.deleteFrom('exemptions').execute();
  });
});

describe('events', () => {
  async function listen(role: Role, query = ''): Promise<{ next(): Promise<string>; close(): void; status: number }> {
    const abort = new AbortController();
    const answer = await fetch(`${base}${API}/events${query}`, { headers: server.user(role), signal: abort.signal });
    const reader = answer.body?.getReader();
    let text = '';
    return {
      status: answer.status,
      async next() {
        while (!text.includes('\n\n')) {
          const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
          if (done) return 'end';
          text += Buffer.from(value).toString('utf8');
        }
        const at = text.indexOf('\n\n');
        const event = text.slice(0, at);
        text = text.slice(at + 2);
        return event;
      },
      close: () => abort.abort(),
    };
  }
  const announce = (scan: ScanRow): void => {
    for (const listener of listeners) listener({ type: 'scan', scan });
  };

  it('tell of scans as they go on, to whoever may see the repository, until the client leaves', async () => {
    await server.context.store.db.deleteFrom('scans').execute();
    const waiting = await storeScan();
    const stream = await listen('repoWrite');
    assert.equal(stream.status, 200);
    assert.match(await stream.next(), /event: ready/);
    assert.match(await stream.next(), new RegExp(`event: scan\ndata: .*${waiting.key}.*"progress":0`));
    announce({ ...waiting, state: 'RUNNING', progress: 40 });
    assert.match(await stream.next(), /"state":"RUNNING","progress":40/);
    const elsewhere = await listen('repoRead');
    assert.match(await elsewhere.next(), /event: ready/);
    const filtered = await listen('repoAdmin', '?repository=PRJ/none');
    assert.match(await filtered.next(), /event: ready/);
    assert.equal(listeners.size, 3);
    announce({ ...waiting, state: 'RUNNING', progress: 50 });
    assert.match(await stream.next(), /"progress":50/);
    for (const client of [stream, elsewhere, filtered]) client.close();
    for (let i = 0; i < 500 && listeners.size > 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(listeners.size, 0);
  });

  it('are for callers who say who they are', async () => {
    assert.equal((await listen('anonymous')).status, 401);
  });
});

describe('audit log, pushes and settings', () => {
  it('lists events by filter, latest first, to admins of the place', async () => {
    const list = await call<Paged>('GET', `${REPO}/audit?action=Finding%20reviewed&limit=2`, 'repoAdmin');
    assert.equal(list.status, 200);
    assert.ok(list.body.size >= 1);
    assert.ok(list.body.values.every(({ action }) => action === 'Finding reviewed'));
    assert.equal((await call('GET', `${REPO}/audit`, 'repoWrite')).status, 403);
    assert.equal((await call('GET', `${API}/audit`, 'projectAdmin')).status, 403);
    const ids: number[] = [];
    for (let start: number | null = 0; start !== null;) {
      const page: Answer<Paged> = await call<Paged>('GET', `${API}/audit?limit=3&start=${start}`);
      ids.push(...page.body.values.map(({ id }) => id as number));
      start = page.body.nextPageStart;
    }
    const rows = await server.context.store.db.selectFrom('auditEvents').select('id').orderBy('id', 'desc').execute();
    assert.deepEqual(
      ids,
      rows.map(({ id }) => id),
    );
  });

  it('counts pushes by decision, mode and rule: what a hook that warns would have refused', async () => {
    const { db } = server.context.store;
    for (const [i, decision, mode] of [
      [1, 'warned', 'warn'],
      [2, 'warned', 'warn'],
      [3, 'refused', 'block'],
      [4, 'accepted', 'block'],
    ] as const)
      await addPush(db, {
        repositoryId: server.repository.id,
        time: 1000 + i,
        digest: String(i),
        decision,
        mode,
        pusher: 'ada',
        findings: decision === 'accepted' ? 0 : 2,
        blockingFindings: 1,
        durationMs: 1,
        details: JSON.stringify({
          findings: [
            { ruleId: 'github-pat', blocking: true },
            { ruleId: 'github-pat', blocking: true },
            { ruleId: 'jwt', blocking: false },
          ],
        }),
      });
    type Statistics = {
      pushes: number;
      refused: number;
      wouldHaveBeenRefused: number;
      rules: object[];
      complete: boolean;
    };
    const { status, body } = await call<Statistics>('GET', `${REPO}/statistics/pushes`, 'repoAdmin');
    assert.equal(status, 200);
    assert.deepEqual([body.pushes, body.refused, body.wouldHaveBeenRefused, body.complete], [4, 1, 2, true]);
    assert.deepEqual(body.rules, [
      { ruleId: 'github-pat', decision: 'warned', mode: 'warn', pushes: 2, findings: 4 },
      { ruleId: 'github-pat', decision: 'refused', mode: 'block', pushes: 1, findings: 2 },
    ]);
    assert.equal((await call<Statistics>('GET', `${API}/statistics/pushes?mode=warn&from=1002`)).body.pushes, 1);
    const list = await call<Paged>('GET', `${REPO}/pushes?decision=warned&limit=1`, 'repoAdmin');
    assert.equal(list.body.size, 1);
    assert.notEqual(list.body.nextPageStart, null);
    assert.equal((await call('GET', `${REPO}/pushes`, 'repoWrite')).status, 403);
  });

  it('shows settings and changes what is named, on record, and brings it out where policies are made of it', async () => {
    const before_ = await call<{ hookMode: string }>('GET', `${API}/settings`, 'admin');
    assert.equal(before_.body.hookMode, 'on');
    changes.length = 0;
    const after_ = await call<{ hookMode: string; scanSchedule: string; soteriYml: boolean }>(
      'PUT',
      `${API}/settings`,
      'admin',
      { hookMode: 'always', scanSchedule: '0 3 * * *' },
    );
    assert.deepEqual(
      [after_.status, after_.body.hookMode, after_.body.scanSchedule, after_.body.soteriYml],
      [200, 'always', '0 3 * * *', false],
    );
    assert.deepEqual(changes, ['GLOBAL 0']);
    assert.equal(await readSetting(server.context.store.db, 'hookMode'), 'always');
    await call('PUT', `${API}/settings`, 'admin', { scanSchedule: null, hookMode: 'always' });
    assert.deepEqual(changes, ['GLOBAL 0']);
    for (const wrong of [
      { hookMode: 'x' },
      { unknown: 1 },
      { scanSchedule: 'often' },
      { recheckSeconds: 0 },
      { soteriYml: 'true' },
    ])
      assert.equal((await call('PUT', `${API}/settings`, 'admin', wrong)).status, 400, JSON.stringify(wrong));
    const unknown = await call('PUT', `${API}/settings`, 'admin', { nope: 1, soteriYml: true, more: { x: 1 } });
    assert.deepEqual(
      [unknown.status, unknown.body],
      [
        400,
        {
          errors: ['nope', 'more'].map((context) => ({
            context,
            message: `${context} is not known here.`,
            exceptionName: null,
          })),
        },
      ],
    );
    assert.equal((await call('GET', `${API}/settings`, 'appAccess')).status, 403);
    assert.equal((await call('PUT', `${API}/settings`, 'projectAdmin', {})).status, 403);
    const events = await server.context.store.db
      .selectFrom('auditEvents')
      .selectAll()
      .where('action', '=', 'Server settings changed')
      .execute();
    assert.equal(events.length, 2);
  });
});
