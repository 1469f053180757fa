/** What happens, as it happens: progress of scans as server-sent events, to whoever may see the repository. */
import { Type } from 'typebox';
import { browseScans } from '../../store/browse-scans.ts';
import { findRepositoryById } from '../../store/repositories.ts';
import type { Db } from '../../store/open-store.ts';
import type { RepositoryRow, ScanRow } from '../../store/schema.ts';
import { findTokenById } from '../../store/tokens.ts';
import { findUser } from '../../store/users.ts';
import { callerKey } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import { rightsOf } from '../rights.ts';
import type { Caller, Routes } from '../server-context.ts';
import { createEventStream, type EventStream } from './event-stream.ts';
import { placesOf } from './finding-shape.ts';
import { LEVELS, PLACE_QUERY, repositoryIdsOf, type Level } from './levels.ts';
import { toRestScan } from './scans.ts';

const HEARTBEAT_MS = 15_000;
/** How long a permission that was taken away may still be good for events. */
const RIGHTS_MS = 30_000;
const MAX_STREAMS = 256;
/** Of one caller, so that nobody takes them all. */
const MAX_EACH = 16;
/** REPO_WRITE, as for scans. */
const WRITE = 2;

export const addEventRoutes: Routes = (app, context) => {
  const { store, queue, now } = context;
  const streams = new Map<EventStream, string>();
  const level = LEVELS.find(({ scope }) => scope === 'GLOBAL') as Level;

  // They would keep the server from ending.
  app.addHook('preClose', (done) => {
    for (const stream of streams.keys()) stream.end();
    done();
  });

  app.get(
    '/events',
    {
      config: { access: 'AUTHENTICATED' },
      schema: {
        summary: 'Progress of scans as server-sent events',
        description:
          'First the scans that wait or run, then each change. Of repositories that the caller may write to.',
        tags: ['scans'],
        querystring: Type.Object(PLACE_QUERY),
        response: {
          200: {
            description: 'Events `ready` and `scan`.',
            content: { 'text/event-stream': { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      if (streams.size >= MAX_STREAMS) throw new HttpError(503, 'Too many clients listen already.', { retryAfter: 60 });
      const who = callerKey(request.caller);
      if ([...streams.values()].filter((other) => other === who).length >= MAX_EACH)
        throw new HttpError(429, `You listen ${MAX_EACH} times already.`, { retryAfter: 60 });
      const wanted = await repositoryIdsFor();
      const visible = createVisibility();
      const events = createEventStream(HEARTBEAT_MS);
      // One after the other: an older state of a scan must not come after a newer one.
      let last = announceActive();
      const unsubscribe = queue.subscribe(({ scan }) => {
        last = last.then(() => announce(scan));
      });
      streams.set(events, who);
      events.stream.once('close', () => {
        unsubscribe();
        streams.delete(events);
      });
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('Cache-Control', 'no-store')
        .header('X-Accel-Buffering', 'no')
        .send(events.stream as never);

      async function announceActive(): Promise<void> {
        const active = await browseScans(store.db, { states: ['QUEUED', 'RUNNING'] }, { before: 0, limit: 1000 });
        for (const scan of active.toReversed()) await announce(scan);
      }

      async function announce(scan: ScanRow): Promise<void> {
        try {
          if (wanted !== undefined && !wanted.has(scan.repositoryId)) return;
          if (!(await visible(scan.repositoryId))) return;
          const place = (await placesOf(store.db, [scan.repositoryId])).get(scan.repositoryId);
          if (place !== undefined) events.send(scan.key, 'scan', toRestScan(scan, place));
        } catch (error) {
          request.log.warn({ err: error }, 'an event could not be sent');
        }
      }

      /** One that the caller may not see is like one that does not exist: nothing ever happens there. */
      async function repositoryIdsFor(): Promise<ReadonlySet<number> | undefined> {
        const { project, repository, query } = request;
        try {
          const ids = await repositoryIdsOf(level, { project, repository, query }, context);
          return ids === undefined ? undefined : new Set(ids);
        } catch (error) {
          if (error instanceof HttpError && error.status === 404) return new Set();
          throw error;
        }
      }

      /** Asked anew every so often: the stream may outlive the permission. */
      function createVisibility(): (repositoryId: number) => Promise<boolean> {
        let { rights } = request;
        let asked = now();
        const rows = new Map<number, RepositoryRow | undefined>();
        return async (repositoryId) => {
          if (now() - asked > RIGHTS_MS) {
            asked = now();
            if (!(await isStillGood(request.caller, store.db, now()))) {
              events.end();
              return false;
            }
            rights = await rightsOf(request.caller, store.db);
            rows.clear();
          }
          if (!rows.has(repositoryId)) rows.set(repositoryId, await findRepositoryById(store.db, repositoryId));
          const row = rows.get(repositoryId);
          return row !== undefined && rights.repository(row) >= WRITE;
        };
      }
    },
  );
};

/** Whether the credentials would be accepted again. */
async function isStillGood(caller: Caller, db: Db, now: number): Promise<boolean> {
  if (caller.kind === 'anonymous') return false;
  const tokenId = caller.kind === 'token' ? caller.id : caller.token?.id;
  if (tokenId !== undefined) {
    const token = await findTokenById(db, tokenId);
    return token !== undefined && (token.expires === null || token.expires > now);
  }
  const known = caller.kind === 'user' ? caller.user : undefined;
  const user = known === undefined ? undefined : await findUser(db, known.id);
  return user?.active === 1 && user.passwordHash === known?.passwordHash;
}
