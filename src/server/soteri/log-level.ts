/** The level of the log in Soteri's interface: an override of all others, `null` when there is none. */
import { Type } from 'typebox';
import { HttpError } from '../http-error.ts';
import { changeOverride, LOG_LEVELS, readLogLevel, type LogLevel } from '../log-levels.ts';
import type { Routes } from '../server-context.ts';
import { audit } from './audit.ts';
import { orNull } from '../or-null.ts';

const Answer = Type.Object({
  logLevelOverride: orNull(Type.Unsafe<LogLevel>(Type.Union(LOG_LEVELS.map((level) => Type.Literal(level)))), {
    description: 'Messages from this level up to WARN are written as WARN. ERROR: errors only.',
  }),
});
const TAGS = ['log'];
const config = { access: 'APP_ACCESS' } as const;

export const addLogLevelRoutes: Routes = (app, context) => {
  const { logs, store } = context;

  app.get(
    '/loglevel',
    { config, schema: { summary: 'The override of log levels', tags: TAGS, response: { 200: Answer } } },
    async () => ({ logLevelOverride: logs.override }),
  );

  app.put(
    '/loglevel',
    {
      config,
      schema: {
        summary: 'Override log levels, or end that',
        tags: TAGS,
        querystring: Type.Object({
          logLevelOverride: Type.String({ description: `${LOG_LEVELS.join(', ')}; empty: none.` }),
        }),
        response: { 200: Answer },
      },
    },
    async (request) => {
      const name = request.query.logLevelOverride;
      const level = name === '' ? null : readLogLevel(name);
      if (level === undefined) {
        throw new HttpError(400, `logLevelOverride must be one of ${LOG_LEVELS.join(', ')}, or empty.`, {
          context: 'logLevelOverride',
        });
      }
      await changeOverride(logs, store.db, level);
      await audit(request, context, {
        action: 'Log level changed',
        scope: 'GLOBAL',
        resourceId: 0,
        details: { logLevelOverride: level },
      });
      return { logLevelOverride: level };
    },
  );
};
