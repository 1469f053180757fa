/** A server that is killed again and again while it scans: nothing is lost, nothing is done twice, and what it finds is what it finds undisturbed. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import Sqlite from 'better-sqlite3';
import { FakeRandom } from '../../src/detect/fake-random.ts';
import { createBranchyRepo } from '../helpers/branchy-repo.ts';
import {
  findingsOf,
  isOver,
  register,
  scansOf,
  serve,
  until,
  type ScanState,
  type ServerProcess,
} from '../helpers/server-process.ts';
import { createTempFolder } from '../helpers/temp-repo.ts';

const REPOSITORIES = 10;
const BRANCHES = 5;
const SCANS = REPOSITORIES * BRANCHES;
const KILLS = 20;
const CONTENT = { branches: BRANCHES, commits: 40, linesPerFile: 100 };

async function scheduleAll(server: ServerProcess, places: Readonly<Record<string, string>>): Promise<void> {
  await register(server, places);
  const { status, text, body } = await server.call('PUT', '/rest/security/latest/status/total_rescan');
  assert.equal(status, 200, text);
  assert.equal((body as { readonly scheduled: number }).scheduled, SCANS);
}

/** Whoever looks at the scans all the time: says so when something goes backwards or ends a second time. */
function createWatcher() {
  const known = new Map<string, ScanState>();
  return {
    known,
    over: () => [...known.values()].filter(isOver).length,
    note(scans: readonly ScanState[]): void {
      assert.ok(scans.length <= SCANS, `${scans.length} scans`);
      for (const scan of scans) {
        const before = known.get(scan.scanKey);
        known.set(scan.scanKey, scan);
        if (before === undefined) continue;
        assert.ok(scan.progress >= before.progress, `progress fell from ${before.progress} to ${scan.progress}`);
        if (isOver(before)) assert.deepEqual(scan, before, 'a scan that had ended was changed');
      }
    },
  };
}

/** Of a copy: opening the database itself would mend what the kill has left. */
function assertIntact(dataDir: string): void {
  const copy = join(createTempFolder(), 'leakgate.db');
  for (const end of ['', '-wal'])
    if (existsSync(`${dataDir}/leakgate.db${end}`)) copyFileSync(`${dataDir}/leakgate.db${end}`, `${copy}${end}`);
  const database = new Sqlite(copy);
  assert.deepEqual(database.pragma('integrity_check'), [{ integrity_check: 'ok' }]);
  assert.deepEqual(database.pragma('foreign_key_check'), []);
  database.close();
}

const killedAt: string[] = [];

describe('a server that is killed twenty times', () => {
  it('ends each of 50 scans once, with the findings of a server that nobody disturbed', async (t) => {
    const folder = createTempFolder();
    const places = Object.fromEntries(
      Array.from({ length: REPOSITORIES }, (_, i) => [`r${i}`, createBranchyRepo(`r${i}`, CONTENT).repo.path]),
    );

    const calm = await serve({ dataDir: join(folder, 'calm') });
    const began = performance.now();
    await scheduleAll(calm, places);
    await until(
      () => scansOf(calm),
      (scans) => scans.every(isOver),
    );
    t.diagnostic(`undisturbed: ${Math.round(performance.now() - began)} ms`);
    const expected = await findingsOf(calm);
    assert.ok(expected.length > SCANS);
    assert.equal(await calm.stop(), 0, calm.stderr());

    const dataDir = join(folder, 'killed');
    const random = new FakeRandom('kills');
    const watcher = createWatcher();
    const logs: string[] = [];
    let attempts = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      // Every fourth while it starts; else after so many scans, and a moment.
      const early = kill % 4 === 3;
      const server = await serve({ dataDir, early });
      if (kill === 0) await scheduleAll(server, places);
      if (early) await sleep(random.below(2500));
      else await untilSome(server, watcher, random.below(4));
      await sleep(random.below(150));
      await server.kill();
      killedAt.push(`${watcher.over()}${early ? ' (at the start)' : ''}`);
      logs.push(server.stderr());
      assertIntact(dataDir);
    }
    t.diagnostic(`scans that had ended at each kill: ${killedAt.join(', ')}`);

    const last = await serve({ dataDir });
    const scans = await until(
      () => scansOf(last),
      (all) => (watcher.note(all), all.every(isOver)),
    );
    logs.push(last.stderr());
    for (const scan of scans) attempts = Math.max(attempts, scan.attempt);
    t.diagnostic(`most starts of one scan: ${attempts}`);
    assert.equal(scans.length, SCANS);
    assert.deepEqual(
      scans.filter(({ state, progress }) => state !== 'COMPLETED' || progress !== 100),
      [],
    );
    assert.deepEqual([...watcher.known.keys()].toSorted(), scans.map(({ scanKey }) => scanKey).toSorted());
    const completed = logs.join('').matchAll(/"scan":"([0-9a-f]+)".*"msg":"scan completed"/g);
    const keys = [...completed].map(([, key]) => key);
    assert.equal(new Set(keys).size, keys.length, 'a scan was completed twice');
    assert.deepEqual(await findingsOf(last), expected);
    assert.equal(await last.stop(), 0, last.stderr());
    assertIntact(dataDir);
  });
});

/** Watches until `count` more scans have ended, or nothing is left to do. */
async function untilSome(
  server: ServerProcess,
  watcher: ReturnType<typeof createWatcher>,
  count: number,
): Promise<void> {
  watcher.note(await scansOf(server));
  const wanted = Math.min(SCANS, watcher.over() + count);
  await until(
    () => scansOf(server),
    (scans) => {
      watcher.note(scans);
      return watcher.over() >= wanted;
    },
    { pause: 20 },
  );
}
