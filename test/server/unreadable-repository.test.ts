/** What the whole server answers while the folder of a registered repository is not there, as of a disk that is not mounted. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RunningServer } from '../../src/server/start-server.ts';
import { startServerIn } from '../helpers/start-server-in.ts';
import { setGrant } from '../../src/store/grants.ts';
import { findProjectByKey } from '../../src/store/projects.ts';
import { createUser } from '../../src/store/users.ts';
import { createToken } from '../../src/store/tokens.ts';
import { fakeGithubPat } from '../helpers/fake-secrets.ts';
import { basic, bearer, type Headers } from '../helpers/start-app.ts';
import { until } from '../helpers/server-process.ts';
import { createRepo, createTempFolder, isolatedEnv, type TempRepo } from '../helpers/temp-repo.ts';

const SCAN = '/rest/security/latest/scan';
const REPOS = '/rest/api/latest/projects/QQ/repos';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: never;
}

let server: RunningServer;
let admin: Headers;
/** May write to the project, and is not told where anything lies. */
let writer: Headers;
const logged: string[] = [];

before(async () => {
  const dataDir = join(createTempFolder(), 'data');
  const adminToken = randomBytes(20).toString('hex');
  admin = basic('admin', adminToken);
  server = await startServerIn(dataDir, {
    env: { ...isolatedEnv(), LEAKGATE_KEY_FILE: join(dataDir, '../fingerprint.key') },
    adminToken,
    logTo: { write: (line: string) => void logged.push(line) },
  });
  await call('PUT', '/rest/api/latest/admin/rate-limit/settings', { body: { enabled: false } });
  assert.equal((await call('POST', '/rest/api/latest/projects', { body: { key: 'QQ' } })).status, 201);
  const { db } = server.context.store;
  const project = await findProjectByKey(db, 'QQ');
  const user = await createUser(db, { name: 'writer', email: 'writer@example.org', created: 0 });
  await setGrant(db, { scope: 'PROJECT', resourceId: project?.id ?? 0 }, { userId: user.id }, 'PROJECT_WRITE');
  const token = await createToken(db, { userId: user.id }, { name: 't', permission: 'REPO_WRITE', created: 0 });
  writer = bearer(token.text);
});
after(() => server.close());

async function call(
  method: string,
  path: string,
  { body, as = admin }: { readonly body?: object; readonly as?: Headers } = {},
): Promise<Answer> {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: { ...as, connection: 'close', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = String(answer.headers.get('content-type')).startsWith('application/json');
  return { status: answer.status, text, body: (isJson ? JSON.parse(text) : undefined) as never };
}

/** Registers a repository of three branches, waits for their first scans, and moves its folder away. */
async function registerAndMove(name: string, repo: TempRepo): Promise<void> {
  const place = { name, path: repo.path };
  assert.equal((await call('POST', REPOS, { body: place })).status, 201);
  const asked = `/rest/leakgate/1.0/projects/QQ/repos/${name}/scans`;
  await until(
    async () => ((await call('GET', asked)).body as { readonly values: readonly { readonly state: string }[] }).values,
    (scans) => scans.length === 3 && scans.every(({ state }) => state === 'COMPLETED'),
  );
  renameSync(repo.path, `${repo.path}-elsewhere`);
}

function assertUnreadable({ status, text }: Answer, name: string, what: string): void {
  assert.equal(status, 503, `${what}: ${text}`);
  assert.match(text, new RegExp(`Repository QQ/${name} cannot be read at the moment\\.`), what);
  assert.doesNotMatch(text, /\/tmp|elsewhere|has no default branch/, what);
}

describe('a repository whose folder is not there', () => {
  const secret = fakeGithubPat('gone');
  let path: string;

  before(async () => {
    const repo = createRepo();
    repo.write('README.md', 'An example.\n').commit();
    // Neither the first by name, nor of a usual name, nor the only one with results.
    repo.git('branch', 'another');
    repo.git('checkout', '-q', '-b', 'trunk');
    repo.write('a.env', `token = ${secret}\n`).commit();
    ({ path } = repo);
    await registerAndMove('gone', repo);
  });

  it('is shown with the results of its default branch, though nobody has set which that is', async () => {
    const { status, text, body } = await call('GET', `${SCAN}/QQ/repos/gone`, { as: writer });
    assert.equal(status, 200, text);
    const { invalidLines } = body as { readonly invalidLines: readonly { readonly filePath: string }[] };
    assert.deepEqual(
      invalidLines.map(({ filePath }) => filePath),
      ['a.env'],
    );
    const csv = await call('GET', '/rest/security/latest/export-report/QQ/repos/gone', { as: writer });
    assert.equal(csv.status, 200, csv.text);
    assert.match(csv.text, /QQ,gone,trunk,/);
  });

  it('cannot be scanned or asked for its rules at the moment, and that answer names no path; the log does', async () => {
    for (const [method, url, body] of [
      ['POST', `${SCAN}/QQ/repos/gone`],
      ['POST', `${SCAN}/QQ/repos/gone?branch=trunk`],
      ['POST', `${SCAN}/QQ/repos/gone?branch=unheard-of`],
      ['GET', `${SCAN}/QQ/rule_types/gone`],
      ['GET', `${SCAN}/QQ/repos/gone?rule=UNHEARD_OF`],
      ['GET', '/rest/leakgate/1.0/projects/QQ/repos/gone/rules'],
      ['POST', '/rest/leakgate/1.0/projects/QQ/repos/gone/rules/test', { text: 'x' }],
      ['GET', '/rest/leakgate/1.0/projects/QQ/repos/gone/explain?path=a.env'],
      ['GET', `${REPOS}/gone/branches`],
      ['GET', `${REPOS}/gone/default-branch`],
    ] as const) {
      logged.length = 0;
      const answer = await call(method, url, { as: writer, ...(body === undefined ? {} : { body }) });
      assertUnreadable(answer, 'gone', `${method} ${url}`);
      assert.ok(
        logged.some((line) => line.includes(path)),
        `the log says which path: ${method} ${url}`,
      );
    }
  });

  it('still tells an administrator who registers a path what is wrong with it', async () => {
    const file = join(createTempFolder(), 'a-file');
    writeFileSync(file, 'text\n');
    for (const [method, url, body] of [
      ['POST', REPOS, { name: 'p1', path: join(path, 'none') }],
      ['PUT', `${REPOS}/gone`, { path: join(path, 'none') }],
      ['POST', REPOS, { name: 'p1', path: file }],
      ['PUT', `${REPOS}/gone`, { path: file }],
    ] as const) {
      const answer = await call(method, url, { body });
      assert.equal(answer.status, 400, answer.text);
      const { errors } = answer.body as { readonly errors: readonly { readonly context: string }[] };
      assert.deepEqual(
        errors.map(({ context }) => context),
        ['path'],
      );
    }
  });
});
