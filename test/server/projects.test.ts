import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type Headers, type StartedApp } from '../helpers/start-app.ts';

let server: StartedApp;
before(async () => {
  server = await startApp();
});
after(() => server.close());

const BASE = '/rest/api/latest/projects';
const call = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  payload?: object,
  headers: Headers = server.admin,
) => server.app.inject({ method, url: `${BASE}${url}`, headers, ...(payload === undefined ? {} : { payload }) });

describe('/projects', () => {
  it('creates, shows, changes and deletes a project', async () => {
    const made = await call('POST', '', { key: 'NEW', name: 'New one', description: 'For a test', avatar: 'dropped' });
    assert.equal(made.statusCode, 201);
    const project = made.json<Record<string, unknown>>();
    assert.deepEqual(
      { ...project, id: 0 },
      {
        key: 'NEW',
        id: 0,
        name: 'New one',
        description: 'For a test',
        public: false,
        scope: 'PROJECT',
        type: 'NORMAL',
      },
    );
    assert.deepEqual((await call('GET', '/new')).json(), project);
    const changed = await call('PUT', '/NEW', { key: 'NEWER', public: true });
    assert.deepEqual(changed.json(), { ...project, key: 'NEWER', public: true });
    assert.equal((await call('GET', '/NEW')).statusCode, 404);
    assert.equal((await call('DELETE', '/NEWER')).statusCode, 204);
    const gone = await call('GET', '/NEWER');
    assert.deepEqual(gone.json(), {
      errors: [
        {
          context: null,
          message: 'Project NEWER does not exist.',
          exceptionName: 'com.atlassian.bitbucket.project.NoSuchProjectException',
        },
      ],
    });
  });

  it('refuses a key that is taken, whatever its case, and one that is none', async () => {
    assert.equal((await call('POST', '', { key: 'prj' })).statusCode, 409);
    for (const key of ['', '1A', 'A B', 'a/b', '~admin', 'x'.repeat(129)])
      assert.equal((await call('POST', '', { key })).statusCode, 400, key);
  });

  it('makes who creates a project its admin', async () => {
    const headers = server.user('projectCreator');
    assert.equal((await call('POST', '', { key: 'MINE' }, headers)).statusCode, 201);
    assert.equal((await call('PUT', '/MINE', { description: 'ours' }, headers)).statusCode, 200);
  });

  it('does not delete a project with repositories', async () => {
    assert.equal((await call('DELETE', '/PRJ')).statusCode, 409);
  });

  it('lists what one may see, by name, in pages', async () => {
    for (const key of ['AAA', 'AAB', 'AAC']) await call('POST', '', { key, name: `Page ${key}` });
    const first = (await call('GET', '?name=page&limit=2')).json<{
      values: { key: string }[];
      nextPageStart: number;
    }>();
    assert.deepEqual(
      first.values.map(({ key }) => key),
      ['AAA', 'AAB'],
    );
    assert.equal(first.nextPageStart, 2);
    const rest = await call('GET', '?name=PAGE&limit=2&start=2');
    assert.deepEqual(
      { ...rest.json<object>(), values: [] },
      { size: 1, limit: 2, isLastPage: true, values: [], start: 2, nextPageStart: null },
    );
    const keysOf = async (role: 'stranger' | 'repoRead' | 'projectRead', query = '') =>
      (await call('GET', query, undefined, server.user(role)))
        .json<{ values: { key: string }[] }>()
        .values.map(({ key }) => key);
    assert.deepEqual(await keysOf('stranger'), []);
    assert.deepEqual(await keysOf('projectRead'), ['PRJ']);
    assert.deepEqual(await keysOf('repoRead'), ['PRJ']);
    assert.deepEqual(await keysOf('projectRead', '?permission=PROJECT_ADMIN'), []);
  });

  it('gives everybody a personal project, and its owner all permissions on it', async () => {
    const headers = server.user('repoWrite');
    const own = await call('GET', '/~repo-write', undefined, headers);
    assert.equal(own.json<{ type: string }>().type, 'PERSONAL');
    assert.equal((await call('GET', '/~repo-write', undefined, server.user('repoRead'))).statusCode, 401);
    assert.equal((await call('PUT', '/~repo-write', { key: 'STOLEN' }, headers)).statusCode, 400);
  });

  it('notes every change in the audit log', async () => {
    await call('POST', '', { key: 'AUDIT' });
    const { db } = server.context.store;
    const event = await db
      .selectFrom('auditEvents')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow();
    assert.equal(event.action, 'Project created');
    assert.equal(event.actor, 'sys-admin');
    assert.equal(event.address, '127.0.0.1');
    assert.deepEqual(JSON.parse(event.details), { key: 'AUDIT' });
  });
});
