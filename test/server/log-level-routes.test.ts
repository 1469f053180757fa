import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readSetting } from '../../src/store/settings.ts';
import { startApp, type StartedApp } from '../helpers/start-app.ts';

const LOGS = '/rest/api/latest/logs';

let server: StartedApp;
const logged: string[] = [];
before(async () => {
  server = await startApp({ log: (line) => void logged.push(line) });
});
after(() => server.close());

const get = (path: string, headers = server.admin) => server.app.inject({ url: `${LOGS}/${path}`, headers });
const put = (path: string, headers = server.admin) =>
  server.app.inject({ method: 'PUT', url: `${LOGS}/${path}`, headers });

describe('log levels', () => {
  it('are shown as Bitbucket does', async () => {
    assert.deepEqual((await get('rootLogger')).json(), { logLevel: 'INFO' });
    assert.deepEqual((await get('logger/leakgate.queue')).json(), { logLevel: 'INFO' });
  });

  it('of a logger change what it writes, at once and for good', async () => {
    const answer = await put('logger/leakgate.queue/debug');
    assert.equal(answer.statusCode, 204);
    assert.equal(answer.body, '');
    assert.deepEqual((await get('logger/leakgate.queue')).json(), { logLevel: 'DEBUG' });
    assert.deepEqual((await get('logger/leakgate')).json(), { logLevel: 'INFO' });
    logged.length = 0;
    server.context.logs.logger('leakgate.queue').debug('seen');
    server.context.logs.logger('leakgate').debug('unseen');
    assert.match(logged.join(''), /"seen"/);
    assert.doesNotMatch(logged.join(''), /unseen/);
    const stored = await readSetting(server.context.store.db, 'logLevels');
    assert.deepEqual(stored, { 'leakgate.queue': 'DEBUG' });
  });

  it('of the root logger hold for those without their own', async () => {
    assert.equal((await put('rootLogger/ERROR')).statusCode, 204);
    assert.deepEqual((await get('logger/leakgate')).json(), { logLevel: 'ERROR' });
    assert.deepEqual((await get('logger/leakgate.queue')).json(), { logLevel: 'DEBUG' });
    assert.equal((await put('rootLogger/INFO')).statusCode, 204);
  });

  it('are audited', async () => {
    const events = await server.context.store.db.selectFrom('auditEvents').selectAll().execute();
    assert.ok(
      events.some(({ action, details }) => action === 'Log level changed' && details.includes('leakgate.queue')),
    );
  });

  it('that do not exist are refused', async () => {
    for (const path of ['rootLogger/LOUD', 'logger/leakgate/FATAL', 'logger/leakgate/%20']) {
      const answer = await put(path);
      assert.equal(answer.statusCode, 400, path);
      assert.equal(answer.json<{ errors: { context: string }[] }>().errors[0]?.context, 'levelName');
    }
  });

  it('of unknown loggers are not there', async () => {
    assert.equal((await get('logger/com.example')).statusCode, 404);
    assert.equal((await put('logger/com.example/DEBUG')).statusCode, 404);
    assert.equal((await put('logger/root/DEBUG')).statusCode, 404);
  });

  it('are for administrators', async () => {
    for (const role of ['anonymous', 'stranger', 'projectAdmin'] as const) {
      assert.equal((await get('rootLogger', server.user(role))).statusCode, 401);
      assert.equal((await get('logger/leakgate', server.user(role))).statusCode, 401);
      assert.equal((await put('rootLogger/DEBUG', server.user(role))).statusCode, 401);
      assert.equal((await put('logger/leakgate/DEBUG', server.user(role))).statusCode, 401);
    }
    assert.equal((await get('rootLogger', server.user('admin'))).statusCode, 200);
  });
});
