/**
 * Hook scripts in Bitbucket's interface: uploaded, changed and read. Leakgate keeps and serves them, for clients that manage them here, and does not run
 * them: the machine with the repositories runs no code that came in over the network, whoever sent it. What should run there is a file that
 * its administrator puts there (`leakgate hook install` keeps hooks that were there before it). The whole is off unless the setting
 * `hookScripts` is on, so that nobody takes an upload for a hook in force.
 */
import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { createHookScript, deleteHookScript, updateHookScript, type HookScriptRow } from '../../store/hook-scripts.ts';
import { auditOf } from '../actor.ts';
import type { Routes } from '../server-context.ts';
import { NewScriptForm, readNewScript, readScriptChanges, ScriptChangesForm } from './hook-script-form.ts';
import {
  assertHookScripts,
  noScript,
  RestHookScript,
  SCRIPT_PARAMS,
  scriptOf,
  toRestScript,
} from './hook-script-shape.ts';

const TAGS = ['hook scripts'];
const AUDITED = { category: 'Global administration', scope: 'GLOBAL', resourceId: 0 } as const;
const PARAMS = Type.Object(SCRIPT_PARAMS);

export const addHookScriptRoutes: Routes = (app, context) => {
  const { db } = context.store;
  const sysAdmin = { config: { access: 'SYS_ADMIN' } } as const;

  app.post(
    '/hook-scripts',
    {
      ...sysAdmin,
      schema: {
        summary: 'Upload a hook script',
        description:
          'A form with name, type (PRE, POST), content and description. The script is kept and served; it is not run.',
        tags: TAGS,
        form: NewScriptForm,
        response: { 200: RestHookScript },
      },
    },
    async (request) => {
      await assertHookScripts(db);
      const form = await readNewScript(request);
      return db.transaction().execute(async (change) => {
        const script = await createHookScript(change, { ...form, created: context.now() });
        await auditOf(request, context, {
          ...AUDITED,
          action: 'Hook script created',
          details: detailsOf(script),
          db: change,
        });
        return toRestScript(script);
      });
    },
  );

  app.get(
    '/hook-scripts/:scriptId',
    {
      ...sysAdmin,
      schema: { summary: 'A hook script', tags: TAGS, params: PARAMS, response: { 200: RestHookScript } },
    },
    async (request) => {
      await assertHookScripts(db);
      return toRestScript(await scriptOf(db, request.params.scriptId));
    },
  );

  app.put(
    '/hook-scripts/:scriptId',
    {
      ...sysAdmin,
      schema: {
        summary: 'Change a hook script',
        description: 'A form with one or more of name, description and content; what is absent stays.',
        tags: TAGS,
        params: PARAMS,
        form: ScriptChangesForm,
        response: { 200: RestHookScript },
      },
    },
    async (request) => {
      await assertHookScripts(db);
      await scriptOf(db, request.params.scriptId);
      const changes = await readScriptChanges(request);
      return db.transaction().execute(async (change) => {
        const { scriptId } = request.params;
        const script = await updateHookScript(change, scriptId, { ...changes, updated: context.now() });
        if (script === undefined) return noScript();
        await auditOf(request, context, {
          ...AUDITED,
          action: 'Hook script changed',
          details: detailsOf(script),
          db: change,
        });
        return toRestScript(script);
      });
    },
  );

  app.delete(
    '/hook-scripts/:scriptId',
    {
      ...sysAdmin,
      schema: {
        summary: 'Delete a hook script',
        tags: TAGS,
        params: PARAMS,
        response: { 204: Type.Null({ description: 'It is gone, and out of all projects and repositories.' }) },
      },
    },
    async (request, reply) => {
      await assertHookScripts(db);
      await db.transaction().execute(async (change) => {
        const script = await scriptOf(change, request.params.scriptId);
        await deleteHookScript(change, script.id);
        await auditOf(request, context, {
          ...AUDITED,
          action: 'Hook script deleted',
          details: detailsOf(script),
          db: change,
        });
      });
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/hook-scripts/:scriptId/content',
    {
      ...sysAdmin,
      schema: {
        summary: 'The script itself',
        tags: TAGS,
        params: PARAMS,
        response: {
          200: { description: 'As it was uploaded.', content: { 'text/plain': { schema: Type.String() } } },
        },
      },
    },
    async (request, reply) => {
      await assertHookScripts(db);
      const { content } = await scriptOf(db, request.params.scriptId);
      return reply.header('Content-Disposition', 'attachment').type('text/plain; charset=utf-8').send(content);
    },
  );
};

/** Which content it was, without the content. */
function detailsOf({ id, name, version, content }: HookScriptRow): object {
  return { id, name, version, sha256: createHash('sha256').update(content).digest('hex') };
}
