/**
 * A server's deliveries in a process of their own, to be killed: opens the data directory of argv, asks for one webhook call and sends until its end.
 */
import { join } from 'node:path';
import pino from 'pino';
import { loadKeyRing } from '../../src/keyring/key-ring.ts';
import { createDeliveries } from '../../src/server/deliveries.ts';
import { openStore } from '../../src/store/open-store.ts';

const folder = process.argv[2] ?? '';
const store = await openStore({ sqlite: join(folder, 'leakgate.db') });
const keys = await loadKeyRing(join(folder, 'keys.json'));
const log = pino({ level: 'silent' });
const deliveries = createDeliveries({
  store,
  keys,
  log,
  now: Date.now,
  version: '0.0.0',
  limits: { timeoutMs: 200, firstRetryMs: 1 },
});
await deliveries.start();
await deliveries.webhook('scan:finished', { repositoryId: 1, projectId: 1 }, { from: 'the process that is killed' });
setInterval(() => {}, 1000);
