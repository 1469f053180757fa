/** Log levels in Bitbucket's interface: of named loggers, and of the root logger above them. They change at once and outlive a restart. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { auditOf } from '../actor.ts';
import { HttpError } from '../http-error.ts';
import {
  changeLogLevel,
  isLogger,
  LOG_LEVELS,
  LOGGERS,
  readLogLevel,
  type LoggerName,
  type LogLevel,
} from '../log-levels.ts';
import type { Routes, ServerContext } from '../server-context.ts';

const RestLogLevel = Type.Object({ logLevel: Type.Enum(LOG_LEVELS) });
const TAGS = ['log levels'];
const LEVEL_NAME = Type.String({ description: `${LOG_LEVELS.join(', ')}; capital or small.` });
const LOGGER_NAME = Type.String({ description: `One of ${LOGGERS.join(', ')}.` });
const CHANGED = { 204: Type.Null({ description: 'The level was changed.' }) };

export const addLogLevelRoutes: Routes = (app, context) => {
  const admin = { config: { access: 'ADMIN' } } as const;

  app.get(
    '/logs/logger/:loggerName',
    {
      ...admin,
      schema: {
        summary: "A logger's level: its own, or of the one above it",
        tags: TAGS,
        params: Type.Object({ loggerName: LOGGER_NAME }),
        response: { 200: RestLogLevel },
      },
    },
    (request) => ({ logLevel: context.logs.getLogLevel(checkLogger(request.params.loggerName)) }),
  );

  app.put(
    '/logs/logger/:loggerName/:levelName',
    {
      ...admin,
      schema: {
        summary: "Set a logger's level",
        tags: TAGS,
        params: Type.Object({ loggerName: LOGGER_NAME, levelName: LEVEL_NAME }),
        response: CHANGED,
      },
    },
    async (request, reply) => {
      const level = checkLevel(request.params.levelName);
      await change(request, context, checkLogger(request.params.loggerName), level);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/logs/rootLogger',
    { ...admin, schema: { summary: 'Level of the root logger', tags: TAGS, response: { 200: RestLogLevel } } },
    () => ({ logLevel: context.logs.getLogLevel('root') }),
  );

  app.put(
    '/logs/rootLogger/:levelName',
    {
      ...admin,
      schema: {
        summary: 'Set the level of the root logger',
        tags: TAGS,
        params: Type.Object({ levelName: LEVEL_NAME }),
        response: CHANGED,
      },
    },
    async (request, reply) => {
      await change(request, context, 'root', checkLevel(request.params.levelName));
      return reply.code(204).send(null);
    },
  );
};

function checkLogger(name: string): LoggerName {
  if (isLogger(name)) return name;
  throw new HttpError(404, `There is no logger of this name; there are ${LOGGERS.join(', ')}.`);
}

function checkLevel(name: string): LogLevel {
  const level = readLogLevel(name);
  if (level !== undefined) return level;
  throw new HttpError(400, `levelName must be one of ${LOG_LEVELS.join(', ')}.`, { context: 'levelName' });
}

async function change(
  request: FastifyRequest,
  context: ServerContext,
  logger: LoggerName | 'root',
  level: LogLevel,
): Promise<void> {
  await changeLogLevel(context.logs, context.store.db, logger, level);
  await auditOf(request, context, {
    category: 'Global administration',
    action: 'Log level changed',
    scope: 'GLOBAL',
    resourceId: 0,
    details: { logger, level },
  });
}
