/**
 * Reviewed matches in Soteri's interface: texts that no longer count, in one repository or in all, whichever rule finds them. A change is in force for
 * the next push, and in all counts, when it is answered.
 */
import { Type } from 'typebox';
import { clearReviewedMatches, deleteReviewedMatches, findReviewedMatch } from '../../store/reviewed-matches.ts';
import { HttpError } from '../http-error.ts';
import type { Routes } from '../server-context.ts';
import { isTrue } from '../validate-request.ts';
import { REPOSITORY_PARAMS } from './branch.ts';
import { addEntries, changeReviewed, fingerprintOf, scopeOf } from './reviewed-changes.ts';
import { entryProblem, type ReviewedEntry } from './reviewed-csv.ts';

const REPOSITORY_PATH = '/review-lines/projects/:projectKey/repos/:repositorySlug';
const TAGS = ['reviewed findings'];
const Done = Type.Null({ description: 'Done.' });
const ConfirmQuery = Type.Object({ confirm: Type.Optional(Type.String({ description: 'Must be `true`.' })) });
const Reviewed = Type.Object({
  id: Type.Integer(),
  ruleName: Type.String(),
  reviewer: Type.String(),
  createdDate: Type.Integer(),
  scope: Type.Object({ type: Type.String(), resourceId: Type.Integer() }),
});

export const addReviewedRoutes: Routes = (app, context) => {
  const repositoryConfig = { access: 'REPO_WRITE' } as const;
  const globalConfig = { access: 'APP_ACCESS' } as const;
  const { db } = context.store;

  app.post(
    `${REPOSITORY_PATH}/create`,
    {
      config: repositoryConfig,
      schema: {
        summary: 'Review a text in a repository',
        tags: TAGS,
        params: REPOSITORY_PARAMS,
        body: Type.Object({
          matchText: Type.String({ description: 'The finding, not its line.' }),
          ruleName: Type.String({ description: 'Kept and shown; the review holds for every rule.' }),
        }),
        response: { 200: Reviewed },
      },
    },
    async (request) => {
      const scope = scopeOf(request);
      const entry = checkEntry({ matchText: request.body.matchText, ruleName: request.body.ruleName.trim() });
      await changeReviewed(request, context, scope, 'marked as reviewed', (transaction) =>
        addEntries(request, context, transaction, scope, [entry]),
      );
      const row = await findReviewedMatch(db, scope, fingerprintOf(context, entry));
      if (row === undefined) throw new HttpError(409, 'The review was deleted again by another request.');
      const { id, ruleName, reviewer, created } = row;
      return {
        id,
        ruleName,
        reviewer,
        createdDate: created,
        scope: { type: scope.scope, resourceId: scope.resourceId },
      };
    },
  );

  app.post(
    `${REPOSITORY_PATH}/delete`,
    {
      config: repositoryConfig,
      schema: {
        summary: 'End the review of a text in a repository',
        tags: TAGS,
        params: REPOSITORY_PARAMS,
        body: Type.Object({ matchText: Type.String() }),
        response: { 204: Done },
      },
    },
    async (request, reply) => {
      const fingerprints = [fingerprintOf(context, request.body)];
      await changeReviewed(request, context, scopeOf(request), 'unmarked as reviewed', async (transaction) => ({
        count: await deleteReviewedMatches(transaction, scopeOf(request), fingerprints),
        fingerprints,
      }));
      return reply.code(204).send(null);
    },
  );

  for (const [path, config, params] of [
    [`${REPOSITORY_PATH}/delete`, repositoryConfig, REPOSITORY_PARAMS],
    ['/global-reviewed', globalConfig, Type.Object({})],
  ] as const) {
    app.delete(
      path,
      {
        config,
        schema: {
          summary: 'End all reviews of texts here',
          tags: TAGS,
          params,
          querystring: ConfirmQuery,
          response: { 204: Done },
        },
      },
      async (request, reply) => {
        if (!isTrue(request.query.confirm))
          throw new HttpError(400, 'confirm must be true: all reviewed texts here are about to be deleted.', {
            context: 'confirm',
          });
        const scope = scopeOf(request);
        await changeReviewed(request, context, scope, 'all unmarked as reviewed', async (transaction) => ({
          count: await clearReviewedMatches(transaction, scope),
        }));
        return reply.code(204).send(null);
      },
    );
  }
};

function checkEntry(entry: ReviewedEntry): ReviewedEntry {
  const problem = entryProblem(entry, true);
  if (problem === undefined) return entry;
  throw new HttpError(400, `The entry ${problem}.`, {
    context: problem.includes('ruleName') ? 'ruleName' : 'matchText',
  });
}
