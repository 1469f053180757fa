/** For whoever watches the process: whether it lives, and whether it can serve. */
import { Type } from 'typebox';
import { RestErrors } from './error-handler.ts';
import { checkReadiness } from './self-check.ts';
import type { Routes } from './server-context.ts';

const Health = Type.Object({ status: Type.String(), version: Type.String() });
const Readiness = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('not ready')]),
  checks: Type.Array(Type.Object({ name: Type.String(), ok: Type.Boolean(), detail: Type.String() })),
});

export const addHealthRoutes: Routes = (app, context) => {
  app.get(
    '/healthz',
    {
      config: { access: 'ANONYMOUS' },
      schema: { summary: 'Whether the process answers', tags: ['Server'], response: { 200: Health } },
    },
    () => ({ status: 'ok', version: context.version }),
  );

  app.get(
    '/readyz',
    {
      config: { access: 'ANONYMOUS' },
      schema: {
        summary: 'Whether it can serve: store, queue, engine, policies',
        tags: ['Server'],
        // The other: who asks with credentials, which nobody can look up while the database is away.
        response: { 200: Readiness, 503: Type.Union([Readiness, RestErrors]) },
      },
    },
    async (_request, reply) => {
      const checks = await checkReadiness(context);
      const ready = checks.every(({ ok }) => ok);
      return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks: [...checks] });
    },
  );
};
