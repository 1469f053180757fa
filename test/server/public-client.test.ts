import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createBitbucketServerClient } from '@coderabbitai/bitbucket/server';
import { startApp, type StartedApp } from '../helpers/start-app.ts';
import { createRepo } from '../helpers/temp-repo.ts';

let server: StartedApp;
let client: ReturnType<typeof createBitbucketServerClient>;
before(async () => {
  server = await startApp();
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  client = createBitbucketServerClient({
    baseUrl: `${url}/rest`,
    headers: { Accept: 'application/json', ...server.admin },
  });
});
after(() => server.close());

describe('a client that nobody here wrote', () => {
  it('works with the register of projects and repositories', async () => {
    const made = await client.POST('/api/latest/projects', { body: { key: 'CLIENT', name: 'Made by a client' } });
    assert.equal(made.response.status, 201);
    const { path } = createRepo({ bare: true });
    const repository = await client.POST('/api/latest/projects/{projectKey}/repos', {
      params: { path: { projectKey: 'CLIENT' } },
      body: { name: 'app', scmId: 'git', path } as never,
    });
    assert.equal(repository.response.status, 201);
    const listed = await client.GET('/api/latest/projects/{projectKey}/repos', {
      params: { path: { projectKey: 'CLIENT' }, query: { limit: 10 } },
    });
    assert.deepEqual(
      listed.data?.values?.map(({ slug }) => slug),
      ['app'],
    );
    const removed = await client.DELETE('/api/latest/projects/{projectKey}/repos/{repositorySlug}', {
      params: { path: { projectKey: 'CLIENT', repositorySlug: 'app' } },
    });
    assert.equal(removed.response.status, 202);
  });

  it('works with permissions and tokens', async () => {
    const given = await client.PUT('/api/latest/projects/{projectKey}/permissions/users', {
      params: { path: { projectKey: 'PRJ' }, query: { name: 'stranger', permission: 'PROJECT_READ' } },
    });
    assert.equal(given.response.status, 204);
    const token = await client.PUT('/access-tokens/latest/users/{userSlug}', {
      params: { path: { userSlug: 'sys-admin' } },
      body: { name: 'ci', permissions: ['REPO_READ'], expiryDays: 3 },
    });
    assert.equal(token.response.status, 200);
    assert.match(token.data?.token ?? '', /^lgt_/);
  });

  it('reads our errors as Bitbucket’s', async () => {
    const { error, response } = await client.GET('/api/latest/projects/{projectKey}', {
      params: { path: { projectKey: 'NOPE' } },
    });
    assert.equal(response.status, 404);
    assert.match(JSON.stringify(error), /NoSuchProjectException/);
  });
});
