/** The audit log: who changed what, and what the server and its hooks decided. Latest first. */
import { Type } from 'typebox';
import { browseAudit } from '../../store/browse-audit.ts';
import { pageOf, pageRequest } from '../paging.ts';
import type { Routes } from '../server-context.ts';
import { ADMINISTERS, CURSOR_QUERY, cursorPage, LEVELS, readTimes, scopeOf, TIME_QUERY } from './levels.ts';
import { orNull } from '../or-null.ts';

const RestAuditEvent = Type.Object({
  id: Type.Integer(),
  time: Type.Integer(),
  category: Type.String(),
  action: Type.String(),
  actor: Type.String(),
  address: orNull(Type.String()),
  scope: Type.Object({ type: Type.String(), resourceId: Type.Integer() }),
  details: Type.Object({}, { additionalProperties: true }),
});
const Text = Type.Optional(Type.String({ maxLength: 255 }));

export const addAuditRoutes: Routes = (app, context) => {
  for (const level of LEVELS) {
    app.get(
      `${level.path}/audit`,
      {
        config: { access: ADMINISTERS[level.scope] },
        schema: {
          summary: level.scope === 'GLOBAL' ? 'All events' : 'Events of this very level',
          tags: ['audit'],
          params: level.params,
          querystring: Type.Object({ ...CURSOR_QUERY, ...TIME_QUERY, category: Text, action: Text, actor: Text }),
          response: { 200: pageOf(RestAuditEvent) },
        },
      },
      async (request) => {
        const { category, action, actor } = request.query;
        const page = pageRequest(request.query);
        const filter = {
          ...(level.scope === 'GLOBAL' ? {} : scopeOf(level, request)),
          ...(category === undefined ? {} : { category }),
          ...(action === undefined ? {} : { action }),
          ...(actor === undefined ? {} : { actor }),
          ...readTimes(request.query),
        };
        const { events, next } = await browseAudit(context.store.db, filter, {
          before: page.start,
          limit: page.limit,
        });
        const values = events.map(({ scope, resourceId, ...event }) => ({
          ...event,
          scope: { type: scope, resourceId },
        }));
        return cursorPage(page, values, next);
      },
    );
  }
};
