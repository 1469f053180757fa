/** The ways a push reaches a server, and clients that leave before the hook has spoken. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, describe, it } from 'node:test';
import { fakeSsh } from '../helpers/fake-ssh.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { startGitHttpServer } from '../helpers/git-http-server.ts';
import type { GitHttpServer } from '../helpers/git-http-server.ts';
import { createHookedServer, installInto, slowGit } from '../helpers/hooked-server.ts';
import { createRepo, createTempFolder, isolatedEnv } from '../helpers/temp-repo.ts';
import type { TempRepo } from '../helpers/temp-repo.ts';

const SECRET = fakeGithubPat('push-transports');
const BYPASS = 'settings: { hook: { bypass: { allowed: true } } }\n';

const servers: GitHttpServer[] = [];
after(() => Promise.all(servers.map((server) => server.close())));

/** Lets `client` reach `server` in another way than by its path; returns the variables its pushes need. */
type Connect = (client: TempRepo, server: TempRepo) => Promise<NodeJS.ProcessEnv>;

const TRANSPORTS: Readonly<Record<string, { readonly connect: Connect; readonly pusher: RegExp }>> = {
  'a local path': { connect: () => Promise.resolve({}), pusher: /"committer":"C O Mitter"/ },
  'git http-backend': { connect: overHttp, pusher: /"remoteUser":"ann","remoteAddress":"127\.0\.0\.1"/ },
  ssh: {
    connect(client, server) {
      client.git('remote', 'set-url', 'origin', `ssh://git@server${server.path}`);
      return Promise.resolve(fakeSsh());
    },
    pusher: /"sshConnection":"192\.0\.2\.7 50022 192\.0\.2\.1 22".*"user":"git"/,
  },
};

for (const [name, { connect, pusher }] of Object.entries(TRANSPORTS)) {
  describe(`a push over ${name}`, () => {
    it('is accepted when it is clean and refused when it brings a secret', async () => {
      const client = createRepo();
      const server = await createHookedServer(client);
      const env = await connect(client, server);
      client.write('a.txt', 'clean\n').commit();
      const clean = await client.pushAsync(['main'], env);
      assert.ok(clean.accepted, clean.stderr);
      client.write('b.txt', `token = ${SECRET}\n`).commit();
      const leak = await client.pushAsync(['main'], env);
      assert.equal(leak.accepted, false);
      assert.match(leak.stderr, /^remote: error: Leakgate refused this push: it brings 1 secret\. *$/m);
      assert.match(leak.stderr, /^remote: {3}b\.txt:1 in commit [0-9a-f]{10} *$/m);
      assert.equal(server.oid('main'), client.oid('HEAD~1'));
    });

    it('can be bypassed, and the log says by whom', async () => {
      const client = createRepo();
      const server = client.addBareRemote();
      await installInto(server, { config: BYPASS });
      const env = await connect(client, server);
      client.write('b.txt', `token = ${SECRET}\n`).commit();
      const result = await client.pushAsync(['-o', 'leakgate.skip=sandbox key', 'main'], env);
      assert.ok(result.accepted, result.stderr);
      const log = readFileSync(join(server.path, 'leakgate/audit.jsonl'), 'utf8');
      assert.match(log, pusher);
      assert.match(log, /"reason":"sandbox key"/);
    });
  });
}

describe('a client that is killed during the hook', () => {
  for (const [name, text, applied] of [
    ['a secret', `token = ${SECRET}\n`, false],
    ['nothing bad', 'clean\n', true],
  ] as const) {
    it(`over HTTP does not change what becomes of a push with ${name}`, async () => {
      const client = createRepo();
      const slow = createTempFolder();
      const server = await createHookedServer(client, { env: slowGit(slow, 'rev-list', 2.5) });
      await overHttp(client, server);
      client.write('a.txt', text).commit();
      const push = spawn('git', ['push', 'origin', 'main'], {
        cwd: client.path,
        env: isolatedEnv(),
        stdio: 'ignore',
        detached: true,
      });
      await until(() => existsSync(join(slow, 'started')), 'the hook started');
      process.kill(-(push.pid as number), 'SIGKILL');
      const isApplied = (): boolean => server.tryGit('rev-parse', '--verify', '-q', 'main').status === 0;
      await until(() => quarantines(server).length === 0 && (isApplied() || !applied), 'the push came to its end');
      assert.equal(isApplied(), applied);
    });
  }
});

async function overHttp(client: TempRepo, server: TempRepo): Promise<NodeJS.ProcessEnv> {
  server.git('config', 'http.receivepack', 'true');
  const http = await startGitHttpServer(dirname(server.path));
  servers.push(http);
  client.git('remote', 'set-url', 'origin', `${http.url}/${basename(server.path)}`);
  return {};
}

/** Quarantines of pushes that are under way. */
function quarantines(server: TempRepo): string[] {
  return readdirSync(join(server.path, 'objects')).filter((name) => name.startsWith('tmp_objdir-incoming'));
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const start = Date.now(); !condition(); await sleep(50))
    assert.ok(Date.now() - start < 30_000, `waited in vain: ${what}`);
}
