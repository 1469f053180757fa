import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type StartedApp } from '../helpers/start-app.ts';

let server: StartedApp;
before(async () => {
  server = await startApp();
});
after(() => server.close());

describe('probes', () => {
  it('say that the process lives, and that it can serve', async () => {
    const live = await server.app.inject({ url: '/healthz' });
    assert.deepEqual(live.json(), { status: 'ok', version: '0.0.0' });
    const ready = await server.app.inject({ url: '/readyz' });
    assert.equal(ready.statusCode, 200);
    const { checks } = ready.json<{ checks: { name: string; ok: boolean }[] }>();
    assert.deepEqual(
      checks.map(({ name, ok }) => `${name} ${ok}`),
      ['store true', 'queue true', 'engine true', 'policies true'],
    );
  });

  it('give figures to this machine and to whoever is logged in', async () => {
    const here = await server.app.inject({ url: '/metrics' });
    assert.equal(here.statusCode, 200);
    for (const name of [
      'leakgate_build_info',
      'leakgate_queue_depth',
      'leakgate_queue_oldest_age_seconds',
      'leakgate_hook_decisions_total',
    ])
      assert.match(here.body, new RegExp(`^# HELP ${name} `, 'm'));
    assert.equal((await server.app.inject({ url: '/metrics', remoteAddress: '10.1.1.1' })).statusCode, 401);
    assert.equal(
      (await server.app.inject({ url: '/metrics', headers: { 'x-forwarded-for': '10.1.1.1' } })).statusCode,
      401,
    );
    assert.equal(
      (await server.app.inject({ url: '/metrics', remoteAddress: '10.1.1.1', headers: server.user('stranger') }))
        .statusCode,
      200,
    );
  });

  it('keep what users chose out of the figures', async () => {
    await server.app.inject({ url: '/rest/api/latest/projects/PRJ/repos/app', headers: server.user('repoRead') });
    const { body } = await server.app.inject({ url: '/metrics' });
    assert.match(body, /leakgate_http_request_duration_seconds_count\{method="GET",api="api",status="2xx"\} \d/);
    assert.doesNotMatch(body, /PRJ|repo-read|"app"/);
  });

  it('say when the store does not answer, without its words', async () => {
    const broken = await startApp();
    await broken.context.store.db.schema.dropTable('settings').execute();
    const answer = await broken.app.inject({ url: '/readyz' });
    assert.equal(answer.statusCode, 503);
    assert.match(answer.body, /"store","ok":false,"detail":"does not answer"/);
    await broken.close();
  });
});
