/** Puts the server together: store, keys, services, application; and takes it down in an order that loses nothing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import type { DestinationStream } from 'pino';
import { loadFingerprintKey } from '../keyring/fingerprint-key.ts';
import { loadKeyRing } from '../keyring/key-ring.ts';
import { LeakgateError } from '../model/errors.ts';
import { createScanQueue } from '../queue/scan-queue.ts';
import { openStore, type StoreLocation } from '../store/open-store.ts';
import { keyRingPath } from '../store/store-location.ts';
import { userFolders } from '../util/xdg.ts';
import { onScanFinished } from './announce-findings.ts';
import { buildApp } from './app.ts';
import { closeApp } from './close-app.ts';
import { createPolicyService } from './create-policy-service.ts';
import { openDataFolder } from './data-folder.ts';
import { createDeliveries } from './deliveries.ts';
import { makeFirstAdmin, type FirstAdmin } from './first-start.ts';
import { createServerLog, restoreLogLevels } from './log-levels.ts';
import { createMetrics } from './metrics.ts';
import { createNewRepositories } from './new-repositories.ts';
import { checkAtStart, type PartCheck } from './self-check.ts';
import type { App, ServerContext } from './server-context.ts';
import { createScanMails } from './soteri/scan-mails.ts';
import { createPushTaker } from './take-in-pushes.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly dataDir: string;
  readonly location: StoreLocation;
  /** Paths of repositories must lie below one of these; empty: anywhere. */
  readonly repositoryRoots: readonly string[];
  /** Addresses and networks of proxies whose X-Forwarded-For is believed; default: none. */
  readonly trustedProxies?: readonly string[];
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  /** Of the first administrator. */
  readonly adminToken?: string;
  /** Where the log goes; default: stderr. */
  readonly logTo?: DestinationStream;
  /** Scans at the same time. */
  readonly concurrency?: number;
}

export interface RunningServer {
  readonly url: string;
  /** What the parts said at the start. */
  readonly checks: readonly PartCheck[];
  /** Set at the first start only. */
  readonly firstAdmin: FirstAdmin | undefined;
  readonly app: App;
  readonly context: ServerContext;
  /**
   * Takes no more requests, lets those that have begun and scans come to their end for up to `drainMs` (scans go on at the next start), then ends.
   * Again: waits for the first.
   */
  close(drainMs?: number): Promise<void>;
}

/** How long requests and scans that are under way may take when the server ends. */
const DRAIN_MS = 30_000;

/** What has to be undone, in the order it was made. */
type Undo = { readonly name: string; undo(drainMs: number): Promise<void> };

/** @throws LeakgateError when something is not as it must be; what was begun is undone then */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const undos: Undo[] = [];
  try {
    return await start(options, undos);
  } catch (error) {
    for (const { undo } of undos.reverse()) await undo(0).catch(() => {});
    throw error;
  }
}

async function start(options: ServerOptions, undos: Undo[]): Promise<RunningServer> {
  const { dataDir, env, version, logTo } = options;
  const now = Date.now;
  await openDataFolder(dataDir);
  const store = await openStore(options.location, { server: true });
  undos.push({ name: 'store', undo: () => store.close() });
  const logs = createServerLog(logTo === undefined ? {} : { destination: logTo });
  await restoreLogLevels(logs, store.db);
  const log: FastifyBaseLogger = logs.logger('leakgate');
  const firstAdmin = await makeFirstAdmin(store, options.adminToken, now());
  const keys = await loadKeyRing(keyRingPath(dataDir));
  const fingerprintKeyFile = fingerprintKeyPath(env, dataDir);
  const fingerprintKey = await loadFingerprintKey({ env: { ...env, LEAKGATE_KEY_FILE: fingerprintKeyFile } });
  const metrics = createMetrics(version);

  const policies = createPolicyService({
    store,
    dataDir,
    fingerprintKeyFile,
    env,
    now,
    log: logs.logger('leakgate.policy'),
  });
  undos.push({ name: 'policies', undo: () => policies.close() });
  const deliveries = createDeliveries({ store, keys, now, log: logs.logger('leakgate.deliveries'), version });
  undos.push({ name: 'deliveries', undo: () => deliveries.close() });
  const announce = onScanFinished({ store, deliveries, now });
  const queue = createScanQueue({
    store,
    keys,
    fingerprintKey,
    dataDir,
    policyOf: (id) => policies.policyOf(id),
    now,
    log: logs.logger('leakgate.queue'),
    async onFinished(scan, findings) {
      metrics.found(findings);
      await announce(scan, findings);
    },
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
  });
  // Ends after the queue: scans that end last are told of, too.
  const scanMails = createScanMails({ store, queue, deliveries, log: logs.logger('leakgate.deliveries') });
  undos.push({ name: 'scan mails', undo: () => scanMails.close() });
  undos.push({ name: 'queue', undo: () => queue.close() });
  const pushes = createPushTaker({
    store,
    queue,
    dataDir,
    logs: () => policies.hookLogs(),
    now,
    log: logs.logger('leakgate.policy'),
  });
  undos.push({ name: 'pushes', undo: () => pushes.close() });

  const newRepositories = createNewRepositories({ store, policies, queue, log });
  const { repositoryRoots, trustedProxies = [] } = options;
  const context: ServerContext = {
    store,
    keys,
    fingerprintKey,
    queue,
    policies,
    newRepositories,
    deliveries,
    metrics,
    dataDir,
    repositoryRoots,
    ...(trustedProxies.length === 0 ? {} : { trustedProxies }),
    version,
    now,
    log,
    logs,
  };
  const app = await buildApp(context);
  undos.push({ name: 'application', undo: (drainMs) => closeApp(app, drainMs) });
  // Hooks first: what was changed while the server was down is in force before anybody is told that it is up.
  await policies.start();
  await scanMails.start();
  await queue.start();
  await deliveries.start();
  pushes.start();
  await newRepositories.start();
  const url = await listen(app, options);
  const checks = await checkAtStart(context, env);
  log.info({ url, dataDir, version }, 'started');
  return { url, checks, firstAdmin, app, context, close: closeOnce(undos, queue, log) };
}

async function listen(app: App, { host, port }: ServerOptions): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'something listens there already; choose another --port' : message;
    throw new LeakgateError('USAGE_INVALID', `cannot listen at ${host}:${port}: ${why}`, { cause });
  }
}

function closeOnce(
  undos: readonly Undo[],
  queue: ServerContext['queue'],
  log: FastifyBaseLogger,
): (drainMs?: number) => Promise<void> {
  let closing: Promise<void> | undefined;
  const close = async (drainMs: number): Promise<void> => {
    log.info({ drainMs }, 'stopping');
    // Scans may go on to their end while the last requests are answered.
    const drained = queue.drain(drainMs);
    for (const { name, undo } of [...undos].reverse()) {
      if (name === 'queue') await drained;
      // One that fails to end must not keep the others from it.
      await undo(drainMs).catch((err: unknown) => log.error({ err, part: name }, 'a part did not end as it should'));
    }
  };
  return (drainMs = DRAIN_MS) => (closing ??= close(drainMs));
}

/** The key that scans on the command line use too; of an account without a home, one in the data directory. */
function fingerprintKeyPath(env: NodeJS.ProcessEnv, dataDir: string): string {
  const named = env['LEAKGATE_KEY_FILE'];
  if (named !== undefined && named !== '') return named;
  const system = '/etc/leakgate/key';
  if (existsSync(system)) return system;
  const hasHome = (env['HOME'] ?? '') !== '' || (env['XDG_CONFIG_HOME'] ?? '') !== '';
  return hasHome ? join(userFolders(env).config, 'key') : join(dataDir, 'fingerprint.key');
}
