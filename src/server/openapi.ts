/** Describes all routes as OpenAPI 3.1, from the schemas that requests and answers are checked with: the description cannot differ from what is done. */
import swagger from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { Type, type TSchema } from 'typebox';
import type { Access } from './access.ts';
import { describeParameters, tagOf } from './openapi-words.ts';
import type { App, ServerContext } from './server-context.ts';

declare module 'fastify' {
  interface FastifySchema {
    /** Fields of a form (multipart/form-data). It is described and not checked: the handler reads it from the connection, after every check. */
    readonly form?: TSchema;
  }
}

/** Before the first route is added; the description of all of them is at `/openapi.json` when the application is ready. */
export async function addOpenapi(app: App, context: Pick<ServerContext, 'version'>): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Leakgate',
        version: context.version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        description:
          'Secret scanning by the interfaces of Bitbucket Data Center (`/rest/api`) and Soteri Security for Bitbucket (`/rest/security`), and ' +
          'what both lack (`/rest/leakgate`). The version `latest` is `1.0`. Personal repositories are found at `/users/{slug}/repos/...` as well ' +
          'as at `/projects/~{slug}/repos/...`. Times are milliseconds since 1970 unless a field says otherwise.',
      },
      components: {
        securitySchemes: {
          basic: { type: 'http', scheme: 'basic' },
          token: { type: 'http', scheme: 'bearer', description: 'An HTTP access token.' },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const { access } = route.config ?? {};
      const open = access === 'ANONYMOUS';
      return {
        url,
        schema: {
          ...schema,
          ...describeRequest(schema, url),
          ...(schema?.form === undefined ? {} : { body: schema.form, consumes: ['multipart/form-data'] }),
          ...(schema?.tags === undefined ? {} : { tags: schema.tags.map((tag) => tagOf(url, tag)) }),
          ...(schema?.description === undefined && access !== undefined ? { description: needs(access) } : {}),
          security: open ? [] : [{ basic: [] }, { token: [] }],
          'x-access': access,
        } as FastifySchema,
      };
    },
    transformObject: (document) => {
      const { openapiObject } = document as { readonly openapiObject: Described };
      sayWhatMayBeAbsent(openapiObject);
      return openapiObject;
    },
  });
  app.after(() => {
    app.get(
      '/openapi.json',
      {
        config: { access: 'ANONYMOUS' },
        schema: {
          summary: 'This description',
          tags: ['Server'],
          response: { 200: Type.Unsafe<object>({ type: 'object', additionalProperties: true }) },
        },
      },
      () => app.swagger(),
    );
  });
}

function describeRequest(schema: FastifySchema | undefined, url: string): FastifySchema {
  const names = Array.from(url.matchAll(/:(\w+)/g), ([, name = '']) => name);
  return {
    ...(names.length === 0 ? {} : { params: describeParameters(schema?.params ?? paramsNamed(names)) }),
    ...(schema?.querystring === undefined ? {} : { querystring: describeParameters(schema.querystring) }),
  };
}

/** Of a route that takes the parts of its path as they come. */
function paramsNamed(names: readonly string[]): object {
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    required: names,
  };
}

function needs(access: Access): string {
  if (access === 'ANONYMOUS') return 'Needs no account.';
  return access === 'AUTHENTICATED' ? 'Needs an account.' : `Needs \`${access}\`.`;
}

/** The part of the document in which bodies are. */
interface Described {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, { readonly requestBody?: RequestBody }>>>>;
}

interface RequestBody {
  required?: boolean;
  readonly content: Readonly<Record<string, { readonly schema?: { readonly anyOf?: readonly { type?: unknown }[] } }>>;
}

/** A body that may be absent is written as "or null" in its schema (validate-request.ts). Clients made from the document have to know that it may. */
function sayWhatMayBeAbsent({ paths = {} }: Described): void {
  for (const { requestBody } of Object.values(paths).flatMap((operations) => Object.values(operations))) {
    const schemas = Object.values(requestBody?.content ?? {}).map(({ schema }) => schema);
    if (requestBody !== undefined && schemas.some((schema) => schema?.anyOf?.some(({ type }) => type === 'null')))
      requestBody.required = false;
  }
}
