import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createScanMails } from '../../src/server/soteri/scan-mails.ts';
import type { ScanEvent } from '../../src/queue/scan-queue.ts';
import { createRepository } from '../../src/store/repositories.ts';
import { endScan, listScans } from '../../src/store/scans.ts';
import type { ScanRow } from '../../src/store/schema.ts';
import { startSoteri, type Soteri } from '../helpers/soteri-fixture.ts';

interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

let soteri: Soteri;
before(async () => {
  soteri = await startSoteri();
});
after(() => soteri.close());
beforeEach(async () => {
  const { db } = soteri.server.context.store;
  for (const table of ['findings', 'scans', 'branches', 'auditEvents'] as const) await db.deleteFrom(table).execute();
  await soteri.fill('main', []);
  await soteri.fill('other', []);
});

const active = (): Promise<ScanRow[]> =>
  listScans(soteri.server.context.store.db, { states: ['QUEUED', 'RUNNING'] }, { start: 0, limit: 100 });

describe('a scan of everything', () => {
  it('queues every branch again in full, behind what people wait for, and is written into the audit log', async () => {
    const { context, project } = soteri.server;
    const other = await createRepository(context.store.db, {
      projectId: project.id,
      name: 'second',
      path: '/nowhere/second',
      created: 1,
    });
    await soteri.fill('main', [], { repositoryId: other.id });
    for (const [path, branches, scope] of [
      ['/status/total_rescan', 3, 'GLOBAL'],
      ['/status/projects/PRJ', 3, 'PROJECT'],
      ['/status/projects/PRJ/repos/app', 2, 'REPOSITORY'],
    ] as const) {
      await context.store.db.deleteFrom('scans').execute();
      const answer = await soteri.call('PUT', path);
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.body, { scheduled: branches, repositories: branches - 1, unreadable: [] });
      const scans = await active();
      assert.equal(scans.length, branches);
      assert.ok(scans.every(({ full, priority }) => full === 1 && priority < 0));
      const [event] = await soteri.audit('Rescan requested');
      assert.deepEqual([event?.scope, event?.details['branches']], [scope, branches]);
    }
  });

  it('takes addresses to write to, each once, and refuses what is none', async () => {
    await soteri.call(
      'PUT',
      '/status/projects/PRJ/repos/app?email=a@example.org&email=b@example.org&email=a@example.org',
    );
    for (const { notify } of await active()) assert.deepEqual(JSON.parse(notify), ['a@example.org', 'b@example.org']);
    const wrong = await soteri.call('PUT', '/status/total_rescan?email=nobody&email=a@example.org');
    assert.deepEqual(
      [wrong.status, (wrong.body as { errors: { context: string }[] }).errors[0]?.context],
      [400, 'email'],
    );
  });
});

describe('mails about ended scans', () => {
  const mails: Mail[] = [];
  const listeners = new Set<(event: ScanEvent) => void>();
  const create = (): ReturnType<typeof createScanMails> => {
    const { store, log } = soteri.server.context;
    return createScanMails({
      store,
      log,
      queue: { subscribe: (listener) => (listeners.add(listener), () => void listeners.delete(listener)) },
      deliveries: { mail: async (to, subject, text) => void mails.push({ to, subject, text }) },
    });
  };
  const end = async (scan: ScanRow, state: 'FAILED' | 'CANCELLED'): Promise<void> => {
    const ended = await endScan(soteri.server.context.store.db, scan.id, { state, reason: 'the disk is full', now: 5 });
    for (const listener of listeners) listener({ type: 'scan', scan: ended as ScanRow });
  };
  beforeEach(() => {
    mails.length = 0;
  });

  it('are written once to each address, when the last of its scans has ended', async () => {
    const service = create();
    await service.start();
    await soteri.call('PUT', '/status/projects/PRJ/repos/app?email=a@example.org&email=b@example.org');
    const [first, second] = await active();
    await end(first as ScanRow, 'FAILED');
    await end(second as ScanRow, 'CANCELLED');
    await service.close();
    assert.deepEqual(
      mails.map(({ to }) => to),
      [['a@example.org'], ['b@example.org']],
    );
    assert.equal(mails[0]?.subject, 'Leakgate: scan of 2 branches has ended');
    assert.match(mails[0]?.text ?? '', /PRJ\/app main: cancelled \(the disk is full\)\nPRJ\/app other: failed/);
    assert.equal(listeners.size, 0);
  });

  it('that were not written before the server ended are written when it starts', async () => {
    await soteri.call('PUT', '/status/projects/PRJ/repos/app?email=a@example.org');
    for (const scan of await active()) await end(scan, 'CANCELLED');
    assert.equal(mails.length, 0);
    for (let run = 0; run < 2; run++) {
      const service = create();
      await service.start();
      await service.close();
    }
    assert.equal(mails.length, 1);
  });
});
