/** A real server on a port, a real repository with the installed hook: what is changed over the wire is met by the very next push, and pushes come back to the server. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RunningServer } from '../../src/server/start-server.ts';
import { startServerIn } from '../helpers/start-server-in.ts';
import { fakeGithubPat, fakeSlackBotToken } from '../helpers/fake-secrets.ts';
import { createHookedServer } from '../helpers/hooked-server.ts';
import { createRepo, createTempFolder, type PushResult, type TempRepo } from '../helpers/temp-repo.ts';

const ADMIN = randomBytes(24).toString('hex');
const HOOK = 'com.mohami.bitbucket.security-for-bitbucket:credentials-validation-hook';
const OWN = '/rest/leakgate/1.0/projects/ACME/repos/app';
let server: RunningServer;
let client: TempRepo;
let bare: TempRepo;

async function start(dataDir: string): Promise<RunningServer> {
  return startServerIn(dataDir, { adminToken: ADMIN });
}

async function call(method: string, path: string, body?: object): Promise<{ status: number; body: never }> {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${ADMIN}`,
      connection: 'close',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as never };
}

let pushes = 0;
/** One more commit with this text; it is taken back when it is refused. */
async function push(text: string, path = `f${++pushes}.txt`): Promise<PushResult> {
  client.write(path, `note ${text}\n`).commit();
  // Not with `push`, which would keep the server from its work: it lives in this process.
  const result = await client.tryGitAsync(['push', '-q', 'origin', 'main']);
  const accepted = result.status === 0;
  if (!accepted) client.git('reset', '-q', '--hard', 'HEAD~1');
  return { ...result, accepted };
}

const dataDir = createTempFolder();
before(async () => {
  client = createRepo();
  bare = await createHookedServer(client);
  client.write('README', 'A start.\n').commit().push('main');
  server = await start(dataDir);
  await call('PUT', '/rest/api/1.0/admin/rate-limit/settings', { enabled: false });
  assert.ok((await call('POST', '/rest/api/1.0/projects', { key: 'ACME', name: 'Acme' })).status < 300);
  assert.ok((await call('POST', '/rest/api/1.0/projects/ACME/repos', { name: 'app', path: bare.path })).status < 300);
});
after(() => server.close(0));

describe('A change over the wire', () => {
  it('is met by the next push: a custom rule on, off and gone', async () => {
    const text = 'acme-1234567890';
    assert.ok((await push(text)).accepted);
    const made = await call('POST', '/rest/security/1.0/rules', { name: 'ACME', regexp: 'acme-[0-9]{10}' });
    assert.equal(made.status, 200);
    const { id } = made.body as { id: number };
    const refused = await push('acme-2234567890');
    assert.equal(refused.accepted, false);
    assert.match(refused.stderr, /ACME/);
    assert.equal((await call('PUT', `/rest/security/1.0/rules/${id}`, { enabled: false })).status, 200);
    assert.ok((await push('acme-3234567890')).accepted);
    await call('PUT', `/rest/security/1.0/rules/${id}`, { enabled: true });
    assert.equal((await push('acme-4234567890')).accepted, false);
    assert.equal((await call('DELETE', `/rest/security/1.0/rules/${id}`)).status, 204);
    assert.ok((await push('acme-5234567890')).accepted);
  });

  it('is met by the next push: a built-in rule off and on, the hook on warn, off and back', async () => {
    assert.equal((await push(fakeSlackBotToken('a'))).accepted, false);
    assert.equal((await call('DELETE', '/rest/security/1.0/hardcoded/SLACK_BOT_TOKEN')).status, 204);
    assert.ok((await push(fakeSlackBotToken('b'))).accepted);
    assert.equal((await call('POST', '/rest/security/1.0/hardcoded/SLACK_BOT_TOKEN')).status, 204);
    assert.equal((await push(fakeSlackBotToken('c'))).accepted, false);
    const hook = `/rest/api/1.0/projects/ACME/repos/app/settings/hooks/${HOOK}`;
    assert.equal((await call('PUT', `${hook}/enabled`, { warnOnVulnerabilities: true })).status, 200);
    const warned = await push(fakeSlackBotToken('d'));
    assert.ok(warned.accepted);
    assert.match(warned.stderr, /slack/i);
    assert.equal((await call('DELETE', `${hook}/enabled`)).status, 200);
    assert.ok((await push(fakeSlackBotToken('e'))).accepted);
    assert.equal((await call('DELETE', hook)).status, 204);
    assert.equal((await push(fakeSlackBotToken('f'))).accepted, false);
  });

  it('is met by the next push: an allowlist, and a setting of the server', async () => {
    assert.equal((await push(fakeGithubPat('a'), 'docs/a.txt')).accepted, false);
    const list = '/rest/api/1.0/projects/ACME/repos/app/secret-scanning/allowlist';
    const made = await call('POST', list, { name: 'docs', pathRegex: '^docs/' });
    assert.equal(made.status, 200);
    assert.ok((await push(fakeGithubPat('b'), 'docs/b.txt')).accepted);
    await call('DELETE', `${list}/${(made.body as { id: number }).id}`);
    assert.equal((await push(fakeGithubPat('c'), 'docs/c.txt')).accepted, false);
    assert.equal((await call('PUT', '/rest/leakgate/1.0/settings', { hookMode: 'off' })).status, 200);
    assert.ok((await push(fakeGithubPat('d'))).accepted);
    await call('PUT', '/rest/leakgate/1.0/settings', { hookMode: 'on' });
    assert.equal((await push(fakeGithubPat('e'))).accepted, false);
  });

  it('is met by the next push: a review of what was refused, and its end', async () => {
    const secret = fakeGithubPat('reviewed');
    assert.equal((await push(secret)).accepted, false);
    const { fingerprint } = lastEntry().findings[0] as { fingerprint: string };
    const made = await call('POST', `${OWN}/reviews`, {
      fingerprint,
      ruleId: 'github-pat',
      resolution: 'used-in-tests',
      reason: 'A test.',
    });
    assert.equal(made.status, 200);
    assert.ok((await push(secret)).accepted);
    assert.equal((await call('DELETE', `${OWN}/reviews/${(made.body as { id: number }).id}`)).status, 204);
    assert.equal((await push(`${secret} again`)).accepted, false);
  });

  it('stays in force while the server is stopped, and what was pushed then is taken in when it is back', async () => {
    const made = await call('POST', '/rest/api/1.0/secret-scanning/rules', {
      name: 'Stopped',
      lineRegex: 'stopped-[0-9]{10}',
    });
    assert.equal(made.status, 200);
    await server.close(0);
    const stopped = await push('stopped-1234567890');
    assert.equal(stopped.accepted, false);
    assert.match(stopped.stderr, /Stopped/);
    assert.ok((await push('nothing at all')).accepted);
    const lines = readFileSync(join(bare.path, 'leakgate/audit.jsonl'), 'utf8').trimEnd().split('\n').length;
    server = await start(dataDir);
    const count = async (): Promise<number> => {
      const { body } = await call('GET', `${OWN}/statistics/pushes`);
      return (body as { pushes: number }).pushes;
    };
    for (let i = 0; i < 200 && (await count()) < lines; i++) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(await count(), lines);
    const { body } = await call('GET', `${OWN}/statistics/pushes`);
    const statistics = body as {
      refused: number;
      wouldHaveBeenRefused: number;
      rules: { ruleId: string; decision: string; pushes: number }[];
    };
    assert.equal(statistics.wouldHaveBeenRefused, 1);
    assert.ok(statistics.refused >= 8);
    assert.ok(statistics.rules.some(({ ruleId, decision }) => ruleId === 'slack-bot-token' && decision === 'warned'));
    const audit = await call('GET', `${OWN}/audit?action=Push%20refused`);
    assert.ok((audit.body as { size: number }).size >= 8);
  });
});

interface Entry {
  readonly findings: readonly object[];
}

function lastEntry(): Entry {
  const lines = readFileSync(join(bare.path, 'leakgate/audit.jsonl'), 'utf8').trimEnd().split('\n');
  return JSON.parse(lines.at(-1) ?? '') as Entry;
}
