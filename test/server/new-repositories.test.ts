import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { runCli } from '../helpers/run-cli.ts';
import { isOver, scansOf, serve, until, type ServerProcess } from '../helpers/server-process.ts';
import { createRepo, createTempFolder, type TempRepo } from '../helpers/temp-repo.ts';

const started: ServerProcess[] = [];
// One that a failed test has left would keep this process from its end.
after(() => Promise.all(started.map((server) => server.kill())));

async function begin(dataDir: string): Promise<ServerProcess> {
  const server = await serve({ dataDir });
  started.push(server);
  return server;
}

const snapshotOf = ({ gitDir }: TempRepo): string => join(gitDir, 'leakgate/policy.snapshot');

function withSecret(): TempRepo {
  const repo = createRepo();
  repo.write('app.js', `token = ${fakeGithubPat()}\n`).commit();
  return repo;
}

describe('repositories that `leakgate repository add` registers', () => {
  it('get their policy and their first scan from the server that runs, and from the next one when none does', async () => {
    const dataDir = join(createTempFolder(), 'data');
    const env = { LEAKGATE_DATA_DIR: dataDir };
    const server = await begin(dataDir);
    // The look at files that would bring the policy, too, comes too late to be taken for this.
    await server.call('PUT', '/rest/leakgate/latest/settings', { body: { recheckSeconds: 86_400 } });
    const [beside, alone] = [withSecret(), withSecret()];
    const added = [
      await runCli(['project', 'add', 'PRJ'], { env }),
      await runCli(['repository', 'add', 'PRJ', 'beside', '--path', beside.path], { env }),
    ];
    assert.deepEqual(
      added.map(({ status }) => status),
      [0, 0],
    );
    const [scan] = await until(
      () => scansOf(server),
      (scans) => scans.some(isOver),
    );
    assert.equal(scan?.repository.slug, 'beside');
    assert.equal(scan?.state, 'COMPLETED', scan?.reason ?? '');
    assert.ok(existsSync(snapshotOf(beside)));
    assert.equal(await server.stop(), 0);

    await runCli(['repository', 'add', 'PRJ', 'alone', '--path', alone.path], { env });
    assert.ok(!existsSync(snapshotOf(alone)));
    const next = await begin(dataDir);
    assert.ok(existsSync(snapshotOf(alone)));
    const scans = await until(
      () => scansOf(next),
      (all) => all.length > 1 && all.every(isOver),
    );
    assert.deepEqual(scans.map(({ repository }) => repository.slug).toSorted(), ['alone', 'beside']);
    assert.equal(await next.stop(), 0);
  });
});
