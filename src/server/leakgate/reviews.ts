/**
 * Reviews: what a person decided about a finding, in one repository, a project or everywhere, with a reason and perhaps an end. In force for the next
 * push when it is answered.
 */
import type { FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { RESOLUTIONS } from '../../model/review.ts';
import { recountVulnerabilities } from '../../store/recount.ts';
import { checkReview, toInstant } from '../../store/review-syntax.ts';
import { deleteReview, findReview, listReviews, putReview, type ReviewRow } from '../../store/reviews.ts';
import { actorOf, auditOf } from '../actor.ts';
import { HttpError, HttpErrors } from '../http-error.ts';
import { pageOf, pageRequest } from '../paging.ts';
import type { Routes, ServerContext } from '../server-context.ts';
import { findingAt } from './findings.ts';
import { CURSOR_QUERY, LEVELS, pageByRow, scopeOf, type AccessByLevel, type Level, type Scope } from './levels.ts';
import { orNull } from '../or-null.ts';

/** As in Soteri's interface: who may write to a repository may review there. */
const REVIEWS: AccessByLevel = { GLOBAL: 'APP_ACCESS', PROJECT: 'PROJECT_ADMIN', REPOSITORY: 'REPO_WRITE' };

const RestReview = Type.Object({
  id: Type.Integer(),
  scope: Type.Object({ type: Type.String(), resourceId: Type.Integer() }),
  fingerprint: Type.String(),
  ruleId: Type.String({ description: '`*`: of the secret whatever the rule.' }),
  resolution: Type.String(),
  reason: Type.String(),
  reviewer: Type.String(),
  created: Type.Integer(),
  expires: orNull(Type.Integer()),
});
const NewReview = Type.Object({
  findingId: Type.Optional(Type.Integer({ minimum: 1, description: 'Instead of fingerprint and ruleId.' })),
  fingerprint: Type.Optional(Type.String()),
  ruleId: Type.Optional(Type.String()),
  resolution: Type.Union(RESOLUTIONS.map((resolution) => Type.Literal(resolution))),
  reason: Type.String({ minLength: 1, maxLength: 2000 }),
  expires: Type.Optional(
    orNull(Type.String({ maxLength: 40, description: 'ISO 8601; a date means the end of that day, UTC.' })),
  ),
});
const Done = Type.Null({ description: 'Done.' });
const TAGS = ['reviews'];

export const addReviewRoutes: Routes = (app, context) => {
  const { db } = context.store;
  for (const level of LEVELS) {
    const config = { access: REVIEWS[level.scope] };
    app.get(
      `${level.path}/reviews`,
      {
        config,
        schema: {
          summary: 'Reviews made at this level',
          tags: TAGS,
          params: level.params,
          querystring: Type.Object({
            ...CURSOR_QUERY,
            fingerprint: Type.Optional(Type.String({ maxLength: 100 })),
            ruleId: Type.Optional(Type.String({ maxLength: 255 })),
            valid: Type.Optional(Type.Boolean({ description: 'Only those that have not expired.' })),
          }),
          response: { 200: pageOf(RestReview) },
        },
      },
      async (request) => {
        const { fingerprint, ruleId, valid } = request.query;
        const page = pageRequest(request.query);
        const filter = {
          ...scopeOf(level, request),
          ...(fingerprint === undefined ? {} : { fingerprint }),
          ...(ruleId === undefined ? {} : { ruleId }),
          ...(valid === true ? { validAt: context.now() } : {}),
        };
        const rows = await listReviews(db, filter, { after: page.start, limit: page.limit + 1 });
        return pageByRow(page, rows, { idOf: ({ id }) => id, toValue: toRestReview });
      },
    );
    app.post(
      `${level.path}/reviews`,
      {
        config,
        schema: {
          summary: 'Review a finding; a second review of it at this level replaces the first',
          tags: TAGS,
          params: level.params,
          body: NewReview,
          response: { 200: RestReview },
        },
      },
      async (request) => toRestReview(await addReview(level, request, context)),
    );
    app.get(
      `${level.path}/reviews/:reviewId`,
      {
        config,
        schema: { summary: 'A review', tags: TAGS, params: withReviewId(level), response: { 200: RestReview } },
      },
      async (request) => {
        const { reviewId } = request.params as { readonly reviewId: number };
        const row = await findReview(db, scopeOf(level, request), reviewId);
        if (row === undefined) throw new HttpError(404, `There is no review ${reviewId} here.`);
        return toRestReview(row);
      },
    );
    app.delete(
      `${level.path}/reviews/:reviewId`,
      {
        config,
        schema: { summary: 'Take a review back', tags: TAGS, params: withReviewId(level), response: { 204: Done } },
      },
      async (request, reply) => {
        const { reviewId } = request.params as { readonly reviewId: number };
        await removeReview(level, request, context, reviewId);
        return reply.code(204).send(null);
      },
    );
  }
};

function withReviewId(level: Level): ReturnType<typeof Type.Object> {
  return Type.Object({ ...level.params.properties, reviewId: Type.Integer({ minimum: 1 }) });
}

async function addReview(
  level: Level,
  request: FastifyRequest & { readonly body: Static<typeof NewReview> },
  context: ServerContext,
): Promise<ReviewRow> {
  const { body } = request;
  const named = await nameOf(level, request, context);
  const problems: HttpError[] = [];
  const record = checkReview(
    {
      ...named,
      resolution: body.resolution,
      reason: body.reason,
      reviewer: actorOf(request),
      created: new Date(context.now()).toISOString(),
    },
    (key, message) => problems.push(new HttpError(400, `${message}.`, { context: key })),
  );
  const expires = readExpires(body.expires ?? null, context.now(), problems);
  if (record === undefined || problems.length > 0) throw new HttpErrors(400, problems);
  const scope = scopeOf(level, request);
  const { fingerprint, ruleId, resolution, reason, reviewer } = record;
  const row = await context.store.db.transaction().execute(async (db) => {
    const review = await putReview(db, {
      ...scope,
      fingerprint,
      ruleId,
      resolution,
      reason,
      reviewer,
      created: context.now(),
      expires,
    });
    await auditOf(request, context, {
      category: 'Leakgate',
      action: 'Finding reviewed',
      ...scope,
      details: { review: review.id, ruleId, fingerprint, resolution, expires },
      db,
    });
    return review;
  });
  await settle(scope, context, { fingerprint, why: 'review' });
  return row;
}

async function removeReview(level: Level, request: FastifyRequest, context: ServerContext, id: number): Promise<void> {
  const scope = scopeOf(level, request);
  const gone = await context.store.db.transaction().execute(async (db) => {
    const review = await deleteReview(db, scope, id);
    if (review === undefined) return undefined;
    const { ruleId, fingerprint } = review;
    await auditOf(request, context, {
      category: 'Leakgate',
      action: 'Review taken back',
      ...scope,
      details: { review: id, ruleId, fingerprint },
      db,
    });
    return fingerprint;
  });
  if (gone !== undefined) await settle(scope, context, { fingerprint: gone, why: 'review taken back' });
}

/** Counts of branches go by reviews as well as hooks do. */
async function settle(
  { scope, resourceId }: Scope,
  { store, policies, now }: ServerContext,
  { fingerprint, why }: { readonly fingerprint: string; readonly why: string },
): Promise<void> {
  await recountVulnerabilities(store.db, now(), {
    fingerprints: [fingerprint],
    ...(scope === 'REPOSITORY' ? { repositoryId: resourceId } : {}),
    ...(scope === 'PROJECT' ? { projectId: resourceId } : {}),
  });
  await policies.changed(scope, resourceId, why);
}

async function nameOf(
  level: Level,
  request: FastifyRequest & { readonly body: Static<typeof NewReview> },
  context: ServerContext,
): Promise<{ readonly fingerprint: string | undefined; readonly ruleId: string | undefined }> {
  const { findingId, fingerprint, ruleId } = request.body;
  if (findingId === undefined) return { fingerprint, ruleId };
  if (fingerprint !== undefined || ruleId !== undefined)
    throw new HttpError(400, 'Give findingId alone, or fingerprint and ruleId.', { context: 'findingId' });
  const finding = await findingAt(level, request, context, findingId);
  return { fingerprint: finding.fingerprint, ruleId: finding.ruleId };
}

function readExpires(text: string | null, now: number, problems: HttpError[]): number | null {
  if (text === null) return null;
  const instant = toInstant(text);
  const time = instant === undefined ? Number.NaN : Date.parse(instant);
  if (Number.isNaN(time))
    problems.push(
      new HttpError(400, 'expires must be a date (2026-12-31) or a time in UTC (2026-12-31T18:00:00Z).', {
        context: 'expires',
      }),
    );
  else if (time <= now) problems.push(new HttpError(400, 'expires is in the past.', { context: 'expires' }));
  return time;
}

function toRestReview(row: ReviewRow): Static<typeof RestReview> {
  const { id, scope, resourceId, fingerprint, ruleId, resolution, reason, reviewer, created, expires } = row;
  return {
    id,
    scope: { type: scope, resourceId },
    fingerprint,
    ruleId,
    resolution,
    reason,
    reviewer,
    created,
    expires,
  };
}
