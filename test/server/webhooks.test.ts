import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { listAudit } from '../../src/store/audit.ts';
import { writeSetting } from '../../src/store/settings.ts';
import { ROLES, startApp } from '../helpers/start-app.ts';
import type { Role, StartedApp } from '../helpers/start-app.ts';
import { startWebhookReceiver } from '../helpers/webhook-receiver.ts';
import type { WebhookReceiver } from '../helpers/webhook-receiver.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Record<string, unknown> & {
    readonly id?: number;
    readonly values?: readonly { readonly id: number; readonly statistics?: object }[];
  };
}

const REPOSITORY = '/projects/PRJ/repos/app/webhooks';
const PROJECT = '/projects/PRJ/webhooks';
const EVENT = 'repo:secret_detected';
const URL_OF_ALL = 'https://example.org/hook';
let server: StartedApp;
let receiver: WebhookReceiver;

async function call(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  payload?: unknown,
  role: Role = 'sysAdmin',
): Promise<Answer> {
  const answer = await server.app.inject({
    method,
    url: `/rest/api/latest${path}`,
    headers: server.user(role),
    ...(payload === undefined ? {} : { payload: payload as object }),
  });
  return {
    status: answer.statusCode,
    text: answer.body,
    body: answer.body === '' ? {} : (answer.json() as Answer['body']),
  };
}

function contexts({ body }: Answer): (string | null)[] {
  return (body['errors'] as { context: string | null }[]).map(({ context }) => context);
}

before(async () => {
  server = await startApp();
  receiver = await startWebhookReceiver((response, index) =>
    response.writeHead(index === 1 ? 500 : 200).end('what they say'),
  );
});
after(async () => {
  await server.close();
  await receiver.close();
});

for (const [path, scopeType, title, category] of [
  [REPOSITORY, 'repository', 'Repository', 'Repositories'],
  [PROJECT, 'project', 'Project', 'Projects'],
] as const) {
  describe(`Webhooks of a ${scopeType}`, () => {
    it('are made, shown, changed and deleted, and never tell their secret', async () => {
      const secret = randomBytes(20).toString('hex');
      const made = await call('POST', path, {
        name: ' Chat ',
        url: URL_OF_ALL,
        events: [EVENT, EVENT],
        active: true,
        configuration: { secret },
        sslVerificationRequired: true,
      });
      const { id, createdDate, updatedDate } = made.body;
      assert.equal(made.status, 200);
      assert.deepEqual(made.body, {
        ...{ id, createdDate, updatedDate, name: 'Chat', url: URL_OF_ALL, events: [EVENT], active: true },
        ...{ configuration: {}, scopeType, sslVerificationRequired: true },
      });
      assert.deepEqual((await call('GET', `${path}/${id}`)).body, made.body);
      const off = await call('PUT', `${path}/${id}`, { ...made.body, active: false });
      assert.deepEqual(off.body, { ...made.body, active: false, updatedDate: off.body['updatedDate'] });
      const row = await server.context.store.db
        .selectFrom('webhooks')
        .selectAll()
        .where('id', '=', id as number)
        .executeTakeFirstOrThrow();
      assert.equal(server.context.keys.open(row.secretSealed ?? '', 'webhooks.secret'), secret);
      await call('PUT', `${path}/${id}`, { configuration: { secret: null } });
      const changed = await server.context.store.db
        .selectFrom('webhooks')
        .selectAll()
        .where('id', '=', id as number)
        .executeTakeFirstOrThrow();
      assert.equal(changed.secretSealed, null);
      assert.equal(changed.active, 0);
      for (const { text } of [made, off, await call('GET', path)]) assert.ok(!text.includes(secret));
      const events = await listAudit(server.context.store.db, { category }, { start: 0, limit: 3 });
      assert.deepEqual(
        events.slice(0, 3).map(({ action }) => action),
        ['changed', 'changed', 'created'].map((verb) => `${title} webhook ${verb}`),
      );
      assert.ok(!JSON.stringify(events).includes(secret));

      assert.equal((await call('DELETE', `${path}/${id}`)).status, 204);
      assert.equal((await call('GET', `${path}/${id}`)).status, 404);
      assert.equal((await call('DELETE', `${path}/${id}`)).status, 404);
      assert.equal((await call('PUT', `${path}/${id}`, { name: 'x' })).status, 404);
      assert.equal((await call('GET', `${path}/x`)).status, 404);
    });

    it('are refused with all that is wrong', async () => {
      const good = { name: 'a', url: URL_OF_ALL, events: [EVENT] };
      for (const [change, expected] of [
        [{ name: '', url: 'ftp://example.org', events: [] }, ['name', 'url', 'events']],
        [{ url: 'not a url' }, ['url']],
        [{ url: `https://example.org/${'x'.repeat(2000)}` }, ['url']],
        [{ url: 'https://ann:word@example.org/' }, ['url']], // leakgate:allow
        [{ url: 'javascript:alert(1)' }, ['url']],
        [{ url: 'http://127.0.0.1/' }, ['url']],
        [{ url: 'http://2130706433/' }, ['url']],
        [{ url: 'http://0x7f.1/' }, ['url']],
        [{ url: 'http://[::1]:8080/' }, ['url']],
        [{ url: 'http://[::ffff:10.0.0.1]/' }, ['url']],
        [{ url: 'http://169.254.169.254/latest' }, ['url']],
        [{ events: ['repo:refs_changed'] }, ['events']],
        [{ sslVerificationRequired: false }, ['sslVerificationRequired']],
        [{ credentials: { username: 'ann', password: 'x' } }, ['credentials']],
        [{ configuration: { secret: 7 } }, ['configuration.secret']],
        [{ active: 'true' }, ['active']],
      ] as const) {
        const answer = await call('POST', path, { ...good, ...change });
        assert.deepEqual([answer.status, contexts(answer)], [400, expected], JSON.stringify(change));
      }
      assert.equal((await call('POST', path)).status, 400);
      assert.deepEqual((await call('GET', path)).body.values, []);
    });

    it('are listed in pages, by event', async () => {
      for (const name of ['a', 'b', 'c'])
        await call('POST', path, { name, url: URL_OF_ALL, events: [EVENT], credentials: { username: '' } });
      const page = await call('GET', `${path}?limit=2`);
      assert.deepEqual([page.body['size'], page.body['isLastPage'], page.body['nextPageStart']], [2, false, 2]);
      assert.equal((await call('GET', `${path}?limit=2&start=2`)).body.values?.length, 1);
      assert.equal((await call('GET', `${path}?event=${EVENT}&event=x`)).body.values?.length, 3);
      assert.equal((await call('GET', `${path}?event=x`)).body.values?.length, 0);
      assert.deepEqual(
        (await call('GET', `${path}?statistics=true`)).body.values?.map(({ statistics }) => statistics),
        [{}, {}, {}],
      );
      for (const { id } of (await call('GET', path)).body.values ?? []) await call('DELETE', `${path}/${id}`);
    });

    it('are for admins', async () => {
      const allowed = [...(scopeType === 'repository' ? ['repoAdmin'] : []), 'projectAdmin', 'admin', 'sysAdmin'];
      for (const role of ROLES) {
        const good = allowed.includes(role);
        assert.equal((await call('GET', path, undefined, role)).status, good ? 200 : 401, role);
        assert.equal((await call('POST', path, {}, role)).status, good ? 400 : 401, role);
        for (const method of ['GET', 'PUT', 'DELETE'] as const)
          assert.equal(
            (await call(method, `${path}/9`, method === 'PUT' ? {} : undefined, role)).status,
            good ? 404 : 401,
            role,
          );
        assert.equal((await call('POST', `${path}/test`, undefined, role)).status, good ? 400 : 401, role);
        for (const part of ['latest', 'statistics', 'statistics/summary'])
          assert.equal((await call('GET', `${path}/9/${part}`, undefined, role)).status, good ? 404 : 401, role);
      }
    });
  });
}

describe('A webhook', () => {
  it('of one place is not found at another', async () => {
    const { id } = (await call('POST', PROJECT, { name: 'a', url: URL_OF_ALL, events: [EVENT] })).body;
    assert.equal((await call('GET', `${REPOSITORY}/${id}`)).status, 404);
    assert.equal((await call('DELETE', `${REPOSITORY}/${id}`)).status, 404);
    assert.equal((await call('DELETE', `${PROJECT}/${id}`)).status, 204);
  });

  it('can be tried out, signed, once private targets are allowed', async () => {
    const { db } = server.context.store;
    const secret = randomBytes(20).toString('hex');
    assert.equal((await call('POST', `${REPOSITORY}/test?url=${receiver.url}`)).status, 400);
    await writeSetting(db, 'allowPrivateTargets', true);
    const { id } = (
      await call('POST', REPOSITORY, {
        name: 'a',
        url: `${receiver.url}/a`,
        events: [EVENT],
        configuration: { secret },
      })
    ).body;
    const tried = await call('POST', `${REPOSITORY}/test?webhookId=${id}`);
    assert.equal(tried.status, 200);
    assert.equal((tried.body['response'] as { status: number }).status, 200);
    assert.ok(!tried.text.includes('what they say'));
    const [first] = await receiver.received(1);
    assert.equal(first?.headers['x-event-key'], 'diagnostics:ping');
    assert.equal(
      first?.headers['x-hub-signature'],
      `sha256=${createHmac('sha256', secret)
        .update(first?.body ?? '')
        .digest('hex')}`,
    );
    const elsewhere = await call('POST', `${REPOSITORY}/test?webhookId=${id}&url=${receiver.url}/b`);
    assert.equal((elsewhere.body['response'] as { status: number }).status, 500);
    const second = (await receiver.received(2))[1];
    assert.deepEqual([second?.path, second?.headers['x-hub-signature']], ['/b', undefined]);
    const dead = await call('POST', `${REPOSITORY}/test?url=http://127.0.0.1:1/`);
    assert.equal(dead.body['response'], null);
    assert.match(String(dead.body['error']), /ECONNREFUSED/);
    await call('DELETE', `${REPOSITORY}/${id}`);
    await writeSetting(db, 'allowPrivateTargets', false);
  });

  it('tells how its calls went', async () => {
    const { store, now } = server.context;
    const { id } = (await call('POST', REPOSITORY, { name: 'a', url: URL_OF_ALL, events: [EVENT] })).body;
    assert.equal((await call('GET', `${REPOSITORY}/${id}/latest`)).status, 204);
    assert.equal((await call('GET', `${REPOSITORY}/${id}/statistics/summary`)).status, 204);
    const time = now();
    const base = {
      kind: 'webhook' as const,
      webhookId: id as number,
      subject: EVENT,
      body: '{}',
      attempt: 1,
      created: time - 5,
      due: time,
    };
    await store.db
      .insertInto('deliveries')
      .values([
        { ...base, state: 'DELIVERED', lastError: null },
        { ...base, state: 'GIVEN_UP', lastError: 'answered 500' },
        { ...base, state: 'GIVEN_UP', lastError: 'ECONNREFUSED' },
        { ...base, state: 'WAITING', lastError: null },
      ])
      .execute();
    const { body } = await call('GET', `${REPOSITORY}/${id}/statistics?event=${EVENT}`);
    const { successes, failures, errors } = body['counts'] as Record<string, number>;
    assert.deepEqual([successes, failures, errors], [1, 1, 1]);
    assert.deepEqual((body['lastFailure'] as { result: object }).result, {
      outcome: 'FAILURE',
      description: 'answered 500',
    });
    assert.equal((await call('GET', `${REPOSITORY}/${id}/statistics?event=x`)).body['lastError'], null);
    assert.deepEqual(Object.keys((await call('GET', `${REPOSITORY}/${id}/statistics/summary`)).body), [EVENT]);
    const latest = (await call('GET', `${REPOSITORY}/${id}/latest`)).body;
    assert.deepEqual(
      [latest['event'], latest['duration'], (latest['result'] as { outcome: string }).outcome],
      [EVENT, 5, 'ERROR'],
    );
    assert.deepEqual(
      Object.keys((await call('GET', `${REPOSITORY}/${id}?statistics=true`)).body['statistics'] as object),
      [EVENT],
    );
  });

  it('is one of at most 50', async () => {
    for (let count = 1; count < 50; count++)
      await call('POST', REPOSITORY, { name: `${count}`, url: URL_OF_ALL, events: [EVENT] });
    assert.equal((await call('POST', REPOSITORY, { name: 'more', url: URL_OF_ALL, events: [EVENT] })).status, 400);
  });
});
