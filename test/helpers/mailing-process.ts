/** Sends one mail from a process of its own, which trusts what NODE_EXTRA_CA_CERTS says: argv is the data directory. Prints `sent` or why not. */
import { join } from 'node:path';
import { loadKeyRing } from '../../src/keyring/key-ring.ts';
import { createMailer } from '../../src/server/mail-transport.ts';
import { openStore } from '../../src/store/open-store.ts';

const folder = process.argv[2] ?? '';
const store = await openStore({ sqlite: join(folder, 'leakgate.db') });
const mailer = createMailer({ db: store.db, keys: await loadKeyRing(join(folder, 'keys.json')), timeoutMs: 5000 });
const outcome = await mailer.send({ to: 'ada@example.org', subject: 'encrypted', text: 'hello' }).then(
  () => 'sent',
  (error: Error) => error.message,
);
await store.close();
process.stdout.write(outcome);
