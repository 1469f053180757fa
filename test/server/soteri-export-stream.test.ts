import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { buildApp } from '../../src/server/app.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import type { App } from '../../src/server/server-context.ts';
import { startSoteri, type Soteri } from '../helpers/soteri-fixture.ts';

const ROWS = 100_000;
/** More than the buffers of both ends of a connection and all streams between hold together. */
const BUFFERED_ROWS = 60_000;

let soteri: Soteri;
let app: App;
let reads = 0;

before(async () => {
  soteri = await startSoteri();
  const { context } = soteri.server;
  await soteri.fill('main', [{ secret: 'a'.repeat(400) }]);
  const { id: _, ...row } = await context.store.db.selectFrom('findings').selectAll().executeTakeFirstOrThrow();
  await context.store.db.transaction().execute(async (transaction) => {
    for (let from = 0; from < ROWS; from += 500) {
      const rows = Array.from({ length: 500 }, (_unused, n) => ({
        ...row,
        fingerprint: `f${from + n}`,
        path: `src/${'a'.repeat(400)}/${from + n}`,
      }));
      await transaction.insertInto('findings').values(rows).execute();
    }
  });
  const db = context.store.db.withPlugin({
    transformQuery: ({ node }) => {
      reads++;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  app = await buildApp({ ...context, store: { ...context.store, db }, metrics: createMetrics('0.0.0') });
  await app.listen({ port: 0, host: '127.0.0.1' });
});
after(async () => {
  await app.close();
  await soteri.close();
});

function open(path: string): Promise<IncomingMessage> {
  const { port } = app.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: `/rest/security/1.0${path}`, headers: soteri.server.admin }, resolve).on(
      'error',
      reject,
    );
  });
}

/** Waits until nothing has been read for a while. */
async function quiet(): Promise<number> {
  for (let last = -1; last !== reads;) {
    last = reads;
    await sleep(1000);
  }
  return reads;
}

for (const [name, path] of [
  ['the export', '/export-report/PRJ/repos/app'],
  ['the list of findings', '/scan/PRJ/repos/app'],
] as const) {
  describe(`${name} of ${ROWS} findings`, () => {
    it('is given whole, in little memory', async () => {
      const before = process.memoryUsage().rss;
      let most = 0;
      let found = 0;
      for await (const piece of await open(path)) {
        found += String(piece).split(path.startsWith('/scan') ? '"filePath"' : ',GITHUB_PAT,').length - 1;
        most = Math.max(most, process.memoryUsage().rss);
      }
      // A few are cut in two by the edges of pieces.
      assert.ok(found > ROWS * 0.95 && found <= ROWS + 1, String(found));
      assert.ok(most - before < 192 * 2 ** 20, `${Math.round((most - before) / 2 ** 20)} MiB more`);
    });

    it('waits for a client that does not read, and ends when it leaves', async () => {
      reads = 0;
      const response = await open(path);
      response.pause();
      const waiting = await quiet();
      assert.ok(waiting * 500 < BUFFERED_ROWS, `${waiting} queries`);
      response.destroy();
      const left = await quiet();
      assert.ok(left <= waiting + 2, `${left - waiting} more queries`);
    });
  });
}
