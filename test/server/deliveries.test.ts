import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { loadKeyRing, type KeyRing } from '../../src/keyring/key-ring.ts';
import { retryDelay, type DeliveryLimits } from '../../src/server/deliveries-limits.ts';
import { createDeliveries, WEBHOOK_SECRET, type Deliveries } from '../../src/server/deliveries.ts';
import { deliveriesOf } from '../../src/store/deliveries.ts';
import { openStore, type Store } from '../../src/store/open-store.ts';
import type { ScopeType } from '../../src/store/schema.ts';
import { writeSetting } from '../../src/store/settings.ts';
import { startWebhookReceiver } from '../helpers/webhook-receiver.ts';

const EVENT = 'repo:secret_detected';
const PLACE = { repositoryId: 7, projectId: 3 };
const QUICK: Partial<DeliveryLimits> = { firstRetryMs: 1, longestRetryMs: 5, timeoutMs: 2000 };

const cleanups: (() => unknown)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

interface Setup {
  readonly folder: string;
  readonly store: Store;
  readonly keys: KeyRing;
  readonly logged: string[];
  deliveries(limits?: Partial<DeliveryLimits>): Deliveries;
  addWebhook(webhook: {
    readonly url: string;
    readonly secret?: string;
    readonly scope?: ScopeType;
    readonly resourceId?: number;
    readonly active?: number;
    readonly events?: readonly string[];
  }): Promise<number>;
  /** The first delivery of a webhook once it is no longer waiting. */
  settled(webhookId: number): Promise<{ state: string; attempt: number; lastError: string | null }>;
}

async function setUp({ allowPrivate = true } = {}): Promise<Setup> {
  const folder = mkdtempSync(join(tmpdir(), 'leakgate-deliveries-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const store = await openStore({ sqlite: join(folder, 'leakgate.db') });
  cleanups.push(() => store.close());
  const keys = await loadKeyRing(join(folder, 'keys.json'));
  if (allowPrivate) await writeSetting(store.db, 'allowPrivateTargets', true);
  const logged: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  return {
    folder,
    store,
    keys,
    logged,
    deliveries(limits = {}) {
      const made = createDeliveries({
        store,
        keys,
        log,
        now: Date.now,
        version: '1.2.3',
        limits: { ...QUICK, ...limits },
      });
      cleanups.push(() => made.close());
      return made;
    },
    async addWebhook({ url, secret, scope = 'REPOSITORY', resourceId = 7, active = 1, events = [EVENT] }) {
      const { id } = await store.db
        .insertInto('webhooks')
        .values({
          scope,
          resourceId,
          name: 'hook',
          url,
          events: JSON.stringify(events),
          active,
          secretSealed: secret === undefined ? null : keys.seal(secret, WEBHOOK_SECRET),
          created: 1,
          updated: 1,
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return id;
    },
    async settled(webhookId) {
      for (;;) {
        const [row] = await deliveriesOf(store.db, webhookId, { start: 0, limit: 1 });
        if (row !== undefined && row.state !== 'WAITING') return row;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

describe('webhook deliveries', () => {
  it('are signed, and repeated with the same id until the receiver takes them', async () => {
    const setup = await setUp();
    const receiver = await startWebhookReceiver((response, index) => {
      if (index === 0) response.writeHead(500).end();
      else if (index === 1) response.destroy();
      else response.end('a long answer that nobody reads');
    });
    cleanups.push(() => receiver.close());
    const secret = randomBytes(20).toString('hex');
    const id = await setup.addWebhook({ url: `${receiver.url}/in?who=me`, secret });
    const deliveries = setup.deliveries();
    await deliveries.start();
    await deliveries.webhook(EVENT, PLACE, { date: '2026-01-01', text: 'ÄÖÜ' });
    const { state, attempt, lastError } = await setup.settled(id);
    assert.deepEqual({ state, attempt, lastError }, { state: 'DELIVERED', attempt: 3, lastError: null });
    assert.equal(receiver.calls.length, 3);
    for (const { path, body, headers } of receiver.calls) {
      assert.equal(path, '/in?who=me');
      assert.deepEqual(JSON.parse(body), { date: '2026-01-01', text: 'ÄÖÜ' });
      assert.equal(headers['x-event-key'], EVENT);
      assert.equal(headers['user-agent'], 'Leakgate/1.2.3');
      assert.equal(headers['x-hub-signature'], `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
      assert.match(String(headers['x-request-id']), /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    }
    assert.equal(new Set(receiver.calls.map(({ headers }) => headers['x-request-id'])).size, 1);
    const logs = setup.logged.join('');
    assert.ok(!logs.includes(secret), 'the secret is in no log');
    assert.ok(!logs.includes('who=me'), 'the URL is in no log');
  });

  it('go to the webhooks of the repository, its project and of all that listen, and to no other', async () => {
    const setup = await setUp();
    const receiver = await startWebhookReceiver();
    cleanups.push(() => receiver.close());
    await setup.addWebhook({ url: `${receiver.url}/repository` });
    await setup.addWebhook({ url: `${receiver.url}/project`, scope: 'PROJECT', resourceId: 3 });
    await setup.addWebhook({ url: `${receiver.url}/global`, scope: 'GLOBAL', resourceId: 0 });
    await setup.addWebhook({ url: `${receiver.url}/other-repository`, resourceId: 3 });
    await setup.addWebhook({ url: `${receiver.url}/other-project`, scope: 'PROJECT', resourceId: 7 });
    await setup.addWebhook({ url: `${receiver.url}/other-event`, events: ['repo:refs_changed'] });
    await setup.addWebhook({ url: `${receiver.url}/off`, active: 0 });
    const deliveries = setup.deliveries();
    await deliveries.webhook(EVENT, PLACE, {});
    assert.equal(receiver.calls.length, 0, 'nothing is sent before start');
    await deliveries.start();
    await receiver.received(3);
    await deliveries.close();
    assert.deepEqual(receiver.calls.map(({ path }) => path).sort(), ['/global', '/project', '/repository']);
    assert.ok(receiver.calls.every(({ headers }) => headers['x-hub-signature'] === undefined));
  });

  it('are given up after the last attempt, on record', async () => {
    const setup = await setUp();
    const receiver = await startWebhookReceiver((response) => void response.writeHead(503).end());
    cleanups.push(() => receiver.close());
    const id = await setup.addWebhook({ url: receiver.url });
    const deliveries = setup.deliveries({ attempts: 3 });
    await deliveries.start();
    await deliveries.webhook(EVENT, PLACE, {});
    const { state, attempt, lastError } = await setup.settled(id);
    assert.deepEqual({ state, attempt, lastError }, { state: 'GIVEN_UP', attempt: 3, lastError: 'answered 503' });
    assert.equal(receiver.calls.length, 3);
    assert.match(setup.logged.join(''), /delivery given up/);
  });

  it('follow no redirect', async () => {
    const setup = await setUp();
    const elsewhere = await startWebhookReceiver();
    const receiver = await startWebhookReceiver((response) => {
      response.writeHead(307, { location: `${elsewhere.url}/there` }).end();
    });
    cleanups.push(
      () => elsewhere.close(),
      () => receiver.close(),
    );
    const id = await setup.addWebhook({ url: receiver.url });
    const deliveries = setup.deliveries({ attempts: 2 });
    await deliveries.start();
    await deliveries.webhook(EVENT, PLACE, {});
    const { state, lastError } = await setup.settled(id);
    assert.deepEqual([state, lastError], ['GIVEN_UP', 'answered 307: redirects are not followed']);
    assert.equal(elsewhere.calls.length, 0);
  });

  it('do not reach private networks, by number or by name, unless that is allowed', async () => {
    const setup = await setUp({ allowPrivate: false });
    const receiver = await startWebhookReceiver();
    cleanups.push(() => receiver.close());
    const port = new URL(receiver.url).port;
    const deliveries = setup.deliveries();
    await deliveries.start();
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433', '0.0.0.0']) {
      const id = await setup.addWebhook({ url: `http://${host}:${port}/` });
      await deliveries.webhook(EVENT, PLACE, {});
      const { state, attempt, lastError } = await setup.settled(id);
      assert.deepEqual([state, attempt], ['GIVEN_UP', 1], host);
      assert.match(lastError ?? '', /private network/);
      await setup.store.db.deleteFrom('webhooks').where('id', '=', id).execute();
    }
    assert.equal(receiver.calls.length, 0);
    await writeSetting(setup.store.db, 'allowPrivateTargets', true);
    const id = await setup.addWebhook({ url: receiver.url });
    await deliveries.webhook(EVENT, PLACE, {});
    assert.equal((await setup.settled(id)).state, 'DELIVERED');
  });

  it('wait no longer than the time-out for an answer', async () => {
    const setup = await setUp();
    const receiver = await startWebhookReceiver(() => {});
    cleanups.push(() => receiver.close());
    const id = await setup.addWebhook({ url: receiver.url });
    const deliveries = setup.deliveries({ attempts: 1, timeoutMs: 50 });
    await deliveries.start();
    await deliveries.webhook(EVENT, PLACE, {});
    assert.equal((await setup.settled(id)).lastError, 'no answer within 50 ms');
  });

  it('are never more at once than the limit, and one at a time for a receiver', async () => {
    const setup = await setUp();
    const open = new Map<string, number>();
    let most = 0;
    let mostOfOne = 0;
    const receiver = await startWebhookReceiver((response, index) => {
      const path = receiver.calls[index]?.path ?? '';
      open.set(path, (open.get(path) ?? 0) + 1);
      mostOfOne = Math.max(mostOfOne, ...open.values());
      most = Math.max(
        most,
        [...open.values()].reduce((sum, count) => sum + count, 0),
      );
      setTimeout(() => {
        open.set(path, (open.get(path) ?? 0) - 1);
        response.end();
      }, 10);
    });
    cleanups.push(() => receiver.close());
    for (const name of ['a', 'b', 'c']) await setup.addWebhook({ url: `${receiver.url}/${name}` });
    const deliveries = setup.deliveries({ concurrency: 2 });
    for (let index = 0; index < 4; index++) await deliveries.webhook(EVENT, PLACE, { index });
    await deliveries.start();
    await receiver.received(12);
    await deliveries.close();
    assert.ok(most <= 2, `${most} at once`);
    assert.equal(mostOfOne, 1);
    const ofOne = receiver.calls.filter(({ path }) => path === '/a');
    assert.deepEqual(
      ofOne.map(({ body }) => (JSON.parse(body) as { index: number }).index),
      [0, 1, 2, 3],
      'in the order in which they were asked for',
    );
  });

  it('are not held up by a receiver that answers nobody', async () => {
    const setup = await setUp();
    const silent = await startWebhookReceiver(() => {});
    const receiver = await startWebhookReceiver();
    cleanups.push(
      () => silent.close(),
      () => receiver.close(),
    );
    await setup.addWebhook({ url: silent.url });
    await setup.addWebhook({ url: receiver.url });
    const deliveries = setup.deliveries({ timeoutMs: 60_000, concurrency: 2 });
    for (let index = 0; index < 6; index++) await deliveries.webhook(EVENT, PLACE, { index });
    await deliveries.start();
    await receiver.received(6);
    assert.equal(silent.calls.length, 1);
    await deliveries.close();
  });

  it('of a webhook that is gone or switched off meanwhile are given up', async () => {
    const setup = await setUp();
    const id = await setup.addWebhook({ url: 'http://127.0.0.1:9/' });
    const deliveries = setup.deliveries();
    await deliveries.webhook(EVENT, PLACE, {});
    await setup.store.db.updateTable('webhooks').set({ active: 0 }).execute();
    await deliveries.start();
    const { state, attempt } = await setup.settled(id);
    assert.deepEqual([state, attempt], ['GIVEN_UP', 1]);
  });

  it('go on after the process was killed during a call', async () => {
    const setup = await setUp();
    let answer = false;
    const receiver = await startWebhookReceiver((response) => {
      if (answer) response.end();
    });
    cleanups.push(() => receiver.close());
    const id = await setup.addWebhook({ url: receiver.url, events: ['scan:finished'], scope: 'GLOBAL', resourceId: 0 });
    const script = fileURLToPath(new URL('../helpers/delivering-process.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, setup.folder], { stdio: 'inherit' });
    await receiver.received(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const [row] = await deliveriesOf(setup.store.db, id, { start: 0, limit: 1 });
    assert.equal(row?.state, 'WAITING');
    answer = true;
    const deliveries = setup.deliveries({ timeoutMs: 200 });
    await deliveries.start();
    const { state, attempt } = await setup.settled(id);
    assert.equal(state, 'DELIVERED');
    assert.ok(attempt >= 2, 'the attempt that was cut off counts');
    assert.deepEqual(JSON.parse(receiver.calls.at(-1)?.body ?? ''), { from: 'the process that is killed' });
  });

  it('that a stop cut off are taken up at once by the next server', async () => {
    const setup = await setUp();
    let answer = false;
    const receiver = await startWebhookReceiver((response) => {
      if (answer) response.end();
    });
    cleanups.push(() => receiver.close());
    const id = await setup.addWebhook({ url: receiver.url });
    const first = setup.deliveries({ timeoutMs: 60_000, firstRetryMs: 60_000, longestRetryMs: 60_000 });
    await first.start();
    await first.webhook(EVENT, PLACE, {});
    await receiver.received(1);
    await first.close();
    answer = true;
    await setup.deliveries().start();
    assert.equal((await setup.settled(id)).state, 'DELIVERED');
  });

  it('keep secrets of webhooks sealed in the database', async () => {
    const setup = await setUp();
    const secret = randomBytes(20).toString('hex');
    await setup.addWebhook({ url: 'http://127.0.0.1:9/', secret });
    await setup.store.close();
    assert.ok(!readFileSync(join(setup.folder, 'leakgate.db')).includes(secret));
  });
});

describe('the time between attempts', () => {
  it('doubles up to its bound', () => {
    const limits = { firstRetryMs: 10, longestRetryMs: 60 };
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((attempt) => retryDelay(attempt, limits)),
      [10, 20, 40, 60, 60],
    );
  });
});
