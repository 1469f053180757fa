/** What hooks decided on pushes; and in numbers, what would have been refused where they only warn. */
import { Type, type Static } from 'typebox';
import { countPushes, listPushes, pushesWithFindings, type PushFilter, type PushRow } from '../../store/pushes.ts';
import { pageOf, pageRequest } from '../paging.ts';
import type { Routes } from '../server-context.ts';
import { placesOf, RestPlace, type Place } from './finding-shape.ts';
import {
  ADMINISTERS,
  CURSOR_QUERY,
  LEVELS,
  pageByRow,
  PLACE_QUERY,
  readTimes,
  repositoryIdsOf,
  TIME_QUERY,
} from './levels.ts';

const RestPush = Type.Object({
  id: Type.Integer(),
  repository: RestPlace,
  time: Type.Integer(),
  decision: Type.String({
    description:
      'As in the log of the hook: accepted, refused, bypass, commit-marks, warned, undecided-accepted, not-scanned.',
  }),
  mode: Type.String(),
  pusher: Type.String(),
  findings: Type.Integer(),
  blockingFindings: Type.Integer(),
  durationMs: Type.Integer(),
  details: Type.Object({}, { additionalProperties: true }),
});
const Statistics = Type.Object({
  pushes: Type.Integer(),
  refused: Type.Integer(),
  wouldHaveBeenRefused: Type.Integer({ description: 'Let through by a hook that only warns.' }),
  decisions: Type.Array(
    Type.Object({
      decision: Type.String(),
      mode: Type.String(),
      pushes: Type.Integer(),
      findings: Type.Integer(),
      blockingFindings: Type.Integer(),
    }),
  ),
  rules: Type.Array(
    Type.Object({
      ruleId: Type.String(),
      decision: Type.String(),
      mode: Type.String(),
      pushes: Type.Integer({ description: 'With a finding of this rule that counts against the push.' }),
      findings: Type.Integer(),
    }),
  ),
  complete: Type.Boolean({ description: 'Whether all pushes were looked at for `rules`; else the oldest were.' }),
});
const FILTER_QUERY = {
  ...PLACE_QUERY,
  ...TIME_QUERY,
  decision: Type.Optional(Type.String({ maxLength: 40 })),
  mode: Type.Optional(Type.String({ maxLength: 40 })),
};
/** For rules each push's details are read. */
const MAX_READ = 50_000;
const TAGS = ['pushes'];

export const addPushRoutes: Routes = (app, context) => {
  const { db } = context.store;
  for (const level of LEVELS) {
    const config = { access: ADMINISTERS[level.scope] };
    const filterOf = async (
      request: Parameters<typeof repositoryIdsOf>[1] & {
        readonly query: {
          readonly decision?: string;
          readonly mode?: string;
          readonly from?: string;
          readonly to?: string;
        };
      },
    ): Promise<PushFilter> => {
      const { decision, mode } = request.query;
      const repositoryIds = await repositoryIdsOf(level, request, context);
      return {
        ...(repositoryIds === undefined ? {} : { repositoryIds }),
        ...(decision === undefined ? {} : { decision }),
        ...(mode === undefined ? {} : { mode }),
        ...readTimes(request.query),
      };
    };
    app.get(
      `${level.path}/pushes`,
      {
        config,
        schema: {
          summary: 'Pushes, latest taken in first',
          tags: TAGS,
          params: level.params,
          querystring: Type.Object({ ...CURSOR_QUERY, ...FILTER_QUERY }),
          response: { 200: pageOf(RestPush) },
        },
      },
      async (request) => {
        const page = pageRequest(request.query);
        const rows = await listPushes(db, await filterOf(request), { before: page.start, limit: page.limit + 1 });
        const places = await placesOf(
          db,
          rows.map(({ repositoryId }) => repositoryId),
        );
        return pageByRow(page, rows, {
          idOf: ({ id }) => id,
          toValue: (row) => toRestPush(row, places.get(row.repositoryId) as Place),
        });
      },
    );
    app.get(
      `${level.path}/statistics/pushes`,
      {
        config,
        schema: {
          summary: 'Pushes by decision, mode and rule',
          description: 'In mode `warn`, what `warned` counts is what mode `block` would have refused.',
          tags: TAGS,
          params: level.params,
          querystring: Type.Object(FILTER_QUERY),
          response: { 200: Statistics },
        },
      },
      async (request) => {
        const filter = await filterOf(request);
        const decisions = await countPushes(db, filter);
        const sum = (decision?: string): number =>
          decisions
            .filter((row) => decision === undefined || row.decision === decision)
            .reduce((total, row) => total + row.pushes, 0);
        return {
          pushes: sum(),
          refused: sum('refused'),
          wouldHaveBeenRefused: sum('warned'),
          decisions,
          ...(await byRule(pushesWithFindings(db, filter))),
        };
      },
    );
  }
};

type RuleCounts = Static<typeof Statistics>['rules'];

async function byRule(pushes: AsyncIterable<PushRow>): Promise<{ rules: RuleCounts; complete: boolean }> {
  const counts = new Map<string, RuleCounts[number]>();
  let read = 0;
  for await (const { decision, mode, details } of pushes) {
    if (++read > MAX_READ) break;
    const { findings = [] } = JSON.parse(details) as {
      readonly findings?: readonly { readonly ruleId?: unknown; readonly blocking?: unknown }[];
    };
    const seen = new Set<string>();
    for (const { ruleId, blocking } of findings) {
      if (typeof ruleId !== 'string' || blocking !== true) continue;
      const key = JSON.stringify([ruleId, decision, mode]);
      const count = counts.get(key) ?? { ruleId, decision, mode, pushes: 0, findings: 0 };
      count.findings++;
      if (!seen.has(ruleId)) count.pushes++;
      seen.add(ruleId);
      counts.set(key, count);
    }
  }
  const rules = [...counts.values()].sort((a, b) => b.pushes - a.pushes || (a.ruleId < b.ruleId ? -1 : 1));
  return { rules, complete: read <= MAX_READ };
}

function toRestPush(row: PushRow, repository: Place): Static<typeof RestPush> {
  const { id, time, decision, mode, pusher, findings, blockingFindings, durationMs, details } = row;
  return {
    id,
    repository,
    time,
    decision,
    mode,
    pusher,
    findings,
    blockingFindings,
    durationMs,
    details: JSON.parse(details) as Record<string, unknown>,
  };
}
