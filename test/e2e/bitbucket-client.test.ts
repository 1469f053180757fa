/** A client that was written for Bitbucket Data Center, with types made of its OpenAPI, against a real port. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createBitbucketServerClient } from '@coderabbitai/bitbucket/server';
import { createRepository } from '../../src/store/repositories.ts';
import { basic, startApp } from '../helpers/start-app.ts';
import type { StartedApp } from '../helpers/start-app.ts';

let server: StartedApp;
let client: ReturnType<typeof createBitbucketServerClient>;
let baseUrl: string;

const project = { projectKey: 'PRJ' };
const place = { ...project, repositorySlug: 'app' };
// Bitbucket's OpenAPI forgets the parameters of these paths, so their types do.
const AT_PROJECT = { params: { path: project as never } };
const AT_PLACE = { params: { path: place as never } };

before(async () => {
  server = await startApp();
  await server.app.listen({ port: 0, host: '127.0.0.1' });
  baseUrl = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}/rest`;
  client = createBitbucketServerClient({ baseUrl, headers: { ...server.admin, Accept: 'application/json' } });
});
after(() => server.close());

describe('A client of Bitbucket Data Center', () => {
  it('manages global rules', async () => {
    const rules = '/api/latest/secret-scanning/rules';
    const added = await client.POST(rules, { body: { name: 'Token', lineRegex: '(BBDC-[a-zA-Z0-9+]{44})' } });
    assert.deepEqual(added.data, {
      id: added.data?.id,
      name: 'Token',
      lineRegex: '(BBDC-[a-zA-Z0-9+]{44})',
      scope: { type: 'GLOBAL' },
    });
    const id = String(added.data?.id);
    const changed = await client.PUT(`${rules}/{id}`, {
      params: { path: { id } },
      body: { name: 'Renamed', pathRegex: '\\.env$' },
    });
    assert.equal(changed.data?.pathRegex, '\\.env$');
    assert.deepEqual((await client.GET(`${rules}/{id}`, { params: { path: { id } } })).data, changed.data);
    const list = await client.GET(rules, {
      params: { query: { filter: 'rename', order: 'NAME_DESC', start: 0, limit: 10 } },
    });
    assert.deepEqual([list.data?.size, list.data?.isLastPage, list.data?.values], [1, true, [changed.data]]);
    assert.equal((await client.DELETE(`${rules}/{id}`, { params: { path: { id } } })).response.status, 204);
    assert.equal((await client.GET(`${rules}/{id}`, { params: { path: { id } } })).response.status, 404);
  });

  it('manages rules and allowlists of a project and a repository', async () => {
    for (const list of ['rules', 'allowlist'] as const) {
      const own = `/api/latest/projects/{projectKey}/secret-scanning/${list}` as const;
      const ofProject = await client.POST(own, { params: { path: project }, body: { name: 'a', lineRegex: 'a' } });
      assert.equal(ofProject.data?.name, 'a');
      const id = String(ofProject.data?.id);
      assert.equal(
        (await client.PUT(`${own}/{id}`, { params: { path: { ...project, id } }, body: { name: 'b' } })).data?.name,
        'b',
      );
      assert.equal((await client.GET(`${own}/{id}`, { params: { path: { ...project, id } } })).data?.lineRegex, 'a');
      assert.equal((await client.GET(own, { params: { path: project } })).data?.values?.length, 1);
      assert.equal((await client.DELETE(`${own}/{id}`, { params: { path: { ...project, id } } })).response.status, 204);

      const inner = `/api/latest/projects/{projectKey}/repos/{repositorySlug}/secret-scanning/${list}` as const;
      const ofRepository = await client.POST(inner, { params: { path: place }, body: { name: 'a', pathRegex: 'a' } });
      const innerId = String(ofRepository.data?.id);
      assert.equal(
        (await client.PUT(`${inner}/{id}`, { params: { path: { ...place, id: innerId } }, body: { name: 'c' } })).data
          ?.name,
        'c',
      );
      assert.equal(
        (await client.GET(`${inner}/{id}`, { params: { path: { ...place, id: innerId } } })).data?.pathRegex,
        'a',
      );
      assert.equal((await client.GET(inner, { params: { path: place } })).data?.values?.length, 1);
      assert.equal(
        (await client.DELETE(`${inner}/{id}`, { params: { path: { ...place, id: innerId } } })).response.status,
        204,
      );
    }
  });

  it('manages exemptions', async () => {
    const { db } = server.context.store;
    await createRepository(db, {
      projectId: server.project.id,
      name: 'second',
      path: `${server.checkout.path}/second`,
      created: 1,
    });
    const exempt = '/api/latest/projects/{projectKey}/repos/{repositorySlug}/secret-scanning/exempt';
    assert.equal((await client.GET(exempt, AT_PLACE)).data, false);
    const all = '/api/latest/secret-scanning/exempt';
    assert.equal((await client.POST(all, { body: [{ projectKey: 'PRJ', slug: 'app' }] })).response.status, 204);
    assert.equal(
      (
        await client.POST(all, {
          body: [
            { projectKey: 'PRJ', slug: 'second' },
            { projectKey: 'PRJ', slug: 'app' },
          ],
        })
      ).response.status,
      409,
    );
    const ofProject = '/api/latest/projects/{projectKey}/secret-scanning/exempt';
    assert.equal(
      (await client.POST(ofProject, { ...AT_PROJECT, body: [{ projectKey: 'PRJ', slug: 'second' }] })).response.status,
      204,
    );
    const slugs = async (): Promise<unknown> =>
      (await client.GET(all, { params: { query: { order: 'NAME_DESC' } } })).data?.values?.map(({ slug }) => slug);
    assert.deepEqual(await slugs(), ['second', 'app']);
    assert.deepEqual((await client.GET(ofProject, AT_PROJECT)).data?.values?.length, 2);
    assert.equal((await client.DELETE(exempt, AT_PLACE)).response.status, 204);
    assert.deepEqual(await slugs(), ['second']);
  });

  it('manages webhooks', async () => {
    const own = '/api/latest/projects/{projectKey}/repos/{repositorySlug}/webhooks';
    const body = {
      name: 'Chat',
      url: 'https://example.org/hook',
      events: ['repo:secret_detected'],
      active: true,
      configuration: {},
      sslVerificationRequired: true,
    };
    const made = await client.POST(own, { params: { path: place }, body });
    assert.equal(made.data?.scopeType, 'repository');
    const webhookId = String((made.data as { id?: number }).id);
    const one = { params: { path: { ...place, webhookId } } };
    assert.deepEqual((await client.GET(`${own}/{webhookId}`, one)).data, made.data);
    assert.equal(
      (await client.PUT(`${own}/{webhookId}`, { ...one, body: { ...made.data, active: false } as never })).data?.active,
      false,
    );
    assert.equal((await client.GET(`${own}/{webhookId}/statistics`, one)).response.status, 200);
    assert.equal((await client.GET(`${own}/{webhookId}/statistics/summary`, one)).response.status, 204);
    assert.equal((await client.DELETE(`${own}/{webhookId}`, one)).response.status, 204);
    assert.equal(
      (await client.POST('/api/latest/projects/{projectKey}/webhooks', { params: { path: project }, body })).data
        ?.scopeType,
      'project',
    );
  });

  it('is told what is wrong in its own words', async () => {
    const stranger = createBitbucketServerClient({ baseUrl, headers: server.user('stranger') });
    const refused = await stranger.GET('/api/latest/secret-scanning/rules');
    assert.deepEqual(
      [refused.response.status, refused.error?.errors?.[0]?.exceptionName],
      [401, 'com.atlassian.bitbucket.AuthorisationException'],
    );
    const wrong = await client.POST('/api/latest/secret-scanning/rules', { body: { name: 'a', lineRegex: '(?=a)' } });
    assert.deepEqual([wrong.response.status, wrong.error?.errors?.[0]?.context], [400, 'lineRegex']);
    const unknown = createBitbucketServerClient({ baseUrl, headers: basic('nobody', 'x') });
    const failed = await unknown.GET('/api/latest/secret-scanning/rules');
    assert.equal(
      failed.error?.errors?.[0]?.exceptionName,
      'com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException',
    );
  });
});
