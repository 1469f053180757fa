/** Scans of everything again: of all repositories, of a project, of a repository; on every branch, with mails at the end to whom the request names. */
import type { FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { LeakgateError } from '../../model/errors.ts';
import { listRepositories, type RepositoryFilter } from '../../store/repositories.ts';
import type { RepositoryRow } from '../../store/schema.ts';
import { actorOf } from '../actor.ts';
import { HttpErrors, HttpError } from '../http-error.ts';
import type { Routes, ServerContext } from '../server-context.ts';
import { audit, type AuditedAction } from './audit.ts';
import { PROJECT_PARAMS, REPOSITORY_PARAMS } from './branch.ts';

const Query = Type.Object({
  email: Type.Optional(
    Type.Array(Type.String({ maxLength: 254 }), {
      maxItems: 50,
      description: 'Whom to write to at the end; may be given again.',
    }),
  ),
});
const Answer = Type.Object({
  scheduled: Type.Integer({ description: 'Branches that wait for their scan, or are being scanned.' }),
  repositories: Type.Integer({ description: 'Repositories they are of.' }),
  unreadable: Type.Array(Type.Object({ projectId: Type.Integer(), slug: Type.String() }), {
    description: 'Repositories that could not be read; the log says why.',
  }),
});
const TAGS = ['scans'];
/** Scans that somebody waits for at the screen go first. */
const PRIORITY = -1;
const PART = 200;

export const addMassScanRoutes: Routes = (app, context) => {
  const answers = (summary: string) => ({ summary, tags: TAGS, querystring: Query, response: { 200: Answer } });

  app.put(
    '/status/total_rescan',
    { config: { access: 'APP_ACCESS' }, schema: answers('Scan every branch of every repository again') },
    async (request) => {
      const emails = readEmails(request.query.email);
      // App access is no right to see: of the others nothing is scanned, told or counted.
      return scanAll(request, context, { visibleTo: request.rights.viewer }, emails, {
        scope: 'GLOBAL',
        resourceId: 0,
      });
    },
  );

  app.put(
    '/status/projects/:projectKey',
    {
      config: { access: 'PROJECT_ADMIN' },
      schema: { ...answers('Scan every branch of a project again'), params: PROJECT_PARAMS },
    },
    async (request) => {
      const { project, query } = request;
      return scanAll(request, context, { projectId: project.id }, readEmails(query.email), {
        scope: 'PROJECT',
        resourceId: project.id,
      });
    },
  );

  app.put(
    '/status/projects/:projectKey/repos/:repositorySlug',
    {
      config: { access: 'REPO_WRITE' },
      schema: { ...answers('Scan every branch of a repository again'), params: REPOSITORY_PARAMS },
    },
    async (request) => {
      const { repository, query } = request;
      const emails = readEmails(query.email);
      const done = await scanRepositories(request, context, [repository], emails);
      await noteScan(request, context, done, emails, { scope: 'REPOSITORY', resourceId: repository.id });
      return done;
    },
  );
};

type Level = Pick<AuditedAction, 'scope' | 'resourceId'>;
type Done = Static<typeof Answer>;

async function scanAll(
  request: FastifyRequest,
  context: ServerContext,
  filter: RepositoryFilter,
  emails: readonly string[],
  level: Level,
): Promise<Done> {
  const done: Done = { scheduled: 0, repositories: 0, unreadable: [] };
  for (let start = 0; ; start += PART) {
    const rows = await listRepositories(context.store.db, filter, { start, limit: PART });
    const part = await scanRepositories(request, context, rows.slice(0, PART), emails);
    done.scheduled += part.scheduled;
    done.repositories += part.repositories;
    done.unreadable.push(...part.unreadable);
    if (rows.length <= PART) break;
  }
  await noteScan(request, context, done, emails, level);
  return done;
}

/** When it returns, every scan stands in the queue: nothing is forgotten when the server ends. */
async function scanRepositories(
  request: FastifyRequest,
  { queue, log }: ServerContext,
  repositories: readonly RepositoryRow[],
  notify: readonly string[],
): Promise<Done> {
  const done: Done = { scheduled: 0, repositories: 0, unreadable: [] };
  for (const { id, projectId, slug } of repositories) {
    try {
      const scans = await queue.scheduleRepository({
        repositoryId: id,
        trigger: 'request',
        requestedBy: actorOf(request),
        priority: PRIORITY,
        full: true,
        notify,
      });
      done.scheduled += scans.length;
      if (scans.length > 0) done.repositories++;
    } catch (error) {
      if (!(error instanceof LeakgateError)) throw error;
      // What it says names a path on this machine, which is for admins.
      log.warn({ err: error, repositoryId: id }, 'a repository cannot be scanned');
      done.unreadable.push({ projectId, slug });
    }
  }
  return done;
}

async function noteScan(
  request: FastifyRequest,
  context: ServerContext,
  { scheduled, repositories, unreadable }: Done,
  emails: readonly string[],
  level: Level,
): Promise<void> {
  const details = { branches: scheduled, repositories, unreadable: unreadable.length, notify: emails.length };
  await audit(request, context, { action: 'Rescan requested', ...level, details });
}

/** Each once. @throws HttpErrors 400 at what is no address */
function readEmails(emails: readonly string[] = []): readonly string[] {
  const read = [...new Set(emails.map((email) => email.trim()).filter((email) => email !== ''))];
  const errors = read
    .filter((email) => !/^[^\s@<>",;:\p{Cc}]+@[^\s@<>",;:\p{Cc}]+$/u.test(email))
    .map(
      (email) => new HttpError(400, `email must be an address, not ${JSON.stringify(email)}.`, { context: 'email' }),
    );
  if (errors.length > 0) throw new HttpErrors(400, errors);
  return read;
}
