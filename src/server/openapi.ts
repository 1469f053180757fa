/** Describes all routes as OpenAPI 3.1, from the schemas that requests and answers are checked with: the description cannot differ from what is done. */
import swagger from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { Type } from 'typebox';
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
