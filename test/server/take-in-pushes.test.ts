import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createPushTaker, type PushTaker, type PushTakerDeps } from '../../src/server/take-in-pushes.ts';
import { openStore, type Store } from '../../src/store/open-store.ts';
import { countPushes } from '../../src/store/pushes.ts';
import { writeSetting } from '../../src/store/settings.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing.toReversed()) await close();
});

interface Fixture {
  readonly store: Store;
  readonly path: string;
  readonly scheduled: { readonly ref: string; readonly priority: number | undefined }[];
  readonly taker: PushTaker;
  /** As after a restart, and with the file of positions lost when asked. */
  restart(options?: { readonly forget: boolean }): PushTaker;
}

async function start(): Promise<Fixture> {
  const dataDir = createTempFolder();
  const gitDir = join(dataDir, 'app.git');
  const path = join(gitDir, 'leakgate/audit.jsonl');
  mkdirSync(join(gitDir, 'leakgate'), { recursive: true });
  const store = await openStore({ sqlite: join(dataDir, 'leakgate.db') });
  closing.push(() => store.close());
  await store.db
    .insertInto('projects')
    .values({ key: 'P', lookupKey: 'P', name: 'P', description: null, ownerId: null, isPublic: 0, created: 0 })
    .execute();
  await store.db
    .insertInto('repositories')
    .values({
      projectId: 1,
      slug: 'app',
      name: 'app',
      description: null,
      path: gitDir,
      cloneUrl: null,
      defaultBranch: null,
      isPublic: 0,
      created: 0,
    })
    .execute();
  const scheduled: Fixture['scheduled'] = [];
  const deps: PushTakerDeps = {
    store,
    queue: {
      async schedule({ ref, priority }) {
        scheduled.push({ ref, priority });
        return { scan: undefined, created: false };
      },
    },
    dataDir,
    logs: () => [{ repositoryId: 1, gitDir, path }],
    now: () => Date.now(),
    log: { warn: () => {}, error: (details) => assert.fail(JSON.stringify(details)) },
    scanAfter: [0],
  };
  const restart: Fixture['restart'] = (options) => {
    if (options?.forget === true) rmSync(join(dataDir, 'push-logs.json'));
    const taker = createPushTaker(deps);
    closing.push(() => taker.close());
    return taker;
  };
  return { store, path, scheduled, taker: restart(), restart };
}

let entries = 0;
function entry(event: string, fields: object = {}): string {
  const decision = event === 'refused' ? 'refused' : 'accepted';
  return `${JSON.stringify({
    schemaVersion: 1,
    time: new Date().toISOString(),
    event,
    decision,
    mode: 'block',
    repository: '/x',
    pusher: { remoteUser: 'ada', remoteAddress: '10.0.0.1', number: String(++entries) },
    refs: [
      { ref: 'refs/heads/main', old: null, new: 'a'.repeat(40) },
      { ref: 'refs/heads/gone', old: 'a'.repeat(40), new: null },
      { ref: 'refs/tags/v1', old: null, new: 'a'.repeat(40) },
    ],
    findings: [{ ruleId: 'github-pat', fingerprint: `lgf1:${'0'.repeat(32)}`, blocking: true, secret: 'ghp_…(40)' }],
    counts: { blocking: 1, excused: 0, other: 0, reviewed: 0 },
    findingCount: 1,
    durationMs: 12,
    ...fields,
  })}\n`;
}

async function total({ store }: Fixture): Promise<number> {
  return (await countPushes(store.db, {})).reduce((sum, { pushes }) => sum + pushes, 0);
}

describe('taking in pushes', () => {
  it('takes each entry in once, whatever is read again', async () => {
    const fixture = await start();
    const { path, taker, restart, store } = fixture;
    assert.equal(await taker.takeIn(), 0);
    writeFileSync(path, entry('refused') + entry('accepted') + entry('warned', { mode: 'warn' }));
    assert.equal(await taker.takeIn(), 3);
    assert.equal(await taker.takeIn(), 0);
    appendFileSync(path, entry('bypass', { reason: 'urgent' }));
    assert.equal(await restart().takeIn(), 1);
    assert.equal(await restart({ forget: true }).takeIn(), 0);
    assert.equal(await total(fixture), 4);
    const rows = await store.db.selectFrom('pushes').selectAll().orderBy('id').execute();
    assert.deepEqual(
      rows.map(({ decision, mode, pusher, findings, blockingFindings }) => [
        decision,
        mode,
        pusher,
        findings,
        blockingFindings,
      ])[2],
      ['warned', 'warn', 'ada', 1, 1],
    );
    assert.equal(rows[0]?.details.includes('ghp_'), false);
    const events = await store.db.selectFrom('auditEvents').selectAll().orderBy('id').execute();
    assert.deepEqual(
      events.map(({ action, actor, address }) => [action, actor, address]),
      [
        ['Push refused', 'ada', '10.0.0.1'],
        ['Push accepted with a warning', 'ada', '10.0.0.1'],
        ['Push bypassed the hook', 'ada', '10.0.0.1'],
      ],
    );
  });

  it('leaves a line that is being written for the next time, and passes over what is none of ours', async () => {
    const fixture = await start();
    const { path, taker } = fixture;
    const line = entry('refused');
    writeFileSync(path, `not json\n\n[1]\n{"time":"never"}\n${line.slice(0, 50)}`);
    assert.equal(await taker.takeIn(), 0);
    appendFileSync(path, line.slice(50));
    assert.equal(await taker.takeIn(), 1);
  });

  it('follows a log that is moved aside, cut or replaced', async () => {
    const fixture = await start();
    const { path, taker } = fixture;
    writeFileSync(path, entry('refused'));
    assert.equal(await taker.takeIn(), 1);
    appendFileSync(path, entry('refused'));
    renameSync(path, `${path}.1`);
    writeFileSync(path, entry('refused'));
    assert.equal(await taker.takeIn(), 2);
    truncateSync(path);
    appendFileSync(path, entry('refused'));
    assert.equal(await taker.takeIn(), 1);
    rmSync(path);
    assert.equal(await taker.takeIn(), 0);
    writeFileSync(path, entry('refused') + entry('refused'));
    assert.equal(await taker.takeIn(), 2);
    assert.equal(await total(fixture), 6);
  });

  it('has branches scanned that came in, those that nobody looked at first, and none of a refused push', async () => {
    const { path, taker, scheduled, store } = await start();
    writeFileSync(
      path,
      entry('refused', { refs: [{ ref: 'refs/heads/no', old: null, new: 'b'.repeat(40) }] }) +
        entry('accepted', { findings: [] }),
    );
    await taker.takeIn();
    await until(() => scheduled.length === 1);
    assert.deepEqual(scheduled, [{ ref: 'refs/heads/main', priority: 1 }]);
    await writeSetting(store.db, 'scanPushes', false);
    const refs = [{ ref: 'refs/heads/late', old: null, new: 'c'.repeat(40) }];
    appendFileSync(
      path,
      entry('accepted') +
        entry('undecided-accepted', { refs, undecided: 'deadline', unscanned: { code: 'SCAN_DEADLINE' } }),
    );
    await taker.takeIn();
    await until(() => scheduled.length === 2);
    assert.deepEqual(scheduled[1], { ref: 'refs/heads/late', priority: 10 });
  });

  it('reads a log of more than one part to its end', async () => {
    const fixture = await start();
    const filler = 'x'.repeat(50_000);
    writeFileSync(fixture.path, Array.from({ length: 200 }, () => entry('accepted', { filler })).join(''));
    assert.equal(await fixture.taker.takeIn(), 200);
    assert.equal(await total(fixture), 200);
  });
});

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(done());
}
