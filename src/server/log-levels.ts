/**
 * The server's log, and how much of it is written. Loggers have names with dots; one without a level of its own goes by the one above it, all by
 * `root`. Levels change at run time and outlive a restart.
 *
 * Soteri's interface has an override besides: it is the level of all loggers while it is set, and what is less than a warning is written as a warning,
 * so that it passes whoever collects warnings only.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { DestinationStream, Level } from 'pino';
import { inTransaction } from '../store/in-transaction.ts';
import type { Db } from '../store/open-store.ts';
import { readSetting, writeSetting } from '../store/settings.ts';
import { createLog } from './log.ts';

export const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Whose messages are whose: `leakgate` start and stop, `.http` requests, `.queue` scans, `.policy` rules and hooks, `.deliveries` webhooks and mail. */
export const LOGGERS = [
  'leakgate',
  'leakgate.http',
  'leakgate.queue',
  'leakgate.policy',
  'leakgate.deliveries',
] as const;
export type LoggerName = (typeof LOGGERS)[number];

export interface ServerLog {
  /** Always the same logger for a name, so that its level can be changed. Its children have the level of the moment they are made. */
  logger(name: LoggerName): FastifyBaseLogger;
  /** What is set for the logger, or above it. The override does not show here. */
  getLogLevel(name: LoggerName | 'root'): LogLevel;
  setLogLevel(name: LoggerName | 'root', level: LogLevel): void;
  readonly override: LogLevel | null;
  setOverride(level: LogLevel | null): void;
}

export interface ServerLogOptions {
  /** Of `root`, until another is set. Default: INFO. */
  readonly level?: LogLevel;
  /** Default: standard error. */
  readonly destination?: DestinationStream;
}

/** Makes the log. Call `restoreLogLevels` once there is a store. */
export function createServerLog({ level: first = 'INFO', destination }: ServerLogOptions = {}): ServerLog {
  const levels = new Map<LoggerName | 'root', LogLevel>([['root', first]]);
  let override: LogLevel | null = null;

  const root = createLog(destination, pinoLevel(first), {
    formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    hooks: {
      logMethod(args, method, level) {
        if (level < WARN && raises(override)) this.warn(...args);
        else method.apply(this, args);
      },
    },
  });
  const loggers = new Map(LOGGERS.map((name) => [name, root.child({ logger: name })]));

  const getLogLevel = (name: LoggerName | 'root'): LogLevel => {
    for (let at: string = name; at !== ''; at = at.slice(0, Math.max(at.lastIndexOf('.'), 0))) {
      const level = levels.get(at as LoggerName);
      if (level !== undefined) return level;
    }
    return levels.get('root') ?? first;
  };
  const apply = (): void => {
    for (const [name, logger] of loggers) logger.level = pinoLevel(override ?? getLogLevel(name));
  };
  return {
    logger: (name) => loggers.get(name) ?? root,
    getLogLevel,
    setLogLevel(name, level) {
      levels.set(name, level);
      apply();
    },
    get override() {
      return override;
    },
    setOverride(level) {
      override = level;
      apply();
    },
  };
}

/** Sets what was set before the last end of the server. */
export async function restoreLogLevels(log: ServerLog, db: Db): Promise<void> {
  for (const [name, level] of Object.entries(await readSetting(db, 'logLevels'))) {
    const read = readLogLevel(level);
    if (read !== undefined && (name === 'root' || isLogger(name))) log.setLogLevel(name, read);
  }
  log.setOverride(readLogLevel((await readSetting(db, 'logLevelOverride')) ?? '') ?? null);
}

/** Changes the level of a logger, now and for good. */
export async function changeLogLevel(
  log: ServerLog,
  db: Db,
  name: LoggerName | 'root',
  level: LogLevel,
): Promise<void> {
  await inTransaction(db, async (change) =>
    writeSetting(change, 'logLevels', { ...(await readSetting(change, 'logLevels')), [name]: level }),
  );
  log.setLogLevel(name, level);
}

/** Sets or ends (null) the override, now and for good. */
export async function changeOverride(log: ServerLog, db: Db, level: LogLevel | null): Promise<void> {
  await writeSetting(db, 'logLevelOverride', level);
  log.setOverride(level);
}

/** A level by its name, capital or small. */
export function readLogLevel(name: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === name.toUpperCase());
}

export function isLogger(name: string): name is LoggerName {
  return (LOGGERS as readonly string[]).includes(name);
}

/** In pino's numbers. */
const WARN = 40;

function pinoLevel(level: LogLevel): Level {
  return level.toLowerCase() as Level;
}

/** An override below WARN makes warnings of what is less; from WARN on nothing less is written at all. */
function raises(override: LogLevel | null): boolean {
  return override !== null && LOG_LEVELS.indexOf(override) < LOG_LEVELS.indexOf('WARN');
}
