/** Describes all routes as OpenAPI 3.1, from the schemas that requests and answers are checked with: the description cannot differ from what is done. */
import swagger from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { Type } from 'typebox';
import type { Access } from './access.ts';
import { describeParameters, tagOf } from './openapi-words.ts';
import type { App, ServerContext } from './server-context.ts';

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
          ...(schema?.tags === undefined ? {} : { tags: schema.tags.map((tag) => tagOf(url, tag)) }),
          ...(schema?.description === undefined && access !== undefined ? { description: needs(access) } : {}),
          security: open ? [] : [{ basic: [] }, { token: [] }],
          'x-access': access,
        } as FastifySchema,
      };
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
