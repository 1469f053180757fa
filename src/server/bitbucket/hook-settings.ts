/**
 * The security hook in Bitbucket's interface, of projects and repositories: PUT `…/enabled` switches it on, DELETE `…/enabled` off, DELETE of the hook
 * itself has the level inherit again. Answers show what holds, and which level says so.
 */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  clearHookState,
  DEFAULT_HOOK_SETTINGS,
  effectiveHook,
  findHookState,
  readHookSettings,
  setHookState,
  type EffectiveHook,
  type HookSettingsJson,
} from '../../store/hook-states.ts';
import { readSetting } from '../../store/settings.ts';
import { PAGE_QUERY, pageOf, pageRequest, toPage } from '../paging.ts';
import type { Routes, ServerContext } from '../server-context.ts';
import { audit } from '../soteri/audit.ts';
import {
  assertHook,
  checkSettings,
  hookParams,
  HookSettings,
  OptionalSettings,
  RestRepositoryHook,
  toRestHook,
} from './hook-shape.ts';

const LEVELS = [
  { scope: 'PROJECT', path: '/projects/:projectKey/settings/hooks', read: 'PROJECT_READ', change: 'PROJECT_ADMIN' },
  {
    scope: 'REPOSITORY',
    path: '/projects/:projectKey/repos/:repositorySlug/settings/hooks',
    read: 'REPO_ADMIN',
    change: 'REPO_ADMIN',
  },
] as const;
type Level = (typeof LEVELS)[number];

const TAGS = ['hooks'];

export const addHookSettingsRoutes: Routes = (app, context) => {
  for (const level of LEVELS) {
    const reading = { config: { access: level.read } } as const;
    const changing = { config: { access: level.change } } as const;
    const hookPath = `${level.path}/:hookKey`;

    app.get(
      level.path,
      {
        ...reading,
        schema: {
          summary: 'Hooks and whether they run',
          tags: TAGS,
          querystring: Type.Object({
            ...PAGE_QUERY,
            type: Type.Optional(Type.Union([Type.Literal('PRE_RECEIVE'), Type.Literal('POST_RECEIVE')])),
          }),
          response: { 200: pageOf(RestRepositoryHook) },
        },
      },
      async (request) => {
        const page = pageRequest(request.query);
        const hooks = request.query.type === 'POST_RECEIVE' ? [] : [await readHook(request, context, level)];
        return toPage(page, hooks.slice(page.start, page.start + page.limit + 1).map(toRestHook));
      },
    );

    app.get(
      hookPath,
      { ...reading, schema: hookSchema(level.scope, 'The security hook', RestRepositoryHook) },
      async (request) => {
        assertHook(request.params.hookKey);
        return toRestHook(await readHook(request, context, level));
      },
    );

    app.get(
      `${hookPath}/settings`,
      { ...reading, schema: hookSchema(level.scope, "The hook's settings in force", HookSettings) },
      async (request) => {
        assertHook(request.params.hookKey);
        return (await readHook(request, context, level)).settings;
      },
    );

    app.put(
      `${hookPath}/settings`,
      {
        ...changing,
        schema: { ...hookSchema(level.scope, "Set the hook's settings here", HookSettings), body: HookSettings },
      },
      async (request) => {
        assertHook(request.params.hookKey);
        // A level that inherits keeps what it has at the moment: settings alone must not switch anything.
        const { enabled } = await readHook(request, context, level);
        await change(request, context, level, { enabled, settings: checkSettings(request.body) });
        return (await readHook(request, context, level)).settings;
      },
    );

    app.put(
      `${hookPath}/enabled`,
      {
        ...changing,
        schema: { ...hookSchema(level.scope, 'Switch the hook on', RestRepositoryHook), body: OptionalSettings },
      },
      async (request) => {
        assertHook(request.params.hookKey);
        const settings = request.body === null ? undefined : checkSettings(request.body);
        await change(request, context, level, { enabled: true, settings });
        return toRestHook(await readHook(request, context, level));
      },
    );

    app.delete(
      `${hookPath}/enabled`,
      { ...changing, schema: hookSchema(level.scope, 'Switch the hook off', RestRepositoryHook) },
      async (request) => {
        assertHook(request.params.hookKey);
        await change(request, context, level, { enabled: false, settings: undefined });
        return toRestHook(await readHook(request, context, level));
      },
    );

    app.delete(
      hookPath,
      {
        ...changing,
        schema: {
          summary: 'Inherit whether the hook runs',
          tags: TAGS,
          params: hookParams(level.scope),
          response: { 204: Type.Null({ description: 'It is inherited now.' }) },
        },
      },
      async (request, reply) => {
        assertHook(request.params.hookKey);
        const resourceId = resourceOf(request, level);
        if (await clearHookState(context.store.db, level.scope, resourceId)) {
          await audit(request, context, { action: 'Security hook inherited', scope: level.scope, resourceId });
          await context.policies.changed(level.scope, resourceId, 'hook settings');
        }
        return reply.code(204).send(null);
      },
    );
  }
};

function hookSchema<T extends typeof RestRepositoryHook | typeof HookSettings>(
  scope: Level['scope'],
  summary: string,
  answer: T,
) {
  return { summary, tags: TAGS, params: hookParams(scope), response: { 200: answer } };
}

function resourceOf(request: FastifyRequest, { scope }: Level): number {
  return scope === 'PROJECT' ? request.project.id : request.repository.id;
}

async function readHook(request: FastifyRequest, { store }: ServerContext, { scope }: Level): Promise<EffectiveHook> {
  const mode = await readSetting(store.db, 'hookMode');
  const projectId = request.project.id;
  return effectiveHook(
    store.db,
    mode,
    scope === 'PROJECT' ? { projectId } : { projectId, repositoryId: request.repository.id },
  );
}

/** @param settings absent: those that were set here before, else the default */
async function change(
  request: FastifyRequest,
  context: ServerContext,
  level: Level,
  { enabled, settings }: { readonly enabled: boolean; readonly settings: HookSettingsJson | undefined },
): Promise<void> {
  const { scope } = level;
  const resourceId = resourceOf(request, level);
  await context.store.db.transaction().execute(async (db) => {
    const before = await findHookState(db, scope, resourceId);
    const kept = settings ?? (before === undefined ? DEFAULT_HOOK_SETTINGS : readHookSettings(before));
    await setHookState(db, { scope, resourceId, enabled, settings: kept });
    const details = { enabled, warnOnVulnerabilities: kept['warnOnVulnerabilities'] === true };
    await audit(request, context, {
      action: `Security hook ${enabled ? 'enabled' : 'disabled'}`,
      scope,
      resourceId,
      details,
      db,
    });
  });
  await context.policies.changed(scope, resourceId, 'hook settings');
}
