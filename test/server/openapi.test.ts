import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type StartedApp } from '../helpers/start-app.ts';

interface Body {
  readonly required?: boolean;
  readonly content: Readonly<Record<string, { readonly schema: FormSchema }>>;
}
interface FormSchema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, { readonly type?: string; readonly format?: string }>>;
}

interface Operation {
  readonly requestBody?: Body;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly description?: string;
    readonly in: string;
    readonly schema?: { readonly description?: string; readonly type?: string };
  }[];
  readonly responses: Readonly<Record<string, { readonly content?: object; readonly description?: string }>>;
  readonly 'x-access'?: string;
}

let server: StartedApp;
let paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
before(async () => {
  server = await startApp();
  const answer = await server.app.inject({ url: '/openapi.json' });
  const document = answer.json<{ openapi: string; paths: typeof paths }>();
  assert.equal(document.openapi, '3.1.0');
  paths = document.paths;
});
after(() => server.close());

describe('/openapi.json', () => {
  it('describes every route: what it does, who may use it, what it answers', () => {
    for (const { method, url, access } of server.app.routes) {
      if (method === 'HEAD') continue;
      const path = url.replace(/:([a-zA-Z]+)/g, '{$1}');
      const operation = paths[path]?.[method.toLowerCase()];
      assert.ok(operation !== undefined, `${method} ${path} is not described`);
      assert.ok((operation.summary ?? '').length > 3, `${method} ${path} has no summary`);
      assert.ok((operation.tags ?? []).length > 0, `${method} ${path} has no tag`);
      assert.equal(operation['x-access'], access);
      const codes = Object.keys(operation.responses);
      assert.ok(
        codes.some((code) => code.startsWith('2')),
        `${method} ${path} says nothing of its success`,
      );
      assert.ok(codes.includes('4XX') && codes.includes('5XX'), `${method} ${path} says nothing of failures`);
    }
  });

  it('says of every parameter what it is, and of every tag whose interface it belongs to', () => {
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { tags = [], parameters = [], description = '' }] of Object.entries(operations)) {
        for (const { name, description: words, schema } of parameters)
          assert.ok((words ?? schema?.description ?? '') !== '', `${name} of ${method} ${path}`);
        assert.match(description, /\S/, `${method} ${path}`);
        const interfaceOf = path.startsWith('/rest/security/')
          ? /^Soteri: /
          : path.startsWith('/rest/')
            ? /: /
            : /^Server$/;
        for (const tag of tags) assert.match(tag, interfaceOf, path);
      }
    }
  });

  it('means booleans that may be written in capitals and small letters, as Python writes them', async () => {
    let tried = 0;
    for (const [path, operations] of Object.entries(paths))
      for (const [method, { parameters = [] }] of Object.entries(operations))
        for (const { name, in: place, schema } of parameters) {
          if (place !== 'query' || schema?.type !== 'boolean') continue;
          for (const value of ['True', 'FALSE']) {
            const url = `${path.replace(/\{\w+\}/g, '1')}?${name}=${value}`;
            const answer = await server.app.inject({ method: method as 'get', url, headers: server.admin });
            assert.doesNotMatch(answer.body, new RegExp(`${name} must be`), url);
            tried++;
          }
        }
    assert.ok(tried > 10, `only ${tried}`);
  });

  it('describes the fields of forms', () => {
    for (const version of ['latest', '1.0'])
      for (const [path, method, fields, required] of [
        [`/rest/security/${version}/global-reviewed/create`, 'post', ['file'], ['file']],
        [`/rest/security/${version}/global-reviewed/delete`, 'post', ['file'], ['file']],
        [
          `/rest/api/${version}/hook-scripts`,
          'post',
          ['content', 'description', 'name', 'type'],
          ['content', 'name', 'type'],
        ],
        [`/rest/api/${version}/hook-scripts/{scriptId}`, 'put', ['content', 'description', 'name'], []],
      ] as const) {
        const { required: needed, content = {} } = paths[path]?.[method]?.requestBody ?? {};
        assert.equal(needed, true, path);
        assert.deepEqual(Object.keys(content), ['multipart/form-data'], path);
        const schema = content['multipart/form-data']?.schema;
        assert.deepEqual(Object.keys(schema?.properties ?? {}).sort(), fields, path);
        assert.deepEqual([...(schema?.required ?? [])].sort(), required, path);
        const file = schema?.properties?.['file'] ?? schema?.properties?.['content'];
        assert.deepEqual([file?.type, file?.format], ['string', 'binary'], path);
      }
  });

  it('says which bodies may be absent', () => {
    const optional = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, { requestBody }]) => requestBody?.required === false)
        .map(([method]) => `${method} ${path}`),
    );
    const hooks = ['projects/{projectKey}', 'projects/{projectKey}/repos/{repositorySlug}'].flatMap((level) => [
      `put /rest/api/latest/${level}/settings/hooks/{hookKey}/enabled`,
      `put /rest/api/latest/${level}/hook-scripts/{scriptId}`,
    ]);
    assert.deepEqual(
      new Set(optional.filter((operation) => !operation.includes('/1.0/'))),
      new Set([...hooks, 'put /rest/security/latest/rules/{ruleId}']),
    );
    assert.equal(paths['/rest/api/latest/projects']?.['post']?.requestBody?.required, true);
  });

  it('says that failures are JSON, whatever a success is', () => {
    for (const [path, operations] of Object.entries(paths))
      for (const [method, { responses }] of Object.entries(operations))
        for (const code of ['4XX', '5XX'])
          assert.deepEqual(
            Object.keys(responses[code]?.content ?? {}),
            ['application/json'],
            `${code} of ${method} ${path}`,
          );
    for (const path of ['/metrics', '/rest/api/latest/hook-scripts/{scriptId}/content'])
      assert.deepEqual(Object.keys(paths[path]?.['get']?.responses['200']?.content ?? {}), ['text/plain']);
  });

  it('describes nothing else', () => {
    const routes = new Set(
      server.app.routes.map(({ method, url }) => `${method} ${url.replace(/:([a-zA-Z]+)/g, '{$1}')}`),
    );
    for (const [path, operations] of Object.entries(paths)) {
      for (const method of Object.keys(operations))
        assert.ok(routes.has(`${method.toUpperCase()} ${path}`), `${method} ${path}`);
    }
  });
});
