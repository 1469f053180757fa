import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { ScanEvent } from '../../src/queue/scan-queue.ts';
import { queueScan } from '../../src/store/scans.ts';
import type { ScanRow } from '../../src/store/schema.ts';
import { createToken, revokeToken } from '../../src/store/tokens.ts';
import { bearer, startApp, type Headers, type StartedApp } from '../helpers/start-app.ts';

let server: StartedApp;
let scan: ScanRow;
let time = Date.now();
const listeners = new Set<(event: ScanEvent) => void>();

before(async () => {
  server = await startApp({ services: { now: () => time } });
  const { context, repository } = server;
  // Its events are made by the tests.
  context.queue.subscribe = (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  await server.app.listen({ port: 0, host: '127.0.0.1' });
  const asked = {
    repositoryId: repository.id,
    ref: 'refs/heads/main',
    trigger: 'request',
    requestedBy: 'ann',
  } as const;
  scan = (await queueScan(context.store.db, { ...asked, priority: 0, full: false, notify: [], now: 1 })).scan;
});
after(() => server.close());

async function listen(headers: Headers) {
  const { port } = server.app.server.address() as AddressInfo;
  const abort = new AbortController();
  const url = `http://127.0.0.1:${port}/rest/leakgate/latest/events`;
  const answer = await fetch(url, { headers, signal: abort.signal });
  const reader = answer.body?.getReader();
  return {
    status: answer.status,
    /** What comes next, or nothing at the end. */
    next: async () => Buffer.from((await reader?.read())?.value ?? '').toString('utf8'),
    close: () => abort.abort(),
  };
}

describe('events', () => {
  it('end when the token is revoked by which they are listened to', async () => {
    const { db } = server.context.store;
    for (const owner of [{ repositoryId: server.repository.id }, { userId: server.account('repoWrite').id }]) {
      const { text, token } = await createToken(db, owner, { name: 'x', permission: 'REPO_WRITE', created: time });
      const stream = await listen(bearer(text));
      assert.equal(stream.status, 200);
      let got = await stream.next();
      if (!got.includes('event: scan')) got = await stream.next();
      assert.match(got, /"progress":0/);
      await revokeToken(db, token.id);
      time += 60_000;
      for (const listener of listeners) listener({ type: 'scan', scan: { ...scan, progress: 50 } });
      assert.equal(await stream.next(), '');
      stream.close();
    }
  });

  it('leave streams for others when one listens again and again', async () => {
    const open = [];
    for (let i = 0; i < 17; i++) open.push(await listen(server.user('repoRead')));
    assert.deepEqual(
      open.map(({ status }) => status),
      [...Array.from({ length: 16 }, () => 200), 429],
    );
    const other = await listen(server.user('repoWrite'));
    assert.equal(other.status, 200);
    for (const stream of [...open, other]) stream.close();
  });
});
