/** Why something is as it is: which scope, file or entry of this server decided about a finding, a path or a rule. */
import { Type, type Static } from 'typebox';
import { explainFinding, explainPath, explainRule } from '../../policy/explain.ts';
import type { Explanation } from '../../policy/explain.ts';
import type { Finding, FindingKind, Suppression } from '../../model/finding.ts';
import type { Policy } from '../../model/policy.ts';
import type { Confidence, Severity } from '../../model/rule.ts';
import type { ListedFinding } from '../../store/findings.ts';
import { HttpError } from '../http-error.ts';
import type { Routes } from '../server-context.ts';
import { reading } from '../unreadable-repository.ts';
import { findingAt } from './findings.ts';
import { LEVELS, type Level } from './levels.ts';
import { stateOf } from './finding-shape.ts';

const RestExplanation = Type.Object({
  subject: Type.String({ description: 'What was asked about.' }),
  outcome: Type.String({ description: 'The answer in a sentence.' }),
  exempt: Type.Boolean(),
  steps: Type.Array(
    Type.Object({
      kind: Type.String(),
      text: Type.String(),
      origin: Type.Union([
        Type.Object({ scope: Type.String(), file: Type.String(), line: Type.Integer(), column: Type.Integer() }),
        Type.Null(),
      ]),
    }),
    { description: 'What led to it, highest scope first.' },
  ),
});
const TAGS = ['findings'];
const config = { access: 'REPO_WRITE' } as const;

export const addExplainRoutes: Routes = (app, context) => {
  const level = LEVELS.find(({ scope }) => scope === 'REPOSITORY') as Level;

  app.get(
    `${level.path}/findings/:findingId/explain`,
    {
      config,
      schema: {
        summary: 'Why a finding counts or does not, under the policy in force now',
        tags: TAGS,
        params: Type.Object({ ...level.params.properties, findingId: Type.Integer({ minimum: 1 }) }),
        response: { 200: RestExplanation },
      },
    },
    async (request) => {
      const { findingId } = request.params as { readonly findingId: number };
      const row = await findingAt(level, request, context, findingId);
      const { policy, exempt } = await reading(request, () => context.policies.policyOf(request.repository.id));
      return toRest(explainFinding(policy, toFinding(row, policy, context.now()), new Date(context.now())), exempt);
    },
  );

  app.get(
    `${level.path}/explain`,
    {
      config,
      schema: {
        summary: 'What applies to a path, or what was done with a rule',
        tags: TAGS,
        params: level.params,
        querystring: Type.Object({
          path: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
          ruleId: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
        }),
        response: { 200: RestExplanation },
      },
    },
    async (request) => {
      const { path, ruleId } = request.query;
      if ((path === undefined) === (ruleId === undefined))
        throw new HttpError(400, 'Give either path or ruleId.', { context: 'path' });
      const { policy, exempt } = await reading(request, () => context.policies.policyOf(request.repository.id));
      return toRest(path === undefined ? explainRule(policy, ruleId as string) : explainPath(policy, path), exempt);
    },
  );
};

function toRest({ subject, outcome, steps }: Explanation, exempt: boolean): Static<typeof RestExplanation> {
  return {
    subject,
    outcome,
    exempt,
    steps: steps.map(({ kind, text, origin }) => ({ kind, text, origin: origin ?? null })),
  };
}

/** A stored finding in the words of the engine. Its text is not needed to explain it. */
function toFinding(row: ListedFinding, policy: Policy, now: number): Finding {
  const state = stateOf(row);
  const suppression = state === 'reviewed' ? byReview(row, policy, now) : undefined;
  return {
    ruleId: row.ruleId,
    ruleName: row.ruleName,
    kind: row.kind as FindingKind,
    path: row.path,
    line: row.line,
    column: row.column,
    endLine: row.endLine,
    endColumn: row.endColumn,
    secret: row.secret,
    match: row.secret,
    fingerprint: row.fingerprint,
    matchFingerprint: row.matchFingerprint,
    severity: row.severity as Severity,
    confidence: row.confidence as Confidence,
    ...(row.blob === null ? {} : { blob: row.blob }),
    ...(row.commitId === null ? {} : { commit: row.commitId }),
    state: state === 'open' ? 'new' : state,
    blocking: row.blocking === 1,
    occurrences: row.occurrences,
    ...(suppression !== undefined
      ? { suppression }
      : row.suppression === null
        ? {}
        : { suppression: JSON.parse(row.suppression) as Suppression }),
  };
}

/** The review that holds now. */
function byReview(
  { fingerprint, matchFingerprint }: ListedFinding,
  { reviews }: Policy,
  now: number,
): Suppression | undefined {
  const holding = reviews.filter(({ expires }) => expires === undefined || Date.parse(expires) > now);
  const review =
    holding.find((candidate) => candidate.fingerprint === fingerprint) ??
    holding.find((candidate) => candidate.fingerprint === matchFingerprint);
  if (review === undefined) return undefined;
  const { resolution, reason, origin, reviewer } = review;
  return { kind: 'review', reason: `${resolution}: ${reason}`, origin, reviewer };
}
