import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { readSetting } from '../../src/store/settings.ts';
import { startApp, type StartedApp } from '../helpers/start-app.ts';

const SERVER = '/rest/api/latest/admin/mail-server';
const SENDER = `${SERVER}/sender-address`;

let server: StartedApp;
const logged: string[] = [];
before(async () => {
  server = await startApp({ log: (line) => void logged.push(line) });
});
after(() => server.close());
beforeEach(async () => {
  await server.app.inject({ method: 'DELETE', url: SERVER, headers: server.admin });
  await server.app.inject({ method: 'DELETE', url: SENDER, headers: server.admin });
});

const put = (body: unknown, headers = server.admin) =>
  server.app.inject({ method: 'PUT', url: SERVER, headers, payload: body as object });

describe('the mail server', () => {
  it('is not there before it is set', async () => {
    const answer = await server.app.inject({ url: SERVER, headers: server.admin });
    assert.equal(answer.statusCode, 404);
    assert.equal(answer.json<{ errors: unknown[] }>().errors.length, 1);
  });

  it('is set and shown as Bitbucket does, without the password', async () => {
    const password = randomBytes(12).toString('hex');
    const body = {
      hostname: 'smtp.example.com',
      port: 465,
      protocol: 'SMTP',
      requireStartTls: true,
      senderAddress: 'no-reply@example.com',
      useStartTls: true,
      username: 'user',
    };
    const answer = await put({ ...body, password });
    assert.equal(answer.statusCode, 200, answer.body);
    assert.deepEqual(answer.json(), body);
    const shown = await server.app.inject({ url: SERVER, headers: server.admin });
    assert.deepEqual(shown.json(), body);
    const { keys, store, dataDir } = server.context;
    const stored = await readSetting(store.db, 'mailServer');
    assert.equal(keys.open(stored?.passwordSealed ?? '', 'settings.mailServer.password'), password);
    const audit = await store.db.selectFrom('auditEvents').select('details').execute();
    const files = ['leakgate.db', 'leakgate.db-wal'].map((name) => readFileSync(join(dataDir, name), 'latin1'));
    for (const text of [JSON.stringify(audit), logged.join(''), ...files]) assert.ok(!text.includes(password));
  });

  it('has defaults for all but its name', async () => {
    const answer = await put({ hostname: 'mail' });
    const defaults = { hostname: 'mail', port: 25, protocol: 'SMTP', useStartTls: true, requireStartTls: false };
    assert.deepEqual(answer.json(), defaults);
    assert.equal((await put({ hostname: 'mail', protocol: 'SMTPS' })).json<{ port: number }>().port, 465);
  });

  it('keeps its password for the same server and user only', async () => {
    const password = randomBytes(12).toString('hex');
    const body = { hostname: 'one.example.org', port: 587, username: 'user' };
    await put({ ...body, password });
    assert.equal((await put({ ...body, requireStartTls: true })).statusCode, 200);
    for (const change of [{ hostname: 'two.example.org' }, { port: 25 }, { username: 'other' }, { password: '' }]) {
      const answer = await put({ ...body, ...change });
      assert.equal(answer.statusCode, 400);
      assert.equal(answer.json<{ errors: { context: string }[] }>().errors[0]?.context, 'password');
    }
    assert.ok((await readSetting(server.context.store.db, 'mailServer'))?.passwordSealed);
    assert.equal((await put({ hostname: 'one.example.org', port: 587 })).statusCode, 200);
    assert.equal((await readSetting(server.context.store.db, 'mailServer'))?.passwordSealed, null);
  });

  it('is refused with all that is wrong at once', async () => {
    const answer = await put({
      hostname: 'two words',
      requireStartTls: true,
      useStartTls: false,
      username: 'a\nb',
      password: 'a\nb',
      senderAddress: 'nobody',
    });
    assert.equal(answer.statusCode, 400);
    const contexts = answer.json<{ errors: { context: string }[] }>().errors.map(({ context }) => context);
    assert.deepEqual(contexts.sort(), ['hostname', 'password', 'requireStartTls', 'senderAddress', 'username']);
    assert.ok(!answer.body.includes('a\\nb'), 'what was sent is not repeated');
    assert.equal(await readSetting(server.context.store.db, 'mailServer'), null);
  });

  for (const [title, body] of [
    ['without a host', {}],
    ['with a port that is none', { hostname: 'mail', port: 70_000 }],
    ['with another protocol', { hostname: 'mail', protocol: 'POP3' }],
    ['with a text for a flag', { hostname: 'mail', useStartTls: 'yes' }],
    ['with a password without a user', { hostname: 'mail', password: 'x' }],
    ['as a list', []],
  ] as const)
    it(`is refused ${title}`, async () => assert.equal((await put(body)).statusCode, 400));

  it('is removed, twice without complaint', async () => {
    await put({ hostname: 'mail' });
    for (let time = 0; time < 2; time++) {
      const answer = await server.app.inject({ method: 'DELETE', url: SERVER, headers: server.admin });
      assert.equal(answer.statusCode, 204);
      assert.equal(answer.body, '');
    }
    assert.equal((await server.app.inject({ url: SERVER, headers: server.admin })).statusCode, 404);
  });

  it('is for system administrators only', async () => {
    for (const role of ['anonymous', 'stranger', 'projectAdmin', 'appAccess', 'admin'] as const) {
      const headers = server.user(role);
      assert.equal((await server.app.inject({ url: SERVER, headers })).statusCode, 401, role);
      assert.equal((await put({ hostname: 'mail' }, headers)).statusCode, 401, role);
      assert.equal((await server.app.inject({ method: 'DELETE', url: SERVER, headers })).statusCode, 401, role);
    }
  });
});

describe('the sender address', () => {
  it('is null before it is set', async () => {
    const answer = await server.app.inject({ url: SENDER, headers: server.admin });
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.json(), null);
  });

  it('is a JSON text by itself', async () => {
    const headers = { ...server.user('admin'), 'content-type': 'application/json' };
    const answer = await server.app.inject({ method: 'PUT', url: SENDER, headers, payload: '"leakgate@example.org"' });
    assert.equal(answer.statusCode, 200, answer.body);
    assert.equal(answer.json(), 'leakgate@example.org');
    const shown = await server.app.inject({ url: SENDER, headers: server.user('admin') });
    assert.match(String(shown.headers['content-type']), /^application\/json/);
    assert.equal(shown.body, '"leakgate@example.org"');
  });

  it('is taken as plain text too', async () => {
    const headers = { ...server.admin, 'content-type': 'text/plain' };
    const answer = await server.app.inject({ method: 'PUT', url: SENDER, headers, payload: ' leakgate@example.org\n' });
    assert.equal(answer.json(), 'leakgate@example.org');
  });

  it('is refused when it is none', async () => {
    for (const wrong of [
      '',
      'nobody',
      'a@b@c',
      'a b@c.org',
      'a@b.org\r\nBcc: c@d.org',
      `${'a'.repeat(250)}@b.org`,
      'a@-b',
    ]) {
      const headers = { ...server.admin, 'content-type': 'application/json' };
      const answer = await server.app.inject({ method: 'PUT', url: SENDER, headers, payload: JSON.stringify(wrong) });
      assert.equal(answer.statusCode, 400, wrong);
    }
    for (const payload of ['5', '{}', 'null', '']) {
      const headers = { ...server.admin, 'content-type': 'application/json' };
      assert.equal(
        (await server.app.inject({ method: 'PUT', url: SENDER, headers, payload })).statusCode,
        400,
        payload,
      );
    }
    assert.equal((await server.app.inject({ url: SENDER, headers: server.admin })).json(), null);
  });

  it('is cleared', async () => {
    const headers = { ...server.admin, 'content-type': 'application/json' };
    await server.app.inject({ method: 'PUT', url: SENDER, headers, payload: '"leakgate@example.org"' });
    assert.equal((await server.app.inject({ method: 'DELETE', url: SENDER, headers: server.admin })).statusCode, 204);
    assert.equal((await server.app.inject({ url: SENDER, headers: server.admin })).json(), null);
  });

  it('is for administrators', async () => {
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      const headers = { ...server.user('projectAdmin'), 'content-type': 'application/json' };
      const answer = await server.app.inject({ method, url: SENDER, headers, payload: '"a@example.org"' });
      assert.equal(answer.statusCode, 401, method);
    }
  });
});
