/**
 * Rules of all repositories in Soteri's interface: the list, custom rules, and switches of the built-in ones. Every change is in force for the next push
 * when it is answered.
 */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { toVendorName } from '../../policy/vendor-names.ts';
import { listBuiltinStates, setBuiltinState } from '../../store/builtin-rules.ts';
import {
  clearCustomRuleError,
  countCustomRules,
  createCustomRule,
  deleteCustomRule,
  findCustomRule,
  listCustomRules,
  updateCustomRule,
} from '../../store/custom-rules.ts';
import type { Db } from '../../store/open-store.ts';
import type { CustomRuleRow } from '../../store/schema.ts';
import { HttpError } from '../http-error.ts';
import type { Routes, ServerContext } from '../server-context.ts';
import { audit } from './audit.ts';
import {
  CustomRule,
  CustomRuleChanges,
  nameTaken,
  NewCustomRule,
  readRuleFields,
  toRestRule,
} from './custom-rule-fields.ts';
import { builtinRuleIds, findBuiltinRule } from './rule-names.ts';
import { orNull } from '../or-null.ts';

/** More than this nobody can look after, and each one costs every scan. */
const MAX_CUSTOM_RULES = 500;

const BuiltinRule = Type.Object({
  id: Type.String({ description: 'Our id of the rule.' }),
  name: Type.String(),
  hardcoded: Type.Literal(true),
  enabled: Type.Boolean(),
});
const RULE_PARAMS = Type.Object({ ruleId: Type.Integer({ description: 'Id of a custom rule.' }) });
const NAME_PARAMS = Type.Object({
  ruleName: Type.String({ description: 'As in the list, our own id, or an old name such as `RSA`.' }),
});
const Done = Type.Null({ description: 'Done.' });
const TAGS = ['rules'];
const config = { access: 'APP_ACCESS' } as const;

/** All of them, as custom rules and built-in ones. */
export const addRuleRoutes: Routes = (app, context) => {
  const { db } = context.store;

  app.get(
    '/rules',
    {
      config,
      schema: {
        summary: 'All rules',
        tags: TAGS,
        response: { 200: Type.Array(Type.Union([CustomRule, BuiltinRule])) },
      },
    },
    async () => {
      const states = await listBuiltinStates(db);
      const builtin = (await builtinRuleIds()).map((id) => ({
        id,
        name: toVendorName(id),
        hardcoded: true as const,
        enabled: states.get(id) ?? true,
      }));
      return [...builtin, ...(await listCustomRules(db)).map(toRestRule)];
    },
  );

  app.post(
    '/rules',
    {
      config,
      schema: { summary: 'Add a custom rule', tags: TAGS, body: NewCustomRule, response: { 200: CustomRule } },
    },
    async (request) => {
      const rule = await changeRule(request, context, 'added', async (transaction) => {
        const {
          name = '',
          regexp = '',
          enabled = true,
          blocking = true,
        } = await readRuleFields(transaction, request.body);
        if ((await countCustomRules(transaction)) >= MAX_CUSTOM_RULES) {
          throw new HttpError(
            409,
            `There are ${MAX_CUSTOM_RULES} custom rules already, which is the most there can be.`,
          );
        }
        const row = await createCustomRule(transaction, { name, regexp, enabled, blocking }, context.now());
        if (row === undefined) throw nameTaken(name);
        return row;
      });
      return toRestRule(rule as CustomRuleRow);
    },
  );

  app.put(
    '/rules/:ruleId',
    {
      config,
      schema: {
        summary: 'Change a custom rule; without a body, forget its validation error',
        tags: TAGS,
        params: RULE_PARAMS,
        body: orNull(CustomRuleChanges),
        response: { 200: CustomRule },
      },
    },
    async (request) => {
      const { ruleId } = request.params;
      // Clients that cannot send nothing send an empty object.
      const body = request.body === null || Object.keys(request.body).length === 0 ? null : request.body;
      const row = await changeRule(
        request,
        context,
        body === null ? 'validation error cleared' : 'changed',
        async (transaction) => {
          if ((await findCustomRule(transaction, ruleId)) === undefined) return undefined;
          if (body === null) return clearCustomRuleError(transaction, ruleId, context.now());
          return updateCustomRule(transaction, ruleId, await readRuleFields(transaction, body, ruleId), context.now());
        },
      );
      if (row === undefined) throw new HttpError(404, `There is no custom rule ${ruleId}.`);
      return toRestRule(row);
    },
  );

  app.delete(
    '/rules/:ruleId',
    { config, schema: { summary: 'Delete a custom rule', tags: TAGS, params: RULE_PARAMS, response: { 204: Done } } },
    async (request, reply) => {
      await changeRule(request, context, 'deleted', (transaction) =>
        deleteCustomRule(transaction, request.params.ruleId),
      );
      return reply.code(204).send(null);
    },
  );

  for (const [method, enabled] of [
    ['POST', true],
    ['DELETE', false],
  ] as const) {
    app.route({
      method,
      url: '/hardcoded/:ruleName',
      config,
      schema: {
        summary: `Switch a built-in rule ${enabled ? 'on' : 'off'} for all repositories`,
        tags: TAGS,
        params: NAME_PARAMS,
        response: { 204: Done },
      },
      handler: async (request, reply) => {
        const { ruleName } = request.params;
        const ruleId = await findBuiltinRule(ruleName);
        if (ruleId === undefined)
          throw new HttpError(404, `There is no built-in rule called ${JSON.stringify(ruleName.slice(0, 128))}.`);
        await db.transaction().execute(async (transaction) => {
          await setBuiltinState(transaction, [ruleId], enabled);
          const action = `Built-in rule ${enabled ? 'enabled' : 'disabled'}`;
          await audit(request, context, {
            action,
            scope: 'GLOBAL',
            resourceId: 0,
            details: { ruleId },
            db: transaction,
          });
        });
        await context.policies.changed('GLOBAL', 0, `built-in rule ${ruleId} ${enabled ? 'enabled' : 'disabled'}`);
        return reply.code(204).send(null);
      },
    });
  }
};

/** Runs a change of one custom rule with its entry in the audit log, then brings it to the hooks. No row: nothing was changed. */
async function changeRule(
  request: FastifyRequest,
  context: ServerContext,
  done: string,
  work: (transaction: Db) => Promise<CustomRuleRow | undefined>,
): Promise<CustomRuleRow | undefined> {
  const row = await context.store.db.transaction().execute(async (db) => {
    const changed = await work(db);
    if (changed === undefined) return undefined;
    const details = {
      id: changed.id,
      name: changed.name,
      enabled: changed.enabled === 1,
      blocking: changed.blocking === 1,
    };
    await audit(request, context, { action: `Custom rule ${done}`, scope: 'GLOBAL', resourceId: 0, details, db });
    return changed;
  });
  if (row !== undefined) await context.policies.changed('GLOBAL', 0, `custom rule ${done}`);
  return row;
}
