/** Findings: of everything, a project or a repository, filtered, a page at a time; and one by its id, in clear where that may be. */
import type { FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { SEVERITIES } from '../../model/rule.ts';
import { FINDING_TEXT } from '../../queue/seal-finding.ts';
import { browseFindings, BROWSE_STATES, type BrowseFilter } from '../../store/browse-findings.ts';
import { findFinding, type ListedFinding } from '../../store/findings.ts';
import { findRepositoryById } from '../../store/repositories.ts';
import { auditOf } from '../actor.ts';
import { notPermitted } from '../authorize.ts';
import { HttpError } from '../http-error.ts';
import { pageOf, pageRequest } from '../paging.ts';
import type { Routes, ServerContext } from '../server-context.ts';
import { placesOf, RestFinding, toRestFinding, type Place } from './finding-shape.ts';
import {
  CURSOR_QUERY,
  cursorPage,
  LEVELS,
  LOOKS_AFTER,
  PLACE_QUERY,
  readTimes,
  repositoryIdsOf,
  scopeOf,
  TIME_QUERY,
  type Level,
} from './levels.ts';

/** What findings can be filtered by. */
export const FINDINGS_QUERY = {
  ...PLACE_QUERY,
  ref: Type.Optional(Type.String({ maxLength: 1024, description: 'Full name of a branch: `refs/heads/main`.' })),
  ruleId: Type.Optional(Type.String({ maxLength: 255 })),
  severity: Type.Optional(Type.Union(SEVERITIES.map((severity) => Type.Literal(severity)))),
  state: Type.Optional(Type.Union(BROWSE_STATES.map((state) => Type.Literal(state)))),
  path: Type.Optional(
    Type.String({ minLength: 1, maxLength: 4096, description: 'A file; with `/` at the end, all below a folder.' }),
  ),
  fingerprint: Type.Optional(Type.String({ pattern: '^lgf1:[0-9a-f]{32}$' })),
  ...TIME_QUERY,
};
const Query = Type.Object({ ...CURSOR_QUERY, ...FINDINGS_QUERY });
const FilterQuery = Type.Object(FINDINGS_QUERY);

const FindingInFull = Type.Object({
  ...RestFinding.properties,
  text: Type.Optional(Type.String({ description: 'The line, in clear.' })),
  textStart: Type.Optional(Type.Integer({ description: 'Where the secret begins in it, in UTF-16 units.' })),
  textEnd: Type.Optional(Type.Integer()),
  truncated: Type.Optional(Type.Boolean({ description: 'The text is the secret alone, or a part of it.' })),
});
const TAGS = ['findings'];

export const addFindingRoutes: Routes = (app, context) => {
  const { db } = context.store;
  for (const level of LEVELS) {
    app.get(
      `${level.path}/findings`,
      {
        config: { access: LOOKS_AFTER[level.scope] },
        schema: {
          summary: 'Findings, in the order in which they were first found',
          description:
            'A page may hold fewer than asked for and not be the last: go on until there is no nextPageStart.',
          tags: TAGS,
          params: level.params,
          querystring: Query,
          response: { 200: pageOf(RestFinding) },
        },
      },
      async (request) => {
        const { start, limit } = pageRequest(request.query);
        const filter = await findingFilter(level, request, context);
        const { findings, next } = await browseFindings(db, filter, { after: start, limit });
        const places = await placesOf(
          db,
          findings.map(({ repositoryId }) => repositoryId),
        );
        const values = findings.map((row) => toRestFinding(row, places.get(row.repositoryId) as Place));
        return cursorPage({ start, limit }, values, next);
      },
    );
    app.get(
      `${level.path}/findings/:findingId`,
      {
        config: { access: LOOKS_AFTER[level.scope] },
        schema: {
          summary: 'A finding',
          description:
            '`reveal=true` shows its line in clear, to admins of the repository; that is written into the audit log.',
          tags: TAGS,
          params: Type.Object({ ...level.params.properties, findingId: Type.Integer({ minimum: 1 }) }),
          querystring: Type.Object({ reveal: Type.Optional(Type.Boolean()) }),
          response: { 200: FindingInFull },
        },
      },
      async (request) => {
        const { findingId } = request.params as { readonly findingId: number };
        const row = await findingAt(level, request, context, findingId);
        const places = await placesOf(db, [row.repositoryId]);
        const finding = toRestFinding(row, places.get(row.repositoryId) as Place);
        if (request.query.reveal !== true) return finding;
        return { ...finding, ...(await reveal(request, context, row)) };
      },
    );
  }
};

/** The filter that a request asks for. */
export async function findingFilter(
  level: Level,
  request: Pick<FastifyRequest, 'project' | 'repository'> & { readonly query: Static<typeof FilterQuery> },
  context: ServerContext,
): Promise<BrowseFilter> {
  const { ref, ruleId, severity, state, path, fingerprint } = request.query;
  const repositoryIds = await repositoryIdsOf(level, request, context);
  return {
    now: context.now(),
    ...(repositoryIds === undefined ? {} : { repositoryIds }),
    ...(ref === undefined ? {} : { ref }),
    ...(ruleId === undefined ? {} : { ruleId }),
    ...(severity === undefined ? {} : { severity }),
    ...(state === undefined ? {} : { state }),
    ...(path === undefined ? {} : { path }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...readTimes(request.query),
  };
}

/** A finding of the place of the request. One of another place is not there. */
export async function findingAt(
  level: Level,
  request: Pick<FastifyRequest, 'project' | 'repository'>,
  { store: { db }, now }: ServerContext,
  id: number,
): Promise<ListedFinding> {
  const row = await findFinding(db, id, now());
  const repository = row === undefined ? undefined : await findRepositoryById(db, row.repositoryId);
  const { scope, resourceId } = scopeOf(level, request);
  const isHere = scope === 'GLOBAL' || (scope === 'PROJECT' ? repository?.projectId : repository?.id) === resourceId;
  if (row === undefined || repository === undefined || !isHere)
    throw new HttpError(404, `There is no finding ${id} here.`);
  return row;
}

async function reveal(
  request: FastifyRequest,
  context: ServerContext,
  row: ListedFinding,
): Promise<Pick<Static<typeof FindingInFull>, 'text' | 'textStart' | 'textEnd' | 'truncated'>> {
  const repository = await findRepositoryById(context.store.db, row.repositoryId);
  if (repository === undefined || request.rights.repository(repository) < 3) throw notPermitted(request);
  // On record before it is seen.
  await auditOf(request, context, {
    category: 'Leakgate',
    action: 'Finding revealed',
    scope: 'REPOSITORY',
    resourceId: repository.id,
    details: { finding: row.id, ruleId: row.ruleId, fingerprint: row.fingerprint, path: row.path },
  });
  const { textStart, textEnd } = row;
  return { text: context.keys.open(row.textSealed, FINDING_TEXT), textStart, textEnd, truncated: row.truncated === 1 };
}
