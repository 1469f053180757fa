import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Type } from 'typebox';
import { buildApp } from '../../src/server/app.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { startApp, type StartedApp } from '../helpers/start-app.ts';

let server: StartedApp;
const lines: string[] = [];
before(async () => {
  server = await startApp({ log: (line) => lines.push(line) });
});
after(() => server.close());

interface RestErrors {
  readonly errors: readonly {
    readonly context: string | null;
    readonly message: string;
    readonly exceptionName: string | null;
  }[];
}

describe('the application', () => {
  it('tells all that is wrong with a body together, one entry a field', async () => {
    const answer = await server.app.inject({
      method: 'POST',
      url: '/rest/api/latest/projects',
      headers: server.admin,
      payload: { key: '7', name: ' ', public: 'true' },
    });
    assert.equal(answer.statusCode, 400);
    const { errors } = answer.json<RestErrors>();
    assert.deepEqual(new Set(errors.map(({ context }) => context)), new Set(['key', 'name', 'public']));
    for (const { exceptionName, message } of errors) {
      assert.equal(exceptionName, null);
      assert.ok(message.length > 0);
    }
  });

  it('names what is missing', async () => {
    const answer = await server.app.inject({
      method: 'POST',
      url: '/rest/api/latest/projects',
      headers: server.admin,
      payload: {},
    });
    assert.deepEqual(answer.json<RestErrors>().errors, [
      { context: 'key', message: 'key is required.', exceptionName: null },
    ]);
  });

  it('refuses paging that makes no sense, by parameter', async () => {
    for (const [query, context] of [
      ['start=-1', 'start'],
      ['start=x', 'start'],
      ['start=1e3', 'start'],
      ['start=%201', 'start'],
      ['start=', 'start'],
      ['limit=0', 'limit'],
      ['limit=1.5', 'limit'],
      ['start=1&start=2', 'start'],
    ] as const) {
      const answer = await server.app.inject({ url: `/rest/api/latest/projects?${query}`, headers: server.admin });
      assert.equal(answer.statusCode, 400, query);
      assert.deepEqual(
        answer.json<RestErrors>().errors.map((error) => error.context),
        [context],
        query,
      );
    }
  });

  it('caps a page without a word, and says the limit it took', async () => {
    const answer = await server.app.inject({ url: '/rest/api/latest/projects?limit=100000', headers: server.admin });
    assert.equal(answer.json<{ limit: number }>().limit, 1000);
  });

  it('lists what a choice can be', async () => {
    const answer = await server.app.inject({ url: '/rest/api/latest/projects?permission=ALL', headers: server.admin });
    assert.match(answer.json<RestErrors>().errors[0]?.message ?? '', /PROJECT_READ, PROJECT_WRITE, PROJECT_ADMIN/);
  });

  it('answers 404 for an address that is nowhere and 405 for a wrong method', async () => {
    const nowhere = await server.app.inject({ url: '/rest/api/2.0/projects', headers: server.admin });
    assert.equal(nowhere.statusCode, 404);
    assert.equal(nowhere.json<RestErrors>().errors.length, 1);
    const wrong = await server.app.inject({
      method: 'PATCH',
      url: '/rest/api/1.0/projects/PRJ',
      headers: server.admin,
    });
    assert.equal(wrong.statusCode, 405);
    assert.equal(wrong.headers['allow'], 'DELETE, GET, HEAD, PUT');
  });

  it('repeats the name of what is not there as it was asked for, without what a terminal would obey', async () => {
    for (const [path, expected] of [
      ['projects/ABC%2frepos%2fapp', 'Project ABC/repos/app does not exist.'],
      ['projects/a%20*%3F%26%22', 'Project a *?&" does not exist.'],
      ['projects/PRJ/repos/%1b%5B2Ja%E2%80%AE', 'Repository PRJ/\\x1b[2Ja\\u{202e} does not exist.'],
      [`projects/${'y'.repeat(300)}`, `Project ${'y'.repeat(128)} does not exist.`],
    ] as const) {
      const answer = await server.app.inject({ url: `/rest/api/latest/${path}`, headers: server.admin });
      assert.equal(answer.statusCode, 404);
      assert.equal(answer.json<RestErrors>().errors[0]?.message, expected);
    }
    const token = fakeGithubPat('a name');
    const answer = await server.app.inject({ url: `/rest/api/latest/projects/${token}`, headers: server.admin });
    assert.equal(answer.statusCode, 404);
    assert.ok(!answer.body.includes(token));
  });

  it('takes an empty body of JSON for none', async () => {
    const answer = await server.app.inject({
      method: 'DELETE',
      url: '/rest/api/latest/projects/PRJ/permissions/users?name=repo-read',
      headers: { ...server.admin, 'content-type': 'application/json' },
    });
    assert.equal(answer.statusCode, 204);
  });

  it('refuses bodies that are no JSON, of another type, or too large', async () => {
    const send = (payload: string, type = 'application/json') =>
      server.app.inject({
        method: 'POST',
        url: '/rest/api/latest/projects',
        headers: { ...server.admin, 'content-type': type },
        payload,
      });
    assert.equal((await send('{')).statusCode, 400);
    assert.equal((await send('{"__proto__":{}}')).statusCode, 400);
    assert.equal((await send('a=b', 'application/x-www-form-urlencoded')).statusCode, 415);
    assert.equal((await send(JSON.stringify({ key: 'A', name: 'x'.repeat(2 ** 20) }))).statusCode, 413);
  });

  it('gives each request an id of its own, whatever the client sends', async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => {
        const answer = await server.app.inject({
          url: '/healthz',
          headers: { 'x-arequestid': 'mine', 'request-id': 'mine' },
        });
        return answer.headers['x-arequestid'];
      }),
    );
    assert.match(String(ids[0]), /^@[0-9A-F]{6}x\d+x\d+x0$/);
    assert.notEqual(ids[0], ids[1]);
  });

  it('reaches personal repositories by their second address', async () => {
    const owner = server.user('repoRead');
    for (const url of ['/rest/api/1.0/users/repo-read/repos', '/rest/api/latest/users/~repo-read/repos?limit=5']) {
      const answer = await server.app.inject({ url, headers: owner });
      assert.equal(answer.statusCode, 200, url);
    }
    assert.equal(
      (await server.app.inject({ url: '/rest/api/1.0/users/repo-read/repos', headers: server.user('stranger') }))
        .statusCode,
      401,
    );
  });

  it('refuses an address with NUL in it', async () => {
    const answer = await server.app.inject({ url: '/rest/api/latest/users/a%00b', headers: server.admin });
    assert.equal(answer.statusCode, 400);
  });

  it('refuses an address that cannot be read as it refuses everything, repeating none of it', async () => {
    const long = 'canary'.repeat(200);
    for (const [url, status] of [
      ['/%', 400],
      ['/rest/api/latest/projects/%ff', 400],
      ['/rest/api/latest/projects/canary%zz', 400],
      ['/rest/api/latest/projects/%c3%28/repos?limit=5', 400],
      ['/rest/api/latest/users/canary%/repos', 400],
      ['/nowhere/%ff', 400],
      [`/rest/api/latest/projects/${long}`, 414],
    ] as const)
      for (const headers of [{}, server.admin])
        for (const method of ['GET', 'PUT', 'DELETE'] as const) {
          const answer = await server.app.inject({ method, url, headers });
          assert.equal(answer.statusCode, status, `${url.slice(0, 60)}: ${answer.body}`);
          assert.match(String(answer.headers['content-type']), /^application\/json/);
          assert.deepEqual(Object.keys(answer.json<object>()), ['errors']);
          const { errors } = answer.json<RestErrors>();
          assert.deepEqual(Object.keys(errors[0] ?? {}).sort(), ['context', 'exceptionName', 'message']);
          assert.doesNotMatch(answer.body, /%ff|%zz|%c3|canary|FST_/);
          assert.match(String(answer.headers['x-arequestid']), /^@[0-9A-F]{6}x\d+x\d+x0$/);
          assert.equal(answer.headers['x-content-type-options'], 'nosniff');
          assert.equal(answer.headers['cache-control'], 'private, no-store');
          const id = JSON.stringify(answer.headers['x-arequestid']);
          assert.ok(lines.some((line) => line.includes(id) && line.includes(`"status":${status}`)));
        }
  });

  it('does not start with a route that does not say who may use it', async () => {
    const app = await buildApp({ ...server.context, metrics: createMetrics('0.0.0') });
    assert.throws(
      () => app.get('/open', { schema: { response: { 200: Type.String() } } }, () => ''),
      /does not say who may use it/,
    );
    await app.close();
  });

  it('says of an error of its own only where the log has more', async () => {
    await server.context.store.db.schema.alterTable('projects').renameTo('gone').execute();
    const answer = await server.app.inject({ url: '/rest/api/latest/projects', headers: server.admin });
    await server.context.store.db.schema.alterTable('gone').renameTo('projects').execute();
    assert.equal(answer.statusCode, 500);
    assert.doesNotMatch(answer.body, /projects|select|SQL/i);
    const id = String(answer.headers['x-arequestid']);
    assert.ok(answer.body.includes(id));
    assert.ok(lines.some((line) => line.includes(id) && line.includes('no such table')));
  });

  it('logs neither credentials nor queries nor bodies', async () => {
    const secret = `canary-${Date.now()}`;
    await server.app.inject({
      method: 'POST',
      url: `/rest/api/latest/admin/users?name=x&password=${secret}&displayName=x&emailAddress=x`,
      headers: { ...server.admin, cookie: `session=${secret}`, 'content-type': 'application/json' },
      payload: JSON.stringify({ password: secret }),
    });
    await server.app.inject({ url: '/healthz', headers: { authorization: `Bearer ${secret}` } });
    const log = lines.join('');
    assert.doesNotMatch(log, new RegExp(secret));
    assert.doesNotMatch(log, new RegExp(server.admin['authorization'] ?? 'none'));
  });

  it('does not wait for requests that nobody has begun when it ends', { timeout: 20_000 }, async () => {
    const other = await startApp();
    const { port } = new URL(await other.app.listen({ host: '127.0.0.1', port: 0 }));
    const socket = connect(Number(port), '127.0.0.1');
    const accepted = once(other.app.server, 'connection');
    const ended = once(socket, 'close');
    await accepted;
    await other.close();
    await ended;
  });

  it('answers what is no HTTP in the same form', async () => {
    await server.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.app.server.address() as { port: number };
    const text = await new Promise<string>((resolve, reject) => {
      let read = '';
      const socket = connect(port, '127.0.0.1', () => socket.write('GARBAGE\r\n\r\n'));
      socket.on('data', (part) => (read += part.toString()));
      socket.on('close', () => resolve(read));
      socket.on('error', reject);
    });
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.match(text, /\{"errors":\[\{/);
  });
});
