/** Which hook scripts are meant for a project or repository, in Bitbucket's interface. Kept and served, see hook-scripts.ts. */
import type { FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import {
  clearHookScriptUse,
  listHookScriptUses,
  setHookScriptUse,
  type HookScriptUse,
} from '../../store/hook-scripts.ts';
import type { ScopeColumns } from '../../store/schema.ts';
import { auditOf } from '../actor.ts';
import { PAGE_QUERY, pageOf, pageRequest, toPage } from '../paging.ts';
import type { Routes } from '../server-context.ts';
import { assertHookScripts, RestHookScript, SCRIPT_PARAMS, scriptOf, toRestScript } from './hook-script-shape.ts';
import { ProjectParams, RepositoryParams } from './shapes.ts';
import { orNull } from '../or-null.ts';

const LEVELS = [
  {
    scope: 'PROJECT',
    path: '/projects/:projectKey/hook-scripts',
    access: 'PROJECT_ADMIN',
    category: 'Projects',
    params: ProjectParams.properties,
  },
  {
    scope: 'REPOSITORY',
    path: '/projects/:projectKey/repos/:repositorySlug/hook-scripts',
    access: 'REPO_ADMIN',
    category: 'Repositories',
    params: RepositoryParams.properties,
  },
] as const;
type Level = (typeof LEVELS)[number];

const TAGS = ['hook scripts'];
const RestHookScriptConfig = Type.Object({
  scope: Type.Object({
    type: Type.Union([Type.Literal('PROJECT'), Type.Literal('REPOSITORY')]),
    resourceId: Type.Integer(),
  }),
  script: RestHookScript,
  triggerIds: Type.Array(Type.String()),
});
const Triggers = Type.Object({
  triggerIds: Type.Optional(
    Type.Array(Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' }), {
      maxItems: 50,
      uniqueItems: true,
      description: 'What the script is for: push, branch-create, pull-request-merge …',
    }),
  ),
});

export const addHookScriptUseRoutes: Routes = (app, context) => {
  const { db } = context.store;
  for (const level of LEVELS) {
    const admin = { config: { access: level.access } } as const;

    app.get(
      level.path,
      {
        ...admin,
        schema: {
          summary: 'Hook scripts meant for it',
          tags: TAGS,
          params: Type.Object(level.params),
          querystring: Type.Object(PAGE_QUERY),
          response: { 200: pageOf(RestHookScriptConfig) },
        },
      },
      async (request) => {
        await assertHookScripts(db);
        const page = pageRequest(request.query);
        const place = placeOf(request, level);
        const uses = await listHookScriptUses(db, place, page);
        return toPage(
          page,
          uses.map((use) => toRestConfig(use, place)),
        );
      },
    );

    app.put(
      `${level.path}/:scriptId`,
      {
        ...admin,
        schema: {
          summary: 'Mean a hook script for it',
          tags: TAGS,
          params: Type.Object({ ...level.params, ...SCRIPT_PARAMS }),
          body: orNull(Triggers),
          response: { 200: RestHookScriptConfig },
        },
      },
      async (request) => {
        await assertHookScripts(db);
        const place = placeOf(request, level);
        const triggerIds = request.body?.triggerIds ?? [];
        return db.transaction().execute(async (change) => {
          const script = await scriptOf(change, request.params.scriptId);
          await setHookScriptUse(change, place, script.id, triggerIds);
          const details = { script: script.id, triggerIds };
          await auditOf(request, context, {
            ...audited(level, place),
            action: 'Hook script configured',
            details,
            db: change,
          });
          return toRestConfig({ script, triggerIds }, place);
        });
      },
    );

    app.delete(
      `${level.path}/:scriptId`,
      {
        ...admin,
        schema: {
          summary: 'Mean a hook script for it no more',
          tags: TAGS,
          params: Type.Object({ ...level.params, ...SCRIPT_PARAMS }),
          response: { 204: Type.Null({ description: 'It is not meant for it.' }) },
        },
      },
      async (request, reply) => {
        await assertHookScripts(db);
        const place = placeOf(request, level);
        await db.transaction().execute(async (change) => {
          const script = await scriptOf(change, request.params.scriptId);
          if (!(await clearHookScriptUse(change, place, script.id))) return;
          const details = { script: script.id };
          await auditOf(request, context, {
            ...audited(level, place),
            action: 'Hook script removed',
            details,
            db: change,
          });
        });
        return reply.code(204).send(null);
      },
    );
  }
};

interface Place extends ScopeColumns {
  readonly scope: Level['scope'];
}

function placeOf(request: FastifyRequest, { scope }: Level): Place {
  return { scope, resourceId: scope === 'PROJECT' ? request.project.id : request.repository.id };
}

function audited({ category }: Level, { scope, resourceId }: Place): { category: string } & Place {
  return { category, scope, resourceId };
}

function toRestConfig(
  { script, triggerIds }: HookScriptUse,
  { scope, resourceId }: Place,
): Static<typeof RestHookScriptConfig> {
  return { scope: { type: scope, resourceId }, script: toRestScript(script), triggerIds: [...triggerIds] };
}
