/** What goes wrong around a running server: a full disk, a second server, a database that goes away, a stop in the middle of work, a repository that vanishes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import Sqlite from 'better-sqlite3';
import { createBranchyRepo, type BranchyRepo } from '../helpers/branchy-repo.ts';
import { startPostgres, whyNoPostgres } from '../helpers/each-store.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { createHookedServer } from '../helpers/hooked-server.ts';
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
import { createRepo, createTempFolder } from '../helpers/temp-repo.ts';

type Repos = Readonly<Record<string, BranchyRepo>>;

function makeRepos(...names: readonly string[]): Repos {
  return Object.fromEntries(names.map((name) => [name, createBranchyRepo(name)]));
}

const placesOf = (repos: Repos): Record<string, string> =>
  Object.fromEntries(Object.entries(repos).map(([name, { repo }]) => [name, repo.path]));

/** Asks for a scan of every branch; returns how many. */
async function scanAll(server: ServerProcess): Promise<number> {
  const { status, text, body } = await server.call('PUT', '/rest/security/latest/status/total_rescan');
  assert.equal(status, 200, text);
  return (body as { readonly scheduled: number }).scheduled;
}

/** Waits until the scans are as they are to be: all of them ended well then, and what is known is what is in the repositories. */
async function assertFound(
  server: ServerProcess,
  repos: Repos,
  areDone: (scans: readonly ScanState[]) => boolean,
): Promise<readonly ScanState[]> {
  const scans = await until(() => scansOf(server), areDone);
  assert.deepEqual(
    scans.filter(({ state }) => state !== 'COMPLETED'),
    [],
  );
  assert.deepEqual(
    await known(server),
    Object.values(repos)
      .flatMap(({ findings }) => findings)
      .toSorted(),
  );
  return scans;
}

/** Waits for the end of all scans: as many as are asked for, each done once. */
async function assertAllFound(server: ServerProcess, repos: Repos, count: number): Promise<void> {
  const scans = await assertFound(server, repos, (all) => all.every(isOver));
  assert.equal(scans.length, count);
  const keys = [...server.stderr().matchAll(/"scan":"([0-9a-f]+)".*"msg":"scan completed"/g)].map(([, key]) => key);
  assert.equal(new Set(keys).size, keys.length, 'a scan was completed twice');
}

async function known(server: ServerProcess): Promise<readonly string[]> {
  const findings = (await findingsOf(server)) as readonly {
    readonly repository: string;
    readonly ref: string;
    readonly path: string;
    readonly ruleId: string;
  }[];
  return findings.map(({ repository, ref, path, ruleId }) => `${repository} ${ref} ${path} ${ruleId}`).toSorted();
}

const someRun = (scans: readonly ScanState[]): boolean => scans.some(({ state }) => state === 'RUNNING');
const inDataDir = (name: string): string => join(createTempFolder(), name);

/** A small file system; `undefined` where this process may not mount one. */
function mountSmall(t: TestContext, megabytes: number): string | undefined {
  const folder = createTempFolder();
  const options = `size=${megabytes}m,mode=0700`;
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status !== 0) return undefined;
  t.after(() => spawnSync('umount', ['-l', folder]));
  return folder;
}

/** Takes every byte that is left; the returned function gives them back. */
function fill(folder: string): () => void {
  const file = join(folder, 'filler');
  for (let size = 1 << 20; size > 0; size >>= 1) {
    for (;;) {
      try {
        writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
      } catch {
        break;
      }
    }
  }
  assert.equal(statfsSync(folder).bavail, 0);
  return () => rmSync(file);
}

describe('a server whose disk is full', () => {
  it('says so, leaves the hook at work, and goes on when there is space', async (t) => {
    const folder = mountSmall(t, 32);
    if (folder === undefined) return t.skip('needs the right to mount a tmpfs');
    const client = createRepo();
    const bare = await createHookedServer(client);
    assert.ok(client.write('README', 'A start.\n').commit().push('main').accepted);
    const repos = makeRepos('ada', 'bob');
    const dataDir = join(folder, 'data');
    const server = await serve({ dataDir });
    await register(server, { ...placesOf(repos), hooked: bare.path });

    const count = await scanAll(server);
    const free = fill(folder);
    const addRule = (i: number) =>
      server.call('POST', '/rest/security/latest/rules', {
        body: { name: `RULE_${i}`, regexp: `rule-${i}-${'x'.repeat(900)}` },
      });
    // What the database has to spare is used up first.
    let i = 0;
    const refused = await until(
      () => addRule(i++),
      ({ status }) => status >= 300,
      { seconds: 60, pause: 0 },
    );
    assert.equal(refused.status, 507, refused.text);
    assert.match(refused.text, /disk of the server is full/);
    assert.equal((await server.call('GET', '/rest/api/latest/projects/PRJ')).status, 200);
    assert.equal((await server.call('GET', '/healthz')).status, 200);

    client.write('a.txt', `token = "${fakeGithubPat('full')}"\n`).commit();
    const push = await client.pushAsync(['main']);
    assert.equal(push.accepted, false);
    assert.match(push.stderr, /github-pat/);
    client.git('reset', '-q', '--hard', 'HEAD~1');
    client.write('b.txt', 'nothing\n').commit();
    const clean = await client.pushAsync(['main']);
    assert.ok(clean.accepted, clean.stderr);

    free();
    await until(
      () => addRule(i++),
      ({ status }) => status === 200,
      { seconds: 30 },
    );
    await assertFound(server, repos, (all) => all.length >= count && all.every(isOver));
    const statistics = '/rest/leakgate/latest/projects/PRJ/repos/hooked/statistics/pushes';
    await until(
      () => server.call('GET', statistics),
      ({ body }) => (body as { readonly pushes: number }).pushes >= 2,
      { seconds: 60 },
    );
    assert.equal(await server.stop(), 0, server.stderr());
    const database = new Sqlite(join(dataDir, 'leakgate.db'), { readonly: true });
    assert.deepEqual(database.pragma('integrity_check'), [{ integrity_check: 'ok' }]);
    database.close();
  });
});

describe('a server', () => {
  it('told to stop while it scans ends in order, and the next one has everything; a second beside it is refused', async () => {
    const repos = makeRepos('ada', 'bob', 'cyd');
    const dataDir = inDataDir('data');
    const server = await serve({ dataDir });
    await register(server, placesOf(repos));
    const count = await scanAll(server);
    await until(() => scansOf(server), someRun, { pause: 10 });

    const second = await serve({ dataDir });
    assert.equal(await second.ended, 2);
    assert.match(second.stderr(), /another server has the database \(.*process \d+/);

    const began = performance.now();
    assert.equal(await server.stop(), 0, server.stderr());
    assert.ok(performance.now() - began < 35_000, 'took too long to stop');
    const again = await serve({ dataDir });
    const left = await scansOf(again);
    assert.ok(
      left.every(({ attempt }) => attempt <= 1),
      'a stop counted as an attempt',
    );
    await assertAllFound(again, repos, count);
    assert.equal(await again.stop(), 0);
  });

  it('whose repository vanishes while it is scanned says so of that one, and scans the others', async () => {
    const repos = makeRepos('ada', 'bob');
    const gone = createBranchyRepo('gone', { branches: 4, commits: 300, linesPerFile: 200 }).repo.path;
    const server = await serve({ dataDir: inDataDir('data') });
    await register(server, { gone, ...placesOf(repos) });
    const count = await scanAll(server);
    const ofGone = ({ repository }: ScanState): boolean => repository.slug === 'gone';
    await until(
      () => scansOf(server),
      (scans) => someRun(scans.filter(ofGone)),
      { pause: 10 },
    );
    renameSync(gone, `${gone}.elsewhere`);

    const scans = await until(
      () => scansOf(server),
      (all) => all.every(isOver),
    );
    assert.equal(scans.length, count);
    const failed = scans.filter(({ state }) => state === 'FAILED');
    assert.ok(failed.length >= 2);
    assert.ok(failed.every(ofGone));
    for (const { reason } of failed) assert.match(reason ?? '', /^(?:TARGET_INVALID|GIT_FAILED): ./);
    assert.ok(scans.every((scan) => ofGone(scan) || scan.state === 'COMPLETED'));

    renameSync(`${gone}.elsewhere`, gone);
    await scanAll(server);
    const again = await until(
      () => scansOf(server),
      (all) => all.every(isOver),
    );
    assert.ok(again.slice(0, count).every(({ state }) => state === 'COMPLETED'));
    assert.equal(await server.stop(), 0);
  });

  it('whose PostgreSQL is restarted while it scans ends each scan once', { skip: whyNoPostgres() }, async (t) => {
    const postgres = await startPostgres();
    t.after(() => postgres.stop());
    const env = { LEAKGATE_DATABASE_URL: await postgres.createDatabase() };
    const repos = makeRepos('ada', 'bob', 'cyd');
    const server = await serve({ dataDir: inDataDir('data'), env });
    await register(server, placesOf(repos));
    const count = await scanAll(server);
    await until(() => scansOf(server), someRun, { pause: 10 });

    const back = postgres.restart(3000);
    const cut = await until(
      () => server.call('GET', '/rest/leakgate/latest/scans'),
      ({ status }) => status !== 200,
      { pause: 10 },
    );
    assert.equal(cut.status, 503, cut.text);
    assert.match(cut.text, /database of the server does not answer/);
    // Without credentials: to look those up takes the database.
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${server.url}/readyz`)).status, 503);
    await back;
    await until(
      () => server.call('GET', '/readyz'),
      ({ status }) => status === 200,
    );
    await until(
      () => scansOf(server),
      (scans) => someRun(scans) || scans.every(isOver),
    );
    await postgres.restart();
    await until(
      () => server.call('GET', '/readyz'),
      ({ status }) => status === 200,
    );

    await assertAllFound(server, repos, count);
    const second = await until(
      () => serve({ dataDir: inDataDir('other'), env }),
      (other) => other.url === '',
      { pause: 3000 },
    );
    assert.match(second.stderr(), /another server has the database \(leakgate server, process \d+/);
    assert.equal(await server.stop(), 0, server.stderr());
  });

  it(
    'told to stop while its PostgreSQL is away ends all the same, and takes up what it left',
    { skip: whyNoPostgres() },
    async (t) => {
      const postgres = await startPostgres();
      t.after(() => postgres.stop());
      const env = { LEAKGATE_DATABASE_URL: await postgres.createDatabase() };
      const repos = makeRepos('ada');
      const dataDir = inDataDir('data');
      const server = await serve({ dataDir, env });
      await register(server, placesOf(repos));
      const count = await scanAll(server);
      await until(() => scansOf(server), someRun, { pause: 10 });
      const back = postgres.restart(8000);
      await until(
        () => server.call('GET', '/readyz'),
        ({ status }) => status === 503,
        { pause: 10 },
      );
      assert.equal(await server.stop(), 0, server.stderr());
      await back;
      const again = await serve({ dataDir, env });
      await assertAllFound(again, repos, count);
      assert.equal(await again.stop(), 0);
    },
  );
});
