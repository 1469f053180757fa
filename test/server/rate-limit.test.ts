import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type StartedApp } from '../helpers/start-app.ts';

let server: StartedApp;
let now = Date.now();
before(async () => {
  server = await startApp({ services: { now: () => now } });
});
after(() => server.close());

const SETTINGS = '/rest/api/latest/admin/rate-limit/settings';
const OWN = `${SETTINGS}/users`;
const put = (url: string, payload: object, method: 'PUT' | 'POST' = 'PUT') =>
  server.app.inject({ method, url, headers: server.user('admin'), payload });
const ask = async (role: 'repoRead' | 'repoWrite') =>
  server.app.inject({ url: '/rest/api/latest/application-properties', headers: server.user(role) });

describe('the rate limit', () => {
  it('refuses who asks too often, says when it may work again, and forgets with time', async () => {
    await put(OWN, { usernames: ['admin'], whitelisted: true }, 'POST');
    const set = await put(SETTINGS, { enabled: true, defaultSettings: { capacity: 3, fillRate: 1 } });
    assert.deepEqual(set.json(), { enabled: true, defaultSettings: { capacity: 3, fillRate: 1 } });
    for (let times = 0; times < 3; times++) assert.equal((await ask('repoRead')).statusCode, 200);
    const refused = await ask('repoRead');
    assert.equal(refused.statusCode, 429);
    assert.equal(refused.headers['retry-after'], '1');
    assert.deepEqual(refused.json(), {
      errors: [{ context: null, message: 'You have been rate limited', exceptionName: null }],
    });
    now += 1000;
    assert.equal((await ask('repoRead')).statusCode, 200);
    assert.equal((await ask('repoRead')).statusCode, 429);
  });

  it('does not count strangers, nor one for another', async () => {
    for (let times = 0; times < 10; times++)
      assert.equal((await server.app.inject({ url: '/rest/api/latest/application-properties' })).statusCode, 200);
    assert.equal((await ask('repoWrite')).statusCode, 200);
  });

  it('goes by the settings of the user', async () => {
    const limit = await put(`${OWN}/repo-write`, { settings: { capacity: 50, fillRate: 5 } });
    assert.deepEqual(limit.json<{ settings: object; whitelisted: boolean }>().settings, { capacity: 50, fillRate: 5 });
    for (let times = 0; times < 20; times++) assert.equal((await ask('repoWrite')).statusCode, 200);
    await put(`${OWN}/repo-read`, { whitelisted: true, settings: { capacity: 1, fillRate: 1 } });
    for (let times = 0; times < 20; times++) assert.equal((await ask('repoRead')).statusCode, 200);
    const list = await server.app.inject({ url: `${OWN}?filter=repo`, headers: server.user('admin') });
    const { values } = list.json<{ values: { user: { name: string }; whitelisted: boolean }[] }>();
    assert.deepEqual(
      values.map(({ user, whitelisted }) => [user.name, whitelisted]),
      [
        ['repo-read', true],
        ['repo-write', false],
      ],
    );
    const gone = await server.app.inject({ method: 'DELETE', url: `${OWN}/repo-write`, headers: server.user('admin') });
    assert.equal(gone.statusCode, 204);
  });

  it('keeps a history of who was refused', async () => {
    const answer = await server.app.inject({
      url: '/rest/api/latest/admin/rate-limit/history?order=NEWEST',
      headers: server.user('admin'),
    });
    const { values } = answer.json<{
      values: { user: { name: string }; rejectCount: number; lastRejectTime: number }[];
    }>();
    assert.deepEqual(
      values.map(({ user, rejectCount }) => [user.name, rejectCount]),
      [['repo-read', 2]],
    );
  });

  it('refuses settings that make no sense', async () => {
    for (const [payload, context] of [
      [{}, 'settings'],
      [{ whitelisted: false }, 'settings'],
      [{ settings: { capacity: 1 } }, 'settings.fillRate'],
      [{ settings: { capacity: 0, fillRate: 1 } }, 'settings.capacity'],
    ] as const) {
      const answer = await put(`${OWN}/stranger`, payload);
      assert.equal(answer.statusCode, 400);
      assert.equal(answer.json<{ errors: { context: string }[] }>().errors[0]?.context, context);
    }
    assert.equal((await put(OWN, { usernames: ['nobody'], whitelisted: true }, 'POST')).statusCode, 400);
    assert.equal((await put(`${OWN}/nobody`, { whitelisted: true })).statusCode, 404);
  });

  it('shows one’s own settings, and to an administrator not those of a system administrator', async () => {
    const see = (slug: string, role: 'stranger' | 'admin' | 'sysAdmin') =>
      server.app.inject({ url: `${OWN}/${slug}`, headers: server.user(role) });
    assert.equal((await see('stranger', 'stranger')).statusCode, 200);
    assert.equal((await see('admin', 'stranger')).statusCode, 401);
    assert.equal((await see('stranger', 'admin')).statusCode, 200);
    assert.equal((await see('sys-admin', 'admin')).statusCode, 401);
    assert.equal((await see('sys-admin', 'sysAdmin')).statusCode, 200);
    assert.equal((await see('nobody', 'admin')).statusCode, 404);
  });
});
