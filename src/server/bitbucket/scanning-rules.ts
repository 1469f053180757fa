/**
 * Bitbucket's `/secret-scanning/rules` of all three scopes, and `/secret-scanning/allowlist` of projects and repositories: five methods, once.
 * A rule is found at the address of its own scope only.
 */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { inTransaction } from '../../store/in-transaction.ts';
import {
  countScanningRules,
  createScanningRule,
  deleteScanningRule,
  findScanningRule,
  listScanningRules,
  updateScanningRule,
} from '../../store/scanning-rules.ts';
import type { ScanningTable } from '../../store/scanning-rules.ts';
import type { ScanningRuleRow } from '../../store/schema.ts';
import { auditOf } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import { pageOf, pageRequest, PAGE_QUERY, toPage } from '../paging.ts';
import type { App, Routes, ServerContext } from '../server-context.ts';
import { withinPatternBudget } from '../pattern-budget.ts';
import { readScanningRule, RestScanningRule, ScanningRuleBody, toRestScanningRule } from './scanning-rule-body.ts';
import { readId, scopeOf, SCANNING_SCOPES, SCOPE_PARAMS } from './scanning-scopes.ts';
import type { ScanningScope } from './scanning-scopes.ts';

interface Kind {
  readonly segment: string;
  readonly table: ScanningTable;
  /** As the audit log and messages write it. */
  readonly noun: string;
}

const RULES: Kind = { segment: 'rules', table: 'scanningRules', noun: 'secret scanning rule' };
const ALLOWLIST: Kind = { segment: 'allowlist', table: 'scanningAllowlists', noun: 'secret scanning allowlist rule' };

/** Of one kind in one scope. */
export const MAX_RULES = 500;

const ListQuery = Type.Object({
  filter: Type.Optional(Type.String({ description: 'Part of the name, capital or small.' })),
  order: Type.Optional(Type.Union([Type.Literal('NAME_ASC'), Type.Literal('NAME_DESC')], { default: 'NAME_ASC' })),
  ...PAGE_QUERY,
});

/** All 25 of them. There is no allowlist for everybody: Bitbucket has none. */
export const addScanningRuleRoutes: Routes = (app, context) => {
  for (const scope of SCANNING_SCOPES) {
    addRoutesOf(RULES, scope, app, context);
    if (scope.type !== 'GLOBAL') addRoutesOf(ALLOWLIST, scope, app, context);
  }
};

function addRoutesOf(kind: Kind, scope: ScanningScope, app: App, context: ServerContext): void {
  const { db } = context.store;
  const { table, noun } = kind;
  const path = `${scope.path}/secret-scanning/${kind.segment}`;
  const config = { access: scope.access };
  const described = (summary: string) => ({
    summary: `${summary} (${scope.title.toLowerCase()})`,
    tags: ['Secret scanning'],
  });
  const params = Type.Object(SCOPE_PARAMS[scope.type]);
  const itemParams = Type.Object({ ...SCOPE_PARAMS[scope.type], id: Type.String({ description: 'Id of the rule.' }) });

  const change = changeOf(kind, scope, context);

  app.get(
    path,
    {
      config,
      schema: {
        ...described(`Lists ${noun}s`),
        params,
        querystring: ListQuery,
        response: { 200: pageOf(RestScanningRule) },
      },
    },
    async (request) => {
      const { filter = '', order } = request.query;
      const page = pageRequest(request.query);
      const rows = await listScanningRules(
        db,
        table,
        scopeOf(scope, request),
        { name: filter, descending: order === 'NAME_DESC' },
        page,
      );
      return toPage(page, rows.map(toRestScanningRule));
    },
  );

  app.post(
    path,
    {
      config,
      schema: { ...described(`Adds a ${noun}`), params, body: ScanningRuleBody, response: { 200: RestScanningRule } },
    },
    async (request) => {
      const content = withinPatternBudget(request, context, () => readScanningRule(request.body));
      const added = await change(request, 'added', async (transaction) => {
        const where = scopeOf(scope, request);
        if ((await countScanningRules(transaction, table, where)) >= MAX_RULES)
          throw new HttpError(400, `There are ${MAX_RULES} ${noun}s here already, which is the most there can be.`);
        return createScanningRule(transaction, table, where, content, context.now());
      });
      return toRestScanningRule(added as ScanningRuleRow);
    },
  );

  app.get(
    `${path}/:id`,
    { config, schema: { ...described(`Shows a ${noun}`), params: itemParams, response: { 200: RestScanningRule } } },
    async (request) => {
      const id = readId(request.params.id);
      const row = id === undefined ? undefined : await findScanningRule(db, table, scopeOf(scope, request), id);
      if (row === undefined) throw unknown(noun, request.params.id);
      return toRestScanningRule(row);
    },
  );

  app.put(
    `${path}/:id`,
    {
      config,
      schema: {
        ...described(`Changes a ${noun}`),
        params: itemParams,
        body: ScanningRuleBody,
        response: { 200: RestScanningRule },
      },
    },
    async (request) => {
      const id = readId(request.params.id);
      const changed = await change(request, 'changed', async (transaction) => {
        const before =
          id === undefined ? undefined : await findScanningRule(transaction, table, scopeOf(scope, request), id);
        if (before === undefined) throw unknown(noun, request.params.id);
        return updateScanningRule(
          transaction,
          table,
          before.id,
          withinPatternBudget(request, context, () => readScanningRule(request.body, before)),
          context.now(),
        );
      });
      if (changed === undefined) throw unknown(noun, request.params.id);
      return toRestScanningRule(changed);
    },
  );

  app.delete(
    `${path}/:id`,
    { config, schema: { ...described(`Deletes a ${noun}`), params: itemParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      const id = readId(request.params.id);
      // Deleting what is not there is done already.
      if (id !== undefined)
        await change(request, 'deleted', (transaction) =>
          deleteScanningRule(transaction, table, scopeOf(scope, request), id),
        );
      return reply.code(204).send(null);
    },
  );
}

type Work = (transaction: Parameters<Parameters<typeof inTransaction>[1]>[0]) => Promise<ScanningRuleRow | undefined>;

/** Runs a change with its entry of the audit log, and brings it to the hooks. Nothing changed: nothing is written or brought. */
function changeOf({ noun }: Kind, scope: ScanningScope, context: ServerContext) {
  return async (
    request: FastifyRequest,
    verb: 'added' | 'changed' | 'deleted',
    work: Work,
  ): Promise<ScanningRuleRow | undefined> => {
    const where = scopeOf(scope, request);
    const action = `${scope.title} ${noun} ${verb}`;
    const row = await inTransaction(context.store.db, async (transaction) => {
      const touched = await work(transaction);
      if (touched === undefined) return undefined;
      const details = { id: touched.id, name: touched.name };
      await auditOf(request, context, { category: scope.category, action, ...where, details, db: transaction });
      return touched;
    });
    if (row !== undefined) await context.policies.changed(where.scope, where.resourceId, action);
    return row;
  };
}

function unknown(noun: string, id: string): HttpError {
  return new HttpError(404, `There is no ${noun} ${readId(id) ?? 'of that id'} here.`);
}
