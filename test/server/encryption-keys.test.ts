import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { MAIL_PASSWORD } from '../../src/server/mail-transport.ts';
import { WEBHOOK_SECRET } from '../../src/server/deliveries.ts';
import { readSetting } from '../../src/store/settings.ts';
import { withFileLock } from '../../src/util/file-lock.ts';
import { startApp, type StartedApp } from '../helpers/start-app.ts';

const INACTIVE = '/rest/secrets/latest/keys/inactive';
const ROTATE = '/rest/secrets/1.0/keys/rotate';

let server: StartedApp;
const logged: string[] = [];
before(async () => {
  server = await startApp({ log: (line) => void logged.push(line) });
});
after(() => server.close());

const inactive = async () =>
  (await server.app.inject({ url: INACTIVE, headers: server.user('admin') })).json<{ inactiveKeys: string[] }>()
    .inactiveKeys;
const rotate = (headers = server.user('admin')) => server.app.inject({ method: 'POST', url: ROTATE, headers });
const drop = (headers = server.user('admin')) => server.app.inject({ method: 'DELETE', url: INACTIVE, headers });

describe('keys of stored secrets', () => {
  it('are changed: what is stored opens under the new one, and the old one is inactive', async () => {
    const { keys, store } = server.context;
    const password = randomBytes(12).toString('hex');
    const secret = randomBytes(12).toString('hex');
    await server.app.inject({
      method: 'PUT',
      url: '/rest/api/latest/admin/mail-server',
      headers: server.admin,
      payload: { hostname: 'mail', username: 'user', password },
    });
    const { id } = await store.db
      .insertInto('webhooks')
      .values({
        scope: 'REPOSITORY',
        resourceId: server.repository.id,
        name: 'hook',
        url: 'https://example.org/',
        events: '[]',
        active: 1,
        secretSealed: keys.seal(secret, WEBHOOK_SECRET),
        created: 1,
        updated: 1,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    const old = keys.currentId;
    assert.deepEqual(await inactive(), []);
    const answer = await rotate();
    assert.equal(answer.statusCode, 200, answer.body);
    assert.equal(answer.json<{ status: string }>().status, 'SUCCESS');
    assert.notEqual(keys.currentId, old);
    assert.deepEqual(await inactive(), [old]);
    const mail = await readSetting(store.db, 'mailServer');
    assert.ok(keys.isCurrent(mail?.passwordSealed ?? ''));
    assert.equal(keys.open(mail?.passwordSealed ?? '', MAIL_PASSWORD), password);
    const webhook = await store.db.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    assert.ok(keys.isCurrent(webhook.secretSealed ?? ''));
    assert.equal(keys.open(webhook.secretSealed ?? '', WEBHOOK_SECRET), secret);
  });

  it('that are inactive are deleted, twice without complaint, and nothing is lost', async () => {
    const { keys, store } = server.context;
    const [old = ''] = await inactive();
    const answer = await drop();
    assert.equal(answer.statusCode, 200, answer.body);
    assert.match(answer.json<{ message: string }>().message, new RegExp(old));
    assert.deepEqual(await inactive(), []);
    assert.deepEqual(keys.keyIds(), [keys.currentId]);
    assert.equal((await drop()).statusCode, 200);
    const mail = await readSetting(store.db, 'mailServer');
    assert.doesNotThrow(() => keys.open(mail?.passwordSealed ?? '', MAIL_PASSWORD));
  });

  it('are not deleted while something is sealed under them', async () => {
    const { keys, store } = server.context;
    const late = keys.seal('written late', WEBHOOK_SECRET);
    await rotate();
    await store.db.updateTable('webhooks').set({ secretSealed: late }).execute();
    const answer = await drop();
    assert.equal(answer.statusCode, 500);
    assert.match(answer.json<{ errors: { message: string }[] }>().errors[0]?.message ?? '', /still sealed under key-/);
    assert.equal((await inactive()).length, 1);
    await rotate();
    assert.equal((await drop()).statusCode, 200);
    assert.deepEqual(await inactive(), []);
  });

  it('are not changed by two at once', async () => {
    const { keys } = server.context;
    const before = keys.keyIds();
    await withFileLock(keys.path, async () => {
      const answer = await rotate();
      assert.equal(answer.statusCode, 406);
      assert.equal(answer.json<{ errors: unknown[] }>().errors.length, 1);
      assert.equal((await drop()).statusCode, 500);
    });
    assert.deepEqual(keys.keyIds(), before);
    const both = await Promise.all([rotate(), rotate()]);
    for (const { statusCode } of both) assert.ok(statusCode === 200 || statusCode === 406);
    assert.ok(both.some(({ statusCode }) => statusCode === 200));
    const mail = await readSetting(server.context.store.db, 'mailServer');
    assert.ok(keys.isCurrent(mail?.passwordSealed ?? ''));
  });

  it('are never shown, in answers, log and audit', async () => {
    const { keys, store } = server.context;
    const material = [...readFileSync(keys.path, 'utf8').matchAll(/[A-Za-z0-9_+/=-]{40,}/g)].map(([text]) => text);
    assert.ok(material.length > 0);
    const audit = await store.db.selectFrom('auditEvents').selectAll().execute();
    const answers = [await rotate(), await server.app.inject({ url: INACTIVE, headers: server.admin }), await drop()];
    const text = [JSON.stringify(audit), logged.join(''), ...answers.map(({ body }) => body)].join('');
    for (const key of material) assert.ok(!text.includes(key));
  });

  it('are audited when they change', async () => {
    const events = await server.context.store.db.selectFrom('auditEvents').selectAll().execute();
    const rotated = events.find(({ action }) => action === 'Encryption key rotated');
    assert.equal(rotated?.actor, 'admin');
    assert.match(rotated?.details ?? '', /"key":"key-2"/);
    assert.ok(events.some(({ action }) => action === 'Inactive encryption keys deleted'));
  });

  it('are for administrators', async () => {
    for (const role of ['anonymous', 'stranger', 'projectAdmin', 'appAccess'] as const) {
      const headers = server.user(role);
      assert.equal((await server.app.inject({ url: INACTIVE, headers })).statusCode, 401);
      assert.equal((await rotate(headers)).statusCode, 401);
      assert.equal((await drop(headers)).statusCode, 401);
    }
  });
});
