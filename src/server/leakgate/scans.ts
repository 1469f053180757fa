/** The queue of scans as one sees it: what waits, runs and ran, and how far it is. */
import type { FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { SCAN_STATES, type ScanRow } from '../../store/schema.ts';
import { browseScans } from '../../store/browse-scans.ts';
import { findScanByKey } from '../../store/scans.ts';
import { auditOf } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import { pageOf, pageRequest } from '../paging.ts';
import type { Routes, ServerContext } from '../server-context.ts';
import { placesOf, RestPlace, type Place } from './finding-shape.ts';
import { CURSOR_QUERY, LEVELS, LOOKS_AFTER, pageByRow, PLACE_QUERY, repositoryIdsOf, type Level } from './levels.ts';
import { orNull } from '../or-null.ts';

export const RestScan = Type.Object({
  scanKey: Type.String(),
  repository: RestPlace,
  ref: Type.String(),
  state: Type.String({ enum: SCAN_STATES }),
  progress: Type.Integer({ description: '0 to 100.' }),
  objects: Type.Integer(),
  bytes: Type.Integer(),
  trigger: Type.String(),
  requestedBy: Type.String(),
  priority: Type.Integer(),
  full: Type.Boolean(),
  attempt: Type.Integer(),
  commitId: orNull(Type.String()),
  outcome: orNull(Type.String()),
  reason: orNull(Type.String()),
  skipped: orNull(Type.Literal('exempt'), {
    description: 'Why nothing scans this repository unasked.',
  }),
  queued: Type.Integer(),
  started: orNull(Type.Integer()),
  ended: orNull(Type.Integer()),
});
const Statistics = Type.Object({
  queued: Type.Integer(),
  running: Type.Integer(),
  oldestQueued: orNull(Type.Integer()),
  skipped: Type.Integer({ description: 'Repositories that nothing scans unasked, as they are exempt.' }),
});
const TAGS = ['scans'];

export const addScanRoutes: Routes = (app, context) => {
  const { store, queue } = context;

  app.get(
    '/scans/statistics',
    {
      config: { access: 'ADMIN' },
      schema: { summary: 'How long the queue is', tags: TAGS, response: { 200: Statistics } },
    },
    async () => {
      const { queued, running, oldestQueued = null } = await queue.stats();
      const exempt = await store.db
        .selectFrom('exemptions')
        .select(({ fn }) => fn.countAll().as('count'))
        .executeTakeFirstOrThrow();
      return { queued, running, oldestQueued, skipped: Number(exempt.count) };
    },
  );

  for (const level of LEVELS) {
    const config = { access: LOOKS_AFTER[level.scope] };
    const params = Type.Object({ ...level.params.properties, scanKey: Type.String({ minLength: 1, maxLength: 100 }) });
    app.get(
      `${level.path}/scans`,
      {
        config,
        schema: {
          summary: 'Scans, latest first',
          tags: TAGS,
          params: level.params,
          querystring: Type.Object({
            ...CURSOR_QUERY,
            ...PLACE_QUERY,
            ref: Type.Optional(Type.String({ maxLength: 1024 })),
            state: Type.Optional(Type.Array(Type.Union(SCAN_STATES.map((state) => Type.Literal(state))))),
            trigger: Type.Optional(Type.String({ maxLength: 40 })),
          }),
          response: { 200: pageOf(RestScan) },
        },
      },
      async (request) => {
        const { ref, state, trigger } = request.query;
        const repositoryIds = await repositoryIdsOf(level, request, context);
        const page = pageRequest(request.query);
        const rows = await browseScans(
          store.db,
          {
            ...(repositoryIds === undefined ? {} : { repositoryIds }),
            ...(ref === undefined ? {} : { ref }),
            ...(state === undefined ? {} : { states: state }),
            ...(trigger === undefined ? {} : { trigger }),
          },
          { before: page.start, limit: page.limit + 1 },
        );
        const places = await placesOf(
          store.db,
          rows.map(({ repositoryId }) => repositoryId),
        );
        return pageByRow(page, rows, {
          idOf: ({ id }) => id,
          toValue: (row) => toRestScan(row, places.get(row.repositoryId) as Place),
        });
      },
    );
    app.get(
      `${level.path}/scans/:scanKey`,
      { config, schema: { summary: 'A scan', tags: TAGS, params, response: { 200: RestScan } } },
      async (request) => {
        const { scanKey } = request.params as { readonly scanKey: string };
        const { row, place } = await scanAt(level, request, context, scanKey);
        return toRestScan(row, place);
      },
    );
    app.post(
      `${level.path}/scans/:scanKey/cancel`,
      {
        config,
        schema: {
          summary: 'Cancel a scan that waits or runs',
          tags: TAGS,
          params,
          response: { 204: Type.Null({ description: 'It is cancelled.' }) },
        },
      },
      async (request, reply) => {
        const { scanKey } = request.params as { readonly scanKey: string };
        const { row } = await scanAt(level, request, context, scanKey);
        const outcome = await queue.cancel(row.id);
        if (outcome === 'finished') throw new HttpError(409, 'The scan has come to an end already.');
        if (outcome === 'unknown') throw notHere(scanKey);
        await auditOf(request, context, {
          category: 'Leakgate',
          action: 'Scan cancelled',
          scope: 'REPOSITORY',
          resourceId: row.repositoryId,
          details: { scanKey, branch: row.ref },
        });
        return reply.code(204).send(null);
      },
    );
  }
};

/** A scan of the place of the request. */
async function scanAt(
  level: Level,
  { project, repository }: Pick<FastifyRequest, 'project' | 'repository'>,
  context: ServerContext,
  key: string,
): Promise<{ readonly row: ScanRow; readonly place: Place }> {
  const row = await findScanByKey(context.store.db, key);
  const ids = await repositoryIdsOf(level, { project, repository, query: {} }, context);
  if (row === undefined || (ids !== undefined && !ids.includes(row.repositoryId))) throw notHere(key);
  const places = await placesOf(context.store.db, [row.repositoryId]);
  return { row, place: places.get(row.repositoryId) as Place };
}

function notHere(key: string): HttpError {
  return new HttpError(404, `There is no scan ${JSON.stringify(key)} here.`);
}

/** A scan without what only the server uses. */
export function toRestScan(row: ScanRow, repository: Place): Static<typeof RestScan> {
  const { key, ref, state, progress, objects, bytes, trigger, requestedBy, priority, attempt } = row;
  const { commitId, outcome, reason, queued, started, ended } = row;
  return {
    scanKey: key,
    repository,
    ref,
    state,
    progress,
    objects,
    bytes,
    trigger,
    requestedBy,
    priority,
    full: row.full === 1,
    attempt,
    commitId,
    outcome,
    reason,
    skipped: repository.exempt ? 'exempt' : null,
    queued,
    started,
    ended,
  };
}
