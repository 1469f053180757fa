import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { allBranches } from '../../src/store/branches.ts';
import { branchFindings } from '../../src/store/complete-scan.ts';
import { listScans } from '../../src/store/scans.ts';
import type { RepositoryRow } from '../../src/store/schema.ts';
import { ALL } from '../../src/store/slice.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createQueueFixture, untilIdle, type QueueFixture } from '../helpers/queue-fixture.ts';
import { createRepo, createTempFolder, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

const BRANCHES = 5;

/** A repository whose branches share a past and go their own ways, each with secrets. */
function makeRepository(name: string): TempRepo {
  const repo = createRepo();
  repo.write('shared.txt', fakeGithubPat(name)).write('clean.txt', 'clean\n').commit();
  for (let i = 1; i < BRANCHES; i++) {
    repo.git('checkout', '-q', '-b', `b${i}`, 'main');
    repo.write(`own-${i}.txt`, `${fakeGithubPat(`${name} ${i}`)}\n`).commit();
    repo.write('shared.txt', 'removed\n').commit();
  }
  return repo;
}

async function scheduleAll(fixture: QueueFixture, repos: readonly TempRepo[]): Promise<RepositoryRow[]> {
  const rows: RepositoryRow[] = [];
  for (const [i, repo] of repos.entries()) rows.push(await fixture.register(`r${i}`, repo));
  const queue = fixture.queue();
  for (const { id } of rows)
    await queue.scheduleRepository({ repositoryId: id, trigger: 'request', requestedBy: 'ann' });
  return rows;
}

/** All that is known of all branches, without what depends on when it was found. */
async function everything(fixture: QueueFixture, rows: readonly RepositoryRow[]): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const row of rows) {
    for (const { ref, vulnerabilities, scannedCommit } of await allBranches(fixture.store.db, row.id)) {
      const findings = await branchFindings(fixture.store.db, row.id, ref);
      all.push({
        branch: `${row.slug} ${ref}`,
        vulnerabilities,
        scannedCommit,
        findings: findings
          .map(({ id: _id, scanId: _scan, created: _created, textSealed: _text, ...finding }) => finding)
          .sort((a, b) => (`${a.fingerprint} ${a.path}` < `${b.fingerprint} ${b.path}` ? -1 : 1)),
      });
    }
  }
  return all;
}

interface Ended {
  readonly killed: boolean;
  readonly lines: readonly string[];
}

/** Runs the queue in a process of its own, which is killed when it has printed `events` lines. */
function runAndKill(dataDir: string, events: number): Promise<Ended> {
  const script = fileURLToPath(new URL('../helpers/queue-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir], {
    env: isolatedEnv(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let killed = false;
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (killed || output.split('\n').length <= events) return;
    killed = true;
    child.kill('SIGKILL');
  });
  return new Promise((resolve) => child.on('close', () => resolve({ killed, lines: output.trim().split('\n') })));
}

describe('a queue whose process is killed', () => {
  it('ends every scan once, with the findings of a run that nobody disturbed', async () => {
    const repos = ['ada', 'bob', 'cyd', 'dan'].map(makeRepository);
    const calm = await createQueueFixture();
    const calmRows = await scheduleAll(calm, repos);
    const calmQueue = calm.queue();
    await calmQueue.start();
    await untilIdle(calmQueue);
    const expected = await everything(calm, calmRows);
    await calm.close();

    const dataDir = createTempFolder('leakgate-killed-');
    const before = await createQueueFixture({ dataDir });
    const rows = await scheduleAll(before, repos);
    await before.close();
    const progress = new Map<string, number>();
    for (const events of [1, 3, 6, 11, Infinity]) {
      const { killed, lines } = await runAndKill(dataDir, events);
      for (const line of lines) {
        const [id = '', , percent] = line.split(' ');
        assert.ok(Number(percent) >= (progress.get(id) ?? 0), `progress of scan ${id} fell to ${percent}`);
        progress.set(id, Number(percent));
      }
      if (!killed) break;
    }
    const after = await createQueueFixture({ dataDir });
    const scans = await listScans(after.store.db, {}, ALL);
    assert.equal(scans.length, repos.length * BRANCHES);
    assert.deepEqual(
      scans.filter(({ state, progress }) => state !== 'COMPLETED' || progress !== 100),
      [],
    );
    assert.deepEqual(await everything(after, rows), expected);
    await after.close();
  });
});
