/**
 * Every operation of the generated OpenAPI document, with requests made from it: such as it describes, and such as it does not. Whatever is sent, the
 * server answers in one of the documented ways and never with a failure of its own.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { App } from '../../src/server/server-context.ts';
import type { RunningServer } from '../../src/server/start-server.ts';
import { startServerIn } from '../helpers/start-server-in.ts';
import { basic, type Headers } from '../helpers/start-app.ts';
import { createRepo, createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Described {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** Requests for each operation. */
const RUNS = 12;
/** Streams that do not end by themselves. */
const ENDLESS = /\/events$/;

describe('requests made from the OpenAPI document', () => {
  let server: RunningServer;
  let admin: Headers;
  let operations: readonly Described[];

  before(async () => {
    // The whole of it: behind a route stand the queue, policies and deliveries.
    const dataDir = join(createTempFolder(), 'data');
    const adminToken = randomBytes(20).toString('hex');
    admin = basic('admin', adminToken);
    server = await startServerIn(dataDir, {
      env: { ...isolatedEnv(), LEAKGATE_KEY_FILE: join(dataDir, '../fingerprint.key') },
      adminToken,
    });
    const checkout = createRepo();
    checkout.write('README.md', 'An example.\n').commit('first');
    const origin = checkout.addBareRemote();
    checkout.push('main');
    await send(server.app, 'PUT', '/rest/api/latest/admin/rate-limit/settings', { enabled: false });
    await send(server.app, 'POST', '/rest/api/latest/projects', { key: 'PRJ', name: 'Example project' });
    await send(server.app, 'POST', '/rest/api/latest/projects/PRJ/repos', { name: 'app', path: origin.path });
    const document = (await server.app.inject({ url: '/openapi.json' })).json<Document>();
    // `1.0` is another name of `latest`.
    const paths = Object.entries(document.paths).filter(([path]) => !path.includes('/1.0/'));
    operations = paths.flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
    );
  });

  async function send(app: App, method: 'POST' | 'PUT', url: string, payload: object): Promise<void> {
    const { statusCode, body } = await app.inject({ method, url, headers: admin, payload });
    assert.ok(statusCode < 300, `${url}: ${statusCode} ${body}`);
  }

  after(() => server.close());

  it('never make the server fail, whatever they are, and each answer is a documented one', async () => {
    assert.ok(operations.length > 100, `only ${operations.length} operations are described`);
    // What removes things comes last, so that others find them.
    const ordered = operations.filter(({ path }) => !ENDLESS.test(path)).toSorted((a, b) => weight(a) - weight(b));
    let succeeded = 0;
    for (const described of ordered) if (await checkOperation(server.app, admin, described)) succeeded++;
    // Else only the refusals would have been tried.
    assert.ok(succeeded > 90, `only ${succeeded} of ${ordered.length} operations ever succeeded`);
  });
});

/** What renames things, or takes the caller's own rights or turns, comes last of all. */
function weight({ method, path }: Described): number {
  if (method !== 'get' && /rate-limit|credentials|settings$|\/users$/.test(path)) return 3;
  if (method === 'put' && /\{(?:projectKey|repositorySlug)\}$/.test(path)) return 2;
  return method === 'delete' ? 1 : 0;
}

/** @returns whether one of the requests was granted */
async function checkOperation(app: App, admin: Headers, described: Described): Promise<boolean> {
  const { method, path, operation } = described;
  let granted = false;
  await fc.assert(
    fc.asyncProperty(requestFor(described), async ({ url, payload, type }) => {
      const answer = await app.inject({
        method: method.toUpperCase() as 'GET',
        url,
        headers: { ...admin, ...(type === undefined ? {} : { 'content-type': type }) },
        ...(payload === undefined ? {} : { payload }),
      });
      const what = `${method.toUpperCase()} ${url} ${payload ?? ''} → ${answer.statusCode} ${answer.body.slice(0, 500)}`;
      assert.ok(answer.statusCode < 500 || answer.statusCode === 501, what);
      const documented = Object.keys(operation.responses);
      assert.ok(
        documented.includes(String(answer.statusCode)) ||
          documented.includes(`${String(answer.statusCode)[0]}XX`) ||
          documented.includes('default'),
        `${what}: only ${documented.join(', ')} are documented for ${path}`,
      );
      if (answer.statusCode < 300) granted = true;
      if (answer.statusCode >= 400 && String(answer.headers['content-type']).startsWith('application/json'))
        assert.ok(Array.isArray(answer.json<{ errors?: unknown }>().errors), what);
    }),
    { numRuns: RUNS, seed: 1 },
  );
  return granted;
}

interface MadeRequest {
  readonly url: string;
  readonly payload?: string;
  readonly type?: string;
}

function requestFor({ path, operation }: Described): fc.Arbitrary<MadeRequest> {
  const parameters = operation.parameters ?? [];
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  return fc
    .record({
      path: fc.tuple(...inPath.map(({ name, schema }) => fc.tuple(fc.constant(name), pathValue(name, schema)))),
      query: fc.tuple(
        ...inQuery.map(({ name, schema }) =>
          fc.tuple(fc.constant(name), fc.option(mostly(valueOf(schema), fc.string()), { nil: undefined })),
        ),
      ),
      body: content === undefined ? fc.constant(undefined) : bodyOf(content.schema, operation.requestBody?.required),
    })
    .map(({ path: values, query, body }) => {
      const named = new Set(values.map(([name]) => name));
      for (const [, name = ''] of path.matchAll(/\{(\w+)\}/g))
        assert.ok(named.has(name), `${path} does not describe ${name}`);
      const filled = values.reduce(
        (url, [name, value]) => url.replace(`{${name}}`, encodeURIComponent(String(value))),
        path,
      );
      const search = new URLSearchParams(
        query.flatMap(([name, value]) => (value === undefined ? [] : [[name, textOf(value)] as [string, string]])),
      );
      const json = type === undefined || type.includes('json');
      return {
        url: `${filled}${search.size === 0 ? '' : `?${search.toString()}`}`,
        ...(body === undefined
          ? {}
          : type === FORM && isRecord(body)
            ? { payload: formOf(body), type: `${FORM}; boundary=${BOUNDARY}` }
            : {
                payload: json && typeof body !== 'string' ? JSON.stringify(body) : textOf(body),
                type: type ?? 'application/json',
              }),
      };
    });
}

const FORM = 'multipart/form-data';
const BOUNDARY = 'leakgate-test-boundary';

/** Now and then none, where it may be absent. */
function bodyOf(schema: Schema, required = true): fc.Arbitrary<unknown> {
  const body = mostly(valueOf(schema), fc.json());
  return required ? body : fc.option(body, { nil: undefined });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fields of a form; those that are files by their name are sent as such. */
function formOf(fields: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(fields).map(([name, value]) => {
    const file = name === 'file' || name === 'content' ? '; filename="a"' : '';
    return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${textOf(value)}\r\n`;
  });
  return `${parts.join('')}--${BOUNDARY}--\r\n`;
}

/** As it stands in a query or a form. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** One in four is not as described. */
function mostly<T, U>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<U>): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: 3, arbitrary: right }, { weight: 1, arbitrary: wrong });
}

function pathValue(name: string, schema: Schema): fc.Arbitrary<unknown> {
  const known: Readonly<Record<string, string>> = { projectKey: 'PRJ', repositorySlug: 'app', userSlug: 'admin' };
  const other = mostly(valueOf(schema), fc.string({ minLength: 1 }));
  const value = known[name];
  return (value === undefined ? other : mostly(fc.constant(value), other)).filter(
    (text) => !/^\.{0,2}$/.test(String(text)),
  );
}

/** A value such as a schema describes. */
function valueOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(valueOf));
  const type = Array.isArray(schema.type) ? (schema.type as readonly string[])[0] : (schema.type as string | undefined);
  switch (type) {
    case 'integer':
    case 'number':
      return fc.oneof(fc.constantFrom(0, 1, 25), fc.integer());
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(valueOf(schema.items ?? {}), { maxLength: 3 });
    case 'object':
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.properties ?? {}).map(([name, property]) => [name, valueOf(property)]),
        ),
        { requiredKeys: [...(schema.required ?? [])] },
      );
    case 'null':
      return fc.constant(null);
    case 'string':
      return fc.oneof(fc.constantFrom('main', 'a', 'refs/heads/main', 'https://example.org'), fc.string());
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}
