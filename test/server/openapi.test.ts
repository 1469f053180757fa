import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type StartedApp } from '../helpers/start-app.ts';

interface Operation {
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
