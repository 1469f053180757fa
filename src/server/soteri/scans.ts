/** Scans of a branch in Soteri's interface: ask for one, poll it with its results, cancel it; and the names of the rules it goes by. */
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { toVendorName } from '../../policy/vendor-names.ts';
import { listCustomRules } from '../../store/custom-rules.ts';
import { streamFindings } from '../../store/findings.ts';
import { findScanByKey, latestScan } from '../../store/scans.ts';
import { actorOf } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import type { Routes, ServerContext } from '../server-context.ts';
import { reading } from '../unreadable-repository.ts';
import { audit } from './audit.ts';
import { BRANCH_QUERY, findScanBranch, REPOSITORY_PARAMS } from './branch.ts';
import { branchFindings, FINDING_QUERY, ofRule } from './finding-filter.ts';
import { builtinRuleIds, ruleNamer } from './rule-names.ts';
import { printResults } from './scan-results.ts';
import { ScanObject, toScanObject } from './scan-shape.ts';
import { createSeenResults } from './seen-results.ts';

const PATH = '/scan/:projectKey/repos/:repositorySlug';
const TAGS = ['scans'];
const config = { access: 'REPO_WRITE' } as const;

export const addScanRoutes: Routes = (app, context) => {
  const { store, queue } = context;
  const seen = createSeenResults(context.now);

  app.post(
    PATH,
    {
      config,
      schema: {
        summary: 'Scan a branch, unless its results are up to date',
        tags: TAGS,
        params: REPOSITORY_PARAMS,
        querystring: Type.Object(BRANCH_QUERY),
        response: { 200: ScanObject },
      },
    },
    async (request) => {
      const { repository } = request;
      const { ref } = await findScanBranch(request, context, request.query.branch);
      const { scan, created } = await reading(request, () =>
        queue.schedule({ repositoryId: repository.id, ref, trigger: 'request', requestedBy: actorOf(request) }),
      );
      const branch = await findScanBranch(request, context, ref);
      if (scan === undefined)
        return { ...withoutKey(toScanObject(branch, undefined)), scheduled: false, progress: 100 };
      if (created) {
        const details = { branch: ref, scanKey: scan.key };
        await audit(request, context, {
          action: 'Branch scan requested',
          scope: 'REPOSITORY',
          resourceId: repository.id,
          details,
        });
      }
      // An active scan is one, even when it has begun to run since.
      return { ...toScanObject(branch, scan), scheduled: true };
    },
  );

  app.get(
    PATH,
    {
      config,
      schema: {
        summary: 'State and results of a branch',
        description:
          'Texts of findings are in clear; that they were read is written into the audit log, once for all polls of the same results.',
        tags: TAGS,
        params: REPOSITORY_PARAMS,
        querystring: Type.Object({
          ...BRANCH_QUERY,
          ...FINDING_QUERY,
          rule: Type.Optional(Type.String({ description: 'Findings of this rule only.' })),
        }),
        response: { 200: ScanObject },
      },
    },
    async (request, reply) => {
      const { query, repository } = request;
      const branch = await findScanBranch(request, context, query.branch);
      const all = branchFindings(context, branch, query);
      const filter = await reading(request, () => ofRule(context, all, 'rule', query.rule));
      const state = toScanObject(branch, await latestScan(store.db, repository.id, branch.ref));
      if (!state.scanned) return state;
      const viewed = [actorOf(request), request.ip, repository.id, branch.ref, branch.scanId];
      const text = printResults(context.keys, state, streamFindings(store.db, filter), async () => {
        if (seen.isNew(viewed)) await noteView(request, context, branch.ref);
      });
      // A stream is sent as it is: what it prints has the form of the schema.
      return reply.type('application/json; charset=utf-8').send(Readable.from(text) as never);
    },
  );

  app.delete(
    PATH,
    {
      config,
      schema: {
        summary: 'Cancel a scan that waits or runs',
        tags: TAGS,
        params: REPOSITORY_PARAMS,
        querystring: Type.Object({ scanKey: Type.String({ minLength: 1 }) }),
        response: { 204: Type.Null({ description: 'It is cancelled.' }) },
      },
    },
    async (request, reply) => {
      const { scanKey } = request.query;
      const scan = await findScanByKey(store.db, scanKey);
      const done = scan?.repositoryId === request.repository.id ? await queue.cancel(scan.id) : 'unknown';
      if (scan === undefined || done === 'unknown')
        throw new HttpError(404, 'There is no scan of this key in this repository.', { context: 'scanKey' });
      if (done === 'finished') throw new HttpError(409, 'The scan has ended already.', { context: 'scanKey' });
      const details = { branch: scan.ref, scanKey };
      await audit(request, context, {
        action: 'Branch scan cancelled',
        scope: 'REPOSITORY',
        resourceId: request.repository.id,
        details,
      });
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/scan/:projectKey/rule_types/:repositorySlug',
    {
      config,
      schema: {
        summary: 'Names of all rules of a repository, those that are off too',
        tags: TAGS,
        params: REPOSITORY_PARAMS,
        querystring: Type.Object(BRANCH_QUERY),
        response: { 200: Type.Array(Type.String()) },
      },
    },
    async (request) => {
      if (request.query.branch !== undefined) await findScanBranch(request, context, request.query.branch);
      const nameOf = await ruleNamer();
      const { policy } = await reading(request, () => context.policies.policyOf(request.repository.id));
      const builtin = (await builtinRuleIds()).map(toVendorName);
      const custom = (await listCustomRules(store.db)).map(({ name }) => name);
      const others = policy.rules.map(({ id, name }) => nameOf({ ruleId: id, ruleName: name }));
      return [...new Set([...builtin, ...custom, ...others])];
    },
  );
};

function withoutKey(state: Static<typeof ScanObject>): Static<typeof ScanObject> {
  const { scanKey: _, ...rest } = state;
  return rest;
}

async function noteView(request: FastifyRequest, context: ServerContext, branch: string): Promise<void> {
  await audit(request, context, {
    action: 'Scan results viewed',
    scope: 'REPOSITORY',
    resourceId: request.repository.id,
    details: { branch },
  });
}
