import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  changeLogLevel,
  changeOverride,
  createServerLog,
  readLogLevel,
  restoreLogLevels,
  type LogLevel,
  type ServerLog,
} from '../../src/server/log-levels.ts';
import { openStore } from '../../src/store/open-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'leakgate-log-'));
const store = await openStore({ sqlite: join(folder, 'leakgate.db') });
after(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

function makeLog(level?: LogLevel): { log: ServerLog; lines: () => { level: string; logger: string; msg: string }[] } {
  const written: string[] = [];
  const destination = { write: (line: string) => void written.push(line) };
  const log = createServerLog({ destination, ...(level === undefined ? {} : { level }) });
  return { log, lines: () => written.splice(0).map((line) => JSON.parse(line)) };
}

describe('the log', () => {
  it('writes what its level says, with the name of the logger', () => {
    const { log, lines } = makeLog();
    log.logger('leakgate').info('started');
    log.logger('leakgate').debug('not written');
    log.logger('leakgate.queue').error('broken');
    assert.deepEqual(
      lines().map(({ level, logger, msg }) => [level, logger, msg]),
      [
        ['INFO', 'leakgate', 'started'],
        ['ERROR', 'leakgate.queue', 'broken'],
      ],
    );
  });

  it('changes a level at run time, for the loggers below too', () => {
    const { log, lines } = makeLog();
    const queue = log.logger('leakgate.queue');
    log.setLogLevel('leakgate', 'DEBUG');
    queue.debug('written now');
    log.setLogLevel('leakgate.queue', 'ERROR');
    queue.warn('not written');
    log.logger('leakgate.http').debug('as leakgate');
    assert.deepEqual(
      lines().map(({ msg }) => msg),
      ['written now', 'as leakgate'],
    );
    assert.equal(log.getLogLevel('root'), 'INFO');
    assert.equal(log.getLogLevel('leakgate.http'), 'DEBUG');
    assert.equal(log.getLogLevel('leakgate.queue'), 'ERROR');
    log.setLogLevel('root', 'WARN');
    assert.equal(log.getLogLevel('leakgate'), 'DEBUG');
  });

  it('makes warnings of what is less while an override is set', () => {
    const { log, lines } = makeLog('WARN');
    log.setOverride('DEBUG');
    log.logger('leakgate').trace('not written');
    log.logger('leakgate').debug({ count: 2 }, 'raised');
    log.logger('leakgate.http').child({ reqId: 'x' }).info('raised too');
    log.logger('leakgate').error('as it is');
    assert.deepEqual(
      lines().map(({ level, msg }) => [level, msg]),
      [
        ['WARN', 'raised'],
        ['WARN', 'raised too'],
        ['ERROR', 'as it is'],
      ],
    );
    log.setOverride('ERROR');
    log.logger('leakgate').warn('not written');
    log.setOverride(null);
    log.logger('leakgate').info('not written');
    log.logger('leakgate').warn('written');
    assert.deepEqual(
      lines().map(({ msg }) => msg),
      ['written'],
    );
  });

  it('keeps levels over a restart', async () => {
    const before = makeLog().log;
    await changeLogLevel(before, store.db, 'root', 'ERROR');
    await changeLogLevel(before, store.db, 'leakgate.queue', 'TRACE');
    await changeOverride(before, store.db, 'DEBUG');
    const { log } = makeLog();
    await restoreLogLevels(log, store.db);
    assert.equal(log.getLogLevel('root'), 'ERROR');
    assert.equal(log.getLogLevel('leakgate.http'), 'ERROR');
    assert.equal(log.getLogLevel('leakgate.queue'), 'TRACE');
    assert.equal(log.override, 'DEBUG');
    await changeOverride(log, store.db, null);
    const again = makeLog().log;
    await restoreLogLevels(again, store.db);
    assert.equal(again.override, null);
  });

  it('hides credentials in objects that are logged by mistake, and what libraries hang on errors', () => {
    const { log, lines } = makeLog();
    const canary = `canary-${process.hrtime.bigint()}`;
    const error = Object.assign(new Error('refused'), { config: { pass: canary }, code: 'EAUTH' });
    log
      .logger('leakgate')
      .info({ password: canary, user: { token: canary }, req: { headers: { cookie: canary } } }, 'x');
    log.logger('leakgate').error({ err: error }, 'y');
    const text = JSON.stringify(lines());
    assert.ok(!text.includes(canary));
    assert.match(text, /EAUTH/);
  });
});

describe('a level', () => {
  it('is read in capital and small letters, and nothing else is one', () => {
    assert.equal(readLogLevel('debug'), 'DEBUG');
    assert.equal(readLogLevel('WARN'), 'WARN');
    for (const wrong of ['', 'FATAL', 'silent', 'warning', ' INFO', '40']) assert.equal(readLogLevel(wrong), undefined);
  });
});
